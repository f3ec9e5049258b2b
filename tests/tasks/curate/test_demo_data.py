"""The demo's known blemishes are found again, each by the rule that is there for it."""

from __future__ import annotations

from tasks.acquire.config import DataConfig, DemoSource
from tasks.acquire.dataset import acquire_dataset
from tasks.acquire.demo.blemishes import BLEMISHES
from tasks.curate.config import CurationConfig
from tasks.curate.curated import curate_dataset
from tasks.datasets.folder import read_split
from tasks.label.answers import keep_answers
from tasks.store import fetch
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig

NEAR_ENOUGH = 19
"""Of the 30 rows that differ from another in one word, those long enough for that word to be a small part of them."""


def test_every_planted_blemish_is_found_and_nothing_else() -> None:
    config = DataConfig(
        train=DemoSource(part="train"), holdout=DemoSource(part="holdout"), unlabelled=DemoSource(part="unlabelled")
    )
    checked = check_dataset(acquire_dataset(config), ValidationConfig())
    result = curate_dataset(checked, keep_answers([]), CurationConfig(max_embedded_rows=0))
    assert result.quarantined == {
        "ragged_row": BLEMISHES.ragged_rows,
        "missing_label": BLEMISHES.missing_labels,
        "empty_text": BLEMISHES.empty_texts,
        "conflicting_labels": 2 * BLEMISHES.conflicting_duplicates,
        "in_holdout": BLEMISHES.contaminations,
    }
    repeated = BLEMISHES.duplicates + BLEMISHES.folded_duplicates
    assert result.merged == repeated + NEAR_ENOUGH
    page = (fetch(result) / "report/data.md").read_text(encoding="utf-8")
    for kind in ("email", "phone", "iban", "card"):
        assert f"| {kind} | {getattr(BLEMISHES, kind + 's')} |" in page
    texts = [text for split in result.rows for text in read_split(result, split)["text"]]
    assert (
        sum(any(f"<{kind}>" in text for kind in ("EMAIL", "PHONE", "IBAN", "CARD")) for text in texts) == BLEMISHES.pii
    )
