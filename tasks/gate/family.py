"""Several gates are several chances to be wrong: what that does to a verdict, and what it does not.

A release takes a pass of every gate. A candidate beyond one limit is released only if that very gate errs, so the
chance of it is at most one gate's, however many there are: passes need no correction (the intersection-union test:
Berger 1982, "Multiparameter hypothesis testing and acceptance sampling"). A failure of any one gate rejects, so a good
candidate has as many chances of being rejected as there are gates. Failures are therefore corrected (Holm 1979): what
would be a failure by itself and is none among so many is inconclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.metrics.multiplicity import holm, tail_probability
from tasks.records import GateResult, Measurement


def failures_corrected(gates: Sequence[GateResult], confidence: float) -> list[GateResult]:
    """The gates in their order; a failure that may be chance among so many gates is inconclusive.

    `confidence` is that of the gates' intervals. A gate that failed for want of a number stays a failure.
    """
    measured = {
        place: gate for place, gate in enumerate(gates) if gate.measured is not None and gate.at_least is not None
    }
    chances = {str(place): _chance_of_failing(gate, confidence) for place, gate in measured.items()}
    corrected = holm(chances)
    error = (1 - confidence) / 2
    return [
        _not_sure(gate, len(measured), corrected[str(place)])
        if gate.state == "fail" and place in measured and corrected[str(place)] > error
        else gate
        for place, gate in enumerate(gates)
    ]


def _chance_of_failing(gate: GateResult, confidence: float) -> float:
    """The chance of a value this far beyond the limit if the truth were at it; 1 for a gate that did not fail."""
    if gate.state != "fail" or gate.measured is None or gate.at_least is None:
        return 1.0
    measurement = Measurement(value=gate.measured, low=gate.low, high=gate.high)
    return tail_probability(measurement, gate.limit, not gate.at_least, confidence)


def _not_sure(gate: GateResult, gates: int, chance: float) -> GateResult:
    reason = (
        f"{gate.reason}; that would be a failure by itself, but one of {gates} gates would show as much by chance with "
        f"a probability of {chance:.2g}, so it is not sure"
    )
    return gate.model_copy(update={"state": "inconclusive", "reason": reason})
