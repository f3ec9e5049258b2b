"""What a person can do after a verdict, from the reasons of its gates."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.gate.looks import Looks
from tasks.records import GateResult, State

MEND = {
    "quality": "Label the rows that the model is least sure of (python -m flows.label CONFIG), look at the rows that "
    "were set aside and at the confused labels, and train again.",
    "champion": "Look at the rows below that only the champion gets right: what they have in common is what the new "
    "data or settings have unlearned.",
    "calibration": "Give the validation split more rows: the temperature that makes the model as sure as it is right "
    "is fitted on them.",
    "latency": "Take a smaller base model or shorter texts (training.base_model, training.max_tokens), or measure on "
    "the machine that serves.",
}
"""What usually mends a gate, by its name."""


def next_steps(state: State, gates: Sequence[GateResult], looks: Looks) -> list[str]:
    """The steps as sentences, the most urgent first."""
    if state == "pass":
        steps = [
            "Nothing is left to do: the run releases the candidate by itself, and python -m flows.rollback undoes it."
        ]
    else:
        ordered = sorted((gate for gate in gates if gate.state != "pass"), key=lambda gate: gate.state != "fail")
        steps = [_step(gate) for gate in ordered]
        steps.append(
            "A person who has to release it all the same can, by name and with a reason that stays in the release log "
            "and on the model card: python -m flows.override CONFIG --candidate … --verdict … --by … --reason …"
        )
    if looks.warning:
        steps.append(looks.warning)
    return steps


def _step(gate: GateResult) -> str:
    mend = MEND.get(gate.name, "")
    if gate.measured is None:
        return f"{gate.name} could not be judged: {gate.reason}."
    if gate.state == "inconclusive":
        # The reason ends with what would settle it.
        return f"{gate.name} is not settled: {gate.reason}."
    return f"{gate.name} failed: {gate.reason}. {mend}".strip()
