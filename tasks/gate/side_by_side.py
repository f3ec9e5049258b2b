"""What the comparison side by side means for the verdict: energy saved or wasted, and slices that got worse."""

from __future__ import annotations

from tasks.gate.config import GatesConfig
from tasks.gate.judge import Quantity, judge
from tasks.records import GateResult, SideBySide

RATIO = "energy_ratio"


def judge_side_by_side(both: SideBySide | None, policy: GatesConfig) -> list[GateResult]:
    """The gates `energy` and `side_effects`; nothing where nothing is served that could be compared with."""
    if both is None or both.champion_digest is None:
        return []
    found = []
    if policy.energy and policy.energy.max_ratio is not None:
        ratio = Quantity(
            "energy of a prediction, as a multiple of the champion's,",
            at_least=False,
            units="rounds (evaluation.energy.rounds)",
            digits=2,
        )
        found.append(judge("energy", both.metrics.get(RATIO), policy.energy.max_ratio, ratio, None))
    if policy.side_effects:
        slices = Quantity("slices that are surely worse than the champion's", at_least=False, digits=0)
        worse = both.metrics.get("slices_worse")
        found.append(judge("side_effects", worse, policy.side_effects.max_slices_worse, slices, None))
    return found


def worth_of_saving(both: SideBySide | None, policy: GatesConfig) -> float:
    """The loss against the champion that the candidate's saving is worth; 0 where it surely saves less than asked."""
    ratio = both.metrics.get(RATIO) if both else None
    if policy.energy is None or ratio is None or ratio.high is None:
        return 0.0
    return policy.energy.accuracy_price if ratio.high <= 1 - policy.energy.saving else 0.0
