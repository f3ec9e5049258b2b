"""All gates of one verdict: the candidate alone, against the champion, side by side, and what their number does."""

from __future__ import annotations

from tasks.gate.champion import compare
from tasks.gate.config import GatesConfig
from tasks.gate.family import failures_corrected
from tasks.gate.judge import require_gates
from tasks.gate.limits import judge_report
from tasks.gate.policy import policy_for, task_of
from tasks.gate.side_by_side import judge_side_by_side, worth_of_saving
from tasks.records import GateResult, Report, SideBySide

PLOTS = {
    "quality": ("confusion_matrix.png", "coverage.png", "groups.png"),
    "calibration": ("reliability.png",),
    "latency": ("latency.png", "load.png"),
    **{name: (f"{name}.png",) for name in ("parity", "fairness", "robustness", "drift", "side_effects", "people")},
}
"""Pictures of the report's folder by gate; those that a report does not have are left out of the page."""


def judge_every_gate(
    report: Report, champion_report: Report | None, both: SideBySide | None, policy: GatesConfig
) -> list[GateResult]:
    """The answer of each gate that the policy asks for and that can be asked. Raises UserInputError where none is."""
    require_gates(policy)
    policy = policy_for(task_of(report.metrics), policy)
    saving = worth_of_saving(both, policy)
    gates = judge_report(report, policy) + compare(report, champion_report, policy, saving)
    gates = failures_corrected(gates + judge_side_by_side(both, policy), report.confidence)
    return [gate.model_copy(update={"plots": PLOTS.get(gate.name, ())}) for gate in gates]
