"""The card of a language model speaks of answers, and promises nothing about their truth."""

from __future__ import annotations

from tasks.records import Measurement, Release, Report
from tasks.store import keep, workspace
from tasks.track.card import model_card
from tasks.track.outcome import outcome_of
from tests.stored_model import stored_model, stored_verdict
from tests.tasks.models.tiny_language_model import info_of
from tests.tasks.track.fake_stages import make_dataset, make_report

CONFIG = {"training": {"epochs": 2.0, "stages": [{"kind": "sft"}, {"kind": "dpo"}]}, "evaluation": {"confidence": 0.95}}


def measured(value: float) -> Measurement:
    return Measurement(value=value, low=value - 0.05, high=value + 0.05)


def card(task: str = "preference") -> str:
    with workspace("model") as folder:
        info_of(task).model_copy(update={"stages": ("sft", "dpo")}).write(folder)  # type: ignore[arg-type]
        stored = keep("models", folder)
    model = stored_model().model_copy(update={"uri": stored.uri, "digest": stored.digest})
    names = ("answer_loss", "perplexity", "preference_accuracy", "token_f1", "token_f1.terse", "token_f1.long")
    figures = dict(zip(names, (0.4, 1.5, 0.8, 0.7, 0.6, 0.75), strict=True))
    report: Report = make_report(model).model_copy(update={"metrics": {k: measured(v) for k, v in figures.items()}})
    verdict = stored_verdict(model)
    entry = Release(
        model="replies", number=3, kind="release", model_uri=model.uri, model_digest=model.digest,
        verdict_uri=verdict.uri, verdict_digest=verdict.digest, by="me", why="w", at="2026-01-01", previous=None,
    )  # fmt: skip
    dataset = make_dataset("x")
    outcome = outcome_of("replies", dataset, model, report, verdict, entry, seconds={}, reused=(), run_id="r1")
    return model_card(CONFIG, outcome, dataset, model, report, verdict, entry)


def test_the_card_says_what_the_model_writes_and_how_it_was_taught() -> None:
    text = card()
    assert "Writes an answer to an instruction or a question. It was taught by: sft, then dpo." in text
    assert "a conversation, as a JSON list" in card("chat")
    assert "label" not in text.split("## Training data")[0]
    assert "temperature" not in text


def test_the_card_holds_the_figures_of_answers_and_its_limits() -> None:
    text = card()
    assert "| Perplexity of the wanted answers | 1.5000 | 1.4500 to 1.5500 |" in text
    assert "Token F1 by group:" in text
    assert "It is weakest on the group terse: token F1 0.6000." in text
    assert "none of these figures measures whether an answer is true" in text


def test_the_card_says_what_language_models_are_not_measured_by() -> None:
    text = card()
    assert "## Grounding\n\nNot measured, since the run did not ask for it (`evaluation.grounding`)." in text
    assert "## Fairness" not in text
    assert "not known here: fairness, robustness, drift, energy, people, side effects." in text
