"""The forms of one model that the gate `parity` looks at: each is judged, and the worst one is the gate's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.records import GateResult, Measurement, State

PARITY = "parity"
AGREEMENT = "parity_agreement"
LABELS_LOST = "parity_labels_lost"
WORST_FIRST: tuple[State, ...] = ("fail", "inconclusive", "pass")


def forms_in(metrics: Mapping[str, Measurement]) -> list[str]:
    """Names of the forms whose agreement with the reference is among a report's figures (`parity_agreement.int8`)."""
    return [name.removeprefix(f"{AGREEMENT}.") for name in metrics if name.startswith(f"{AGREEMENT}.")]


def with_one_of_parity(gates: Sequence[GateResult]) -> list[GateResult]:
    """The gates in their order, with the worst answer about a form in place of all of them.

    Passes need no correction for the number of forms: each of them must pass. Of equals the first counts, and of
    passes the one that is nearest to its limit.
    """
    of_forms = [gate for gate in gates if gate.name == PARITY]
    if not of_forms:
        return list(gates)
    worst = min(of_forms, key=lambda gate: (WORST_FIRST.index(gate.state), _distance(gate)))
    first = next(place for place, gate in enumerate(gates) if gate.name == PARITY)
    return [
        worst if place == first else gate for place, gate in enumerate(gates) if place == first or gate.name != PARITY
    ]


def _distance(gate: GateResult) -> float:
    """How far a form is on the right side of its limit; a loss of labels that there is none of is no matter."""
    if gate.measured is None:
        return float("-inf")
    if gate.at_least:
        return gate.measured - gate.limit
    return gate.limit - gate.measured if gate.state != "pass" else 1.0
