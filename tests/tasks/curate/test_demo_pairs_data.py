"""The known blemishes of the demo's replies are found again, each by the rule that is there for it."""

from __future__ import annotations

from tasks.acquire.config import DataConfig, DemoSource
from tasks.acquire.dataset import acquire_dataset
from tasks.acquire.demo.pairs import BLEMISHES, ROWS
from tasks.curate.config import CurationConfig
from tasks.curate.curated import curate_dataset
from tasks.label.answers import keep_answers
from tasks.store import fetch
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig


def test_every_planted_blemish_is_found_and_nothing_else() -> None:
    config = DataConfig(task="preference", train=DemoSource(), holdout=DemoSource(part="holdout"))
    checked = check_dataset(acquire_dataset(config), ValidationConfig())
    result = curate_dataset(checked, keep_answers([]), CurationConfig(max_embedded_rows=0))
    assert result.quarantined == {
        "missing_answer": BLEMISHES.empty_answers,
        "missing_rejected": BLEMISHES.empty_rejected,
        "same_answers": BLEMISHES.equal_sides,
        "empty_text": BLEMISHES.empty_texts,
        "conflicting_preferences": 2 * BLEMISHES.swapped_duplicates,
        "in_holdout": BLEMISHES.contaminations,
    }
    assert result.merged == BLEMISHES.duplicates + BLEMISHES.folded_duplicates
    assert result.rows["holdout"] == ROWS["holdout"]
    page = (fetch(result) / "report/data.md").read_text(encoding="utf-8")
    for kind in ("email", "phone", "iban", "card"):
        assert f"| {kind} | {getattr(BLEMISHES, kind + 's')} |" in page
