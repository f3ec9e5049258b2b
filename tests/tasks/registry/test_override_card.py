"""A person's override is on the model's card in MLflow, once and for good."""

from __future__ import annotations

from pathlib import Path

from infra.mlflow_model_files import read_model_file
from infra.mlflow_registry import log_model_file
from tasks.records import AskedOverride, Override, Release
from tasks.registry.models import log_once
from tasks.registry.override_card import override_section, write_override_on_card
from tasks.release.decide import let_in, put_back
from tasks.release.follow import follow_log
from tasks.release.override import let_in_anyway
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model, stored_verdict

MODEL, REASON = "intents", "the failed gate measured last year's labels"


def overridden() -> Release:
    candidate = stored_model()
    verdict = stored_verdict(candidate, state="fail")
    asked = AskedOverride(candidate=candidate.digest, verdict_uri=verdict.uri, by="Ann Smith", why=REASON)
    return let_in_anyway(MODEL, asked)


def test_the_card_of_a_candidate_gets_the_section_below_its_title_and_keeps_the_rest(tmp_path: Path) -> None:
    mlflow, entry = ready_mlflow(), overridden()
    model_id = log_once(mlflow, MODEL, stored_model()).model_id
    (tmp_path / "MODEL_CARD.md").write_text("# intents, a candidate\n\nRejected.\n\n## Limits\n\n- some\n")
    log_model_file(mlflow, model_id, tmp_path / "MODEL_CARD.md")

    follow_log(MODEL)
    card = read_model_file(mlflow, model_id, "MODEL_CARD.md") or ""
    assert card.startswith("# intents, a candidate\n\n## Released by a person against its verdict\n\n")
    assert f"The verdict `{entry.verdict_digest}` about this model was **fail**. Ann Smith released it" in card
    assert f"> {REASON}" in card
    assert card.endswith("\n\nRejected.\n\n## Limits\n\n- some\n")
    follow_log(MODEL)
    assert read_model_file(mlflow, model_id, "MODEL_CARD.md") == card, "it is written once"


def test_the_section_stays_when_the_model_is_replaced_and_put_back() -> None:
    mlflow, first, second = ready_mlflow(), stored_model(), stored_model(1)
    overridden()
    follow_log(MODEL)
    let_in(MODEL, second, stored_verdict(second, first), "me", "w")
    follow_log(MODEL)
    write_override_on_card(mlflow, put_back(MODEL, "me", "worse"))
    card = read_model_file(mlflow, log_once(mlflow, MODEL, first).model_id, "MODEL_CARD.md") or ""
    assert card.count("Released by a person against its verdict") == 1
    assert read_model_file(mlflow, log_once(mlflow, MODEL, second).model_id, "MODEL_CARD.md") is None


def test_a_persons_words_are_no_markup() -> None:
    decided = Override(verdict_state="fail", by="<b>Ann</b>", why="a [link](x) and | a pipe", at="2026-01-01")
    section = override_section(decided, "d" * 64)
    assert "\\<b\\>Ann" in section
    assert "\\[link\\](x) and \\| a pipe" in section
    assert "not signed" in section
