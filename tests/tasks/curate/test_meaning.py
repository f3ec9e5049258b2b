"""The curation with embeddings: foreign rows and wrong labels leave with their reasons, and gates stop the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.curate.config import CurationConfig
from tasks.curate.curated import curate_dataset
from tasks.datasets.folder import read_quarantined, read_split
from tasks.errors import DataRejected
from tasks.label.answers import keep_answers
from tasks.records import DatasetRef
from tasks.store import fetch
from tests.tasks.models.tiny_model import make_base_model
from tests.tasks.pii.made_up_rows import Cells, dataset

OPENINGS = ("please", "hello,", "hi there,", "today", "again", "sorry,", "quickly", "kindly", "well,", "now")
WISHES = {
    "refund": ("give me my money back", "return what I paid", "refund this payment", "I want my cash again"),
    "delivery": ("where is my parcel", "the courier has not come", "track this shipment", "my box is late"),
}


def wishes() -> list[Cells]:
    return [
        (f"{opening} {wish} number {word}", label)
        for label, texts in WISHES.items()
        for wish in texts
        for opening in OPENINGS
        for word in ("alpha", "omega")
    ]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_base_model(tmp_path_factory.mktemp("base")))


def curated(config: dict[str, object], *added: Cells) -> DatasetRef:
    checked = dataset(train=[*wishes(), *added])
    return curate_dataset(checked, keep_answers([]), CurationConfig.model_validate(config))


def test_rows_are_measured_by_meaning_and_the_page_says_so(tiny: str) -> None:
    result = curated({"embedding_model": tiny, "embedding_tokens": 64, "uniqueness": {"near": None}})
    assert set(result.qualities) == {
        "relevance",
        "alignment",
        "consistency",
        "formatting",
        "uniqueness",
        "compliance",
    }
    report = fetch(result) / "report"
    page = (report / "data.md").read_text(encoding="utf-8")
    assert "| relevance | " in page
    assert (report / "label_errors.csv").is_file()
    assert 'src="data:image/png;base64,' in (report / "data.html").read_text(encoding="utf-8")


def test_what_a_room_flags_stays_where_it_may_only_report(tiny: str) -> None:
    base = {
        "embedding_model": tiny,
        "embedding_tokens": 64,
        "uniqueness": {"near": None},
        "relevance": {"max_deviations": 0.5},
    }
    removed = curated({**base, "relevance": {"max_deviations": 0.5, "remove": True}})
    flagged = int((read_quarantined(removed)["reason"] == "off_task").sum())
    assert flagged
    kept = curated(base)
    assert "off_task" in (fetch(kept) / "report" / "flagged.csv").read_text(encoding="utf-8")
    assert "off_task" not in set(read_quarantined(kept)["reason"])
    assert kept.qualities["relevance"] == pytest.approx(removed.qualities["relevance"])


def test_a_quality_below_its_gate_stops_the_run_with_the_evidence_kept(tiny: str) -> None:
    config = {
        "embedding_model": tiny,
        "embedding_tokens": 64,
        "uniqueness": {"near": None},
        "relevance": {"max_deviations": 0.5, "min": 0.99},
    }
    with pytest.raises(
        DataRejected, match=r"the quality relevance .* curation\.relevance\.min asks for 99\.00%"
    ) as caught:
        curated(config)
    assert Path(str(caught.value.report_uri).removeprefix("file://"), "report", "data.md").is_file()


def test_a_target_mix_thins_out_the_training_rows_or_gives_them_weights(tiny: str) -> None:
    rare: list[Cells] = [(f"is it {word} that you sell as a gift card", "gift") for word in map(str, range(100, 130))]
    base = {
        "embedding_model": tiny,
        "embedding_tokens": 64,
        "uniqueness": {"near": None},
        "alignment": {"remove": False},
    }
    thinned = curated(
        {**base, "mix": {"by": "label", "target": "uniform", "method": "downsample", "max_dropped_share": 0.9}}, *rare
    )
    counts = read_split(thinned, "train")["label"].value_counts()
    assert counts.nunique() == 1
    assert thinned.quarantined["over_target_mix"] > 0
    weighed = curated({**base, "mix": {"by": "label", "target": "uniform"}}, *rare)
    assert (fetch(weighed) / "weights.parquet").is_file()
    assert "over_target_mix" not in weighed.quarantined
