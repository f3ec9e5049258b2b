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
    "latency": "Take a smaller base model or shorter texts (training.base_model, training.max_tokens), round what is "
    "served (export.precision: int8), or measure on the machine that serves.",
    "parity": "Look in the report's parity.csv at the labels that the served form lost, and serve the form that is "
    "not rounded (export.precision: float32).",
    "fairness": "Look in the report's fairness.csv at the group that is served worst, and give it more training rows, "
    "or let it count for more in training (the section training).",
    "robustness": "Train against small changes of the embeddings (training.adversarial), best from the candidate's own "
    "folder (training.base_model) at a third of the learning rate.",
    "drift": "Add rows like the traffic of the shift that costs most (the report's drift.csv names it): other words, "
    "other styles, rare labels.",
    "side_effects": "Look at the slices that got worse (slices.csv of the comparison side by side), and give them "
    "training rows; for sure answers off the task, add such texts under a label of their own.",
    "memorisation": "Set the holdout's rows aside before training (curation.uniqueness.remove), start from a base "
    "model that has not seen them, or draw a fresh holdout (data.holdout).",
    "people": "Show people the model's confidence, hold its advice back where that is low, and measure again.",
    "energy": "Take a smaller base model or shorter texts (training.base_model, training.max_tokens), or round what is "
    "served (export.precision: int8).",
    "generation": "Look in the report's tables at the answers that failed, add rows that show what is wanted there, "
    "and train again.",
    "generation: consistency": "Serve answers at a lower temperature, or add rows whose wanted answers to like prompts "
    "are alike.",
    "generation: prompt attacks": "Look in the report's prompt_attacks.csv at the kinds that work, and add rows that "
    "refuse them.",
}
"""What usually mends a gate, by its name or the first part of it."""


def next_steps(state: State, gates: Sequence[GateResult], looks: Looks) -> list[str]:
    """The steps as sentences, the most urgent first; what mends several gates is said once."""
    if state == "pass":
        steps = [
            "Nothing is left to do: the run releases the candidate by itself, and python -m flows.rollback undoes it."
        ]
    else:
        ordered = sorted((gate for gate in gates if gate.state != "pass"), key=lambda gate: gate.state != "fail")
        said: set[str] = set()
        steps = [_step(gate, said) for gate in ordered]
        steps.append(
            "A person who has to release it all the same can, by name and with a reason that stays in the release log "
            "and on the model card: python -m flows.override CONFIG --candidate … --verdict … --by … --reason …"
        )
    if looks.warning:
        steps.append(looks.warning)
    return steps


def _step(gate: GateResult, said: set[str]) -> str:
    """The step of one gate; `said` holds the keys of MEND that were told before, and gets this one's."""
    if gate.measured is None:
        return f"{gate.name} could not be judged: {gate.reason}."
    if gate.state == "inconclusive":
        # The reason ends with what would settle it.
        return f"{gate.name} is not settled: {gate.reason}."
    key = gate.name if gate.name in MEND else gate.name.partition(":")[0]
    mend = "" if key in said else MEND.get(key, "")
    said.add(key)
    return f"{gate.name} failed: {gate.reason}. {mend}".strip()
