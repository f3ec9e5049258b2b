"""The model card says what a person must know, and nothing of the rows."""

from __future__ import annotations

from tasks.records import Measurement, Override, Release
from tasks.track.card import model_card
from tasks.track.outcome import outcome_of
from tests.stored_model import stored_model, stored_verdict
from tests.tasks.track.fake_stages import make_dataset, make_report

CONFIG = {
    "training": {"epochs": 4.0, "seed": 17, "technique": {"kind": "lora", "rank": 16}},
    "evaluation": {"confidence": 0.95},
}


def card(released: bool = True, groups: bool = True) -> str:
    dataset = make_dataset("x").model_copy(update={"quarantined": {"label | unknown": 3}, "rows_in": 5})
    model = stored_model()
    report = make_report(model)
    if not groups:
        report = report.model_copy(update={"metrics": {"mcc": Measurement(value=0.9)}})
    verdict = stored_verdict(model, state="pass" if released else "fail")
    entry = Release(
        model="intents", number=3, kind="release", model_uri=model.uri, model_digest=model.digest,
        verdict_uri=verdict.uri, verdict_digest=verdict.digest, by="me", why="w", at="2026-01-01", previous=None,
    )  # fmt: skip
    outcome = outcome_of(
        "intents", dataset, model, report, verdict, entry if released else None, seconds={}, reused=(), run_id="r1"
    )
    return model_card(CONFIG, outcome, dataset, model, report, verdict, entry if released else None)


def test_a_released_models_card_has_every_section() -> None:
    text = card()
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert text.startswith("# intents, release 3\n")
    assert headings == [
        "Model details", "Intended use", "Training data", "Training", "Evaluation data", "Evaluation", "Gates",
        "Fairness", "Robustness", "Drift", "Energy", "People", "Side effects", "Parity of forms",
        "Limits", "Rolling back", "Lineage",
    ]  # fmt: skip


def test_the_card_holds_figures_with_intervals_and_hyper_parameters() -> None:
    text = card()
    assert "| Matthews correlation coefficient | 0.9000 | 0.8000 to 0.9500 |" in text
    assert "90% interval" in text
    assert "| `epochs` | 4.0 |" in text
    assert "| `technique.rank` | 16 |" in text
    assert "| set aside: label \\| unknown | 3 |" in text
    assert "| train | demo.csv | 2 | not stated | `000000000000…` |" in text
    assert 'python -m flows.rollback intents --why "…"' in text


def test_the_card_names_the_weakest_group_or_that_none_is_known() -> None:
    assert "weakest on the group terse: accuracy 0.7000" in card()
    assert "nothing is known about fairness" in card(groups=False)


def test_a_rejected_candidates_card_offers_no_loading_and_no_rollback() -> None:
    text = card(released=False)
    assert text.startswith("# intents, a candidate\n\nRejected, nothing was released: quality (fail).")
    assert "| Version | a candidate, not released |" in text
    assert "load_model" not in text
    assert "nothing to roll back" in text


def test_every_digest_of_the_lineage_is_whole() -> None:
    text, model = card(), stored_model()
    assert f"`{model.digest}`" in text
    assert "MLflow run | `r1`" in text


def test_the_card_of_a_model_that_a_person_released_against_its_verdict_says_so() -> None:
    model, dataset = stored_model(), make_dataset("x")
    report, verdict = make_report(model), stored_verdict(model, state="fail")
    decided = Override(verdict_state="fail", by="Ann Smith", why="measured on last year's labels", at="2026-01-01")
    entry = Release(
        model="intents", number=3, kind="override", model_uri=model.uri, model_digest=model.digest,
        verdict_uri=verdict.uri, verdict_digest=verdict.digest, by="Ann Smith", why=decided.why, at="2026-01-01",
        previous=None, override=decided,
    )  # fmt: skip
    outcome = outcome_of("intents", dataset, model, report, verdict, entry, seconds={}, reused=(), run_id="r1")
    text = model_card(CONFIG, outcome, dataset, model, report, verdict, entry)
    assert "## Released by a person against its verdict\n\nThe verdict `" in text
    assert "was **fail**. Ann Smith released it all the same on 2026-01-01 (not signed)" in text
    assert "Released by a person" not in card()
