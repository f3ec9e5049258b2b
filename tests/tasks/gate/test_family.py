"""Many gates do not make a good candidate's rejection likelier, and a missing number stays a failure."""

from __future__ import annotations

from tasks.gate.family import failures_corrected
from tasks.gate.judge import failure
from tasks.records import GateResult, State


def gate(name: str, value: float, half: float, state: State, limit: float = 0.8) -> GateResult:
    return GateResult(
        name=name,
        measured=value,
        low=value - half,
        high=value + half,
        limit=limit,
        at_least=(value >= limit) == (state == "pass"),
        state=state,
        reason="measured",
    )


PASSED = [gate(f"passed {number}", 0.9, 0.05, "pass") for number in range(9)]


def test_a_failure_by_a_hair_stands_alone_and_is_inconclusive_among_ten_gates() -> None:
    hair = gate("quality", 0.77, 0.029, "fail")
    assert failures_corrected([hair], 0.9) == [hair]
    found = failures_corrected([hair, *PASSED], 0.9)
    assert [one.state for one in found] == ["inconclusive"] + ["pass"] * 9
    assert "one of 10 gates would show as much by chance with a probability of 0.44" in found[0].reason


def test_a_clear_failure_stays_one_whatever_else_is_judged() -> None:
    clear = gate("quality", 0.5, 0.05, "fail")
    assert failures_corrected([*PASSED, clear], 0.9) == [*PASSED, clear]


def test_above_or_below_the_limit_is_read_off_the_failure() -> None:
    too_much = gate("calibration", 0.10, 0.01, "fail", limit=0.05)
    assert failures_corrected([too_much, *PASSED], 0.9)[0].state == "fail"


def test_a_missing_number_is_not_excused() -> None:
    missing = failure("latency", 150, "p99 latency was not measured, and a missing number fails")
    assert failures_corrected([missing, *PASSED], 0.9)[0] == missing
