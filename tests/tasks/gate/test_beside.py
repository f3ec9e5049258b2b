"""What stands beside a gate's own figures: the champion's, where it is the same figure of both."""

from __future__ import annotations

from tasks.gate.beside import Beside, beside
from tasks.gate.config import FairnessGate, GatesConfig
from tasks.records import GateResult, Measurement, Report, SideBySide
from tests.tasks.gate.stored_report import GOOD, predictions, stored_report

POLICY = GatesConfig(fairness=FairnessGate(max_equalised_odds_difference=0.1))


def measured(value: float) -> Measurement:
    return Measurement(value=value, low=value - 0.01, high=value + 0.01)


def gate(name: str, value: float | None) -> GateResult:
    return GateResult(name=name, measured=value, low=value, high=value, limit=0.1, state="pass", reason="r")


def report(model: str, **metrics: Measurement) -> Report:
    return stored_report(predictions([True]), model, {**GOOD, **metrics})


def test_a_gates_figure_stands_beside_the_champions_of_the_same_name() -> None:
    ours, theirs = report("a"), report("b", ece=measured(0.04))
    found = beside([gate("calibration", 0.02), gate("quality", 0.95)], ours, theirs, None, POLICY)
    assert found["calibration"] == Beside(measured(0.04))
    assert found["quality"] == Beside(GOOD["mcc"])


def test_a_gate_of_several_forms_stands_beside_the_form_that_it_looked_at() -> None:
    forms = {"parity_agreement": measured(0.99), "parity_agreement.int8": measured(0.9)}
    ours = report("a", **forms)
    theirs = report("b", **{**forms, "parity_agreement.int8": measured(0.95)})
    assert beside([gate("parity", 0.9)], ours, theirs, None, POLICY)["parity"] == Beside(measured(0.95))
    assert beside([gate("parity", 0.99)], ours, theirs, None, POLICY)["parity"] == Beside(measured(0.99))


def test_what_the_champion_was_not_measured_by_has_nothing_beside_it() -> None:
    name = "fairness: equalised odds difference"
    ours = report("a", equalised_odds_difference=measured(0.05))
    assert name not in beside([gate(name, 0.05)], ours, report("b"), None, POLICY)
    assert "calibration" not in beside([gate("calibration", None)], ours, report("b"), None, POLICY)
    assert beside([gate("quality", 0.95)], ours, None, None, POLICY) == {}


def test_gates_that_compare_the_two_say_what_they_compared() -> None:
    figures = {"joules_per_1000": measured(8.0), "joules_per_1000_champion": measured(10.0)}
    both = SideBySide(uri="u", digest="d", candidate_digest="a", champion_digest="b", metrics=figures)
    found = beside([], report("a"), report("b", mcc=measured(0.9)), both, POLICY)
    assert found["champion"].words == "MCC: candidate 0.95 [0.92, 0.97], champion 0.9 [0.89, 0.91]"
    assert found["energy"].words.startswith("joules of a thousand predictions: candidate 8 [7.99, 8.01], champion 10 ")
