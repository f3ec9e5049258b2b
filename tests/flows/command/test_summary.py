"""The last screen adds up, says the verdict in a sentence, and fits."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from flows.command.console import open_console
from flows.command.summary import show_outcome
from tasks.records import DatasetRef, GateResult, Outcome, Report, State

DIGEST = "cd" * 32
DATASET = DatasetRef(
    uri="file:///x",
    digest=DIGEST,
    rows={"train": 1700, "validation": 200, "holdout": 400},
    rows_in=2451,
    merged=80,
    quarantined={f"reason {number}": number for number in range(1, 9)} | {"malformed": 35},
)
REPORT = Report(
    uri="file:///srv/store/reports/x",
    digest=DIGEST,
    model_digest="",
    holdout_digest="",
    rows=4,
    confidence=0.9,
    metrics={},
)


def gate(name: str, state: State, measured: float | None = 0.9) -> GateResult:
    reason = (
        f"the {name} of the candidate was compared with its limit, and this long sentence says what follows from it"
    )
    return GateResult(name=name, measured=measured, low=None, high=None, limit=0.8, state=state, reason=reason)


def outcome(**changes: Any) -> Outcome:
    fields = {"state": "released", "model": "tickets", "release": 3, "gates": (gate("quality", "pass"),), "metrics": {}}
    return Outcome.model_validate({**fields, "candidate_digest": DIGEST, "dataset_digest": DIGEST, **changes})


def shown(what: Outcome, console: Console | None = None, **results: list[Any]) -> str:
    stream = io.StringIO()
    show_outcome(console or open_console(stream), what, results)
    return stream.getvalue()


def test_rows_add_up_and_the_biggest_reasons_are_named() -> None:
    text = " ".join(shown(outcome(), curate=[DATASET]).split())
    for words in (
        "2,451",
        "2,300",
        "1,700 train, 200 validation, 400 holdout",
        "80",
        "71",
        "35 malformed",
        "6 for other",
    ):
        assert words in text


def test_a_release_says_how_to_undo_it() -> None:
    text = shown(outcome(), evaluate=[REPORT], ask_for_labels=[20])
    assert "Released: every gate passed; tickets 3 is the champion now." in text
    assert "-m flows.rollback tickets" in text
    assert "/srv/store/reports/x/report" in text
    assert "20 rows wait for a label" in text


def test_an_unchanged_champion_is_not_called_a_release() -> None:
    text = shown(outcome(unchanged=True))
    assert "Unchanged: the candidate is the champion already, tickets 3." in text
    assert "rollback" not in text


def test_a_rejection_names_its_gates() -> None:
    gates = (gate("quality", "fail"), gate("latency", "fail", measured=None), gate("champion", "pass"))
    text = shown(outcome(state="rejected", release=None, gates=gates))
    assert "Rejected: the candidate failed the gates quality and latency. Nothing was released." in text
    assert "missing" in text


def test_an_inconclusive_verdict_names_what_is_unsure() -> None:
    text = shown(outcome(state="inconclusive", release=None, gates=(gate("champion", "inconclusive"),)))
    assert "Inconclusive" in text
    assert "the gate champion" in text


def test_it_is_plain_in_a_pipe_and_fits_one_screen() -> None:
    gates = tuple(gate(name, "pass") for name in ("quality", "champion", "calibration", "latency"))
    text = shown(outcome(gates=gates, mlflow_run_id="f" * 32), curate=[DATASET], evaluate=[REPORT], ask_for_labels=[20])
    lines = text.splitlines()
    assert "\x1b" not in text
    assert len(lines) <= 33, "with the dozen lines of the stages it fits in 45"
    assert max(len(line) for line in lines if not line.startswith(("report", "questions"))) <= 100
    assert not any(line != line.rstrip() for line in lines)


def test_a_language_models_answers_are_summed_up_in_a_line() -> None:
    names = {"answer_loss": 0.3, "perplexity": 1.35, "token_f1": 0.834, "exact_match": 0.5, "preference_accuracy": 0.91}
    speed = {"new_tokens_per_second": 120.4, "cut_answers": 0.02}
    metrics = {name: {"value": value} for name, value in {**names, **speed}.items()}
    text = shown(outcome(metrics=metrics))
    assert (
        "Answers: token F1 83.4%, exact match 50.0%, wanted answer preferred 91.0%, perplexity 1.35, "
        "120 tokens a second, 2.0% cut off." in " ".join(text.split())
    )
    assert "Answers:" not in shown(outcome())
