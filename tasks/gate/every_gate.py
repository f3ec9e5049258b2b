"""All gates of one verdict: the candidate alone, against the champion, side by side, and what their number does."""

from __future__ import annotations

from tasks.gate.champion import compare
from tasks.gate.config import GatesConfig
from tasks.gate.evidence import Evidence
from tasks.gate.family import failures_corrected
from tasks.gate.judge import require_gates
from tasks.gate.limits import judge_report
from tasks.gate.policy import policy_for, task_of
from tasks.gate.side_by_side import judge_side_by_side, worth_of_saving
from tasks.records import GateResult

PLOTS = {
    "quality": ("confusion_matrix.png", "coverage.png", "groups.png", "token_f1.png"),
    "calibration": ("reliability.png",),
    "latency": ("latency.png", "load.png"),
    **{name: (f"{name}.png",) for name in ("parity", "fairness", "robustness", "drift", "memorisation", "people")},
    "side_effects: confident off task": ("side_effects.png",),
    "side_effects": ("slices.png",),
    "energy": ("energy.png",),
    **{f"generation: {name}": (f"{name}.png",) for name in ("consistency", "grounding", "checks")},
    "generation: hallucinated numbers": ("grounding.png",),
    "generation: prompt attacks": ("prompt_attacks.png",),
    "generation": ("lm_tasks.png",),
}
"""Pictures by the name of a gate or its first part, from the report's folder or that of the comparison side by side;
those that were not drawn are left out of the page."""


def judge_every_gate(evidence: Evidence, policy: GatesConfig) -> list[GateResult]:
    """The answer of each gate that the policy asks for and that can be asked. Raises UserInputError where none is."""
    require_gates(policy)
    report, both = evidence.report, evidence.both
    policy = policy_for(task_of(report.metrics), policy)
    compared = compare(report, evidence.champion_report, policy, worth_of_saving(both, policy), evidence.noise)
    gates = judge_report(report, policy) + compared
    gates = failures_corrected(gates + judge_side_by_side(both, policy), report.confidence)
    return [gate.model_copy(update={"plots": plots_of(gate.name)}) for gate in gates]


def plots_of(gate: str) -> tuple[str, ...]:
    """The names of a gate's pictures; a part of a gate, named after a colon, has those of the whole if not its own."""
    return PLOTS.get(gate, PLOTS.get(gate.partition(":")[0], ()))
