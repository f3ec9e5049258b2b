"""What stands beside a gate's own figures: the champion's, or those that the gate compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.gate.champion import GATE as CHAMPION
from tasks.gate.config import GatesConfig
from tasks.gate.limits import NAMES, limits_of
from tasks.gate.policy import policy_for, task_of
from tasks.records import GateResult, Measurement, Report, SideBySide


@dataclass(frozen=True)
class Beside:
    """What stands beside a gate's own figures."""

    theirs: Measurement | None = None
    """The champion's value of what the gate measured of the candidate."""
    words: str = ""
    """Of a gate that compares the two: the figures that it compared, or the nearest to them."""


def beside(
    gates: Sequence[GateResult],
    report: Report,
    champion_report: Report | None,
    both: SideBySide | None,
    policy: GatesConfig,
) -> dict[str, Beside]:
    """By the name of a gate; nothing of gates of which the champion was not measured."""
    if champion_report is None:
        return {}
    task = task_of(report.metrics)
    policy = policy_for(task, policy)
    theirs = champion_report.metrics
    limits = list(limits_of(policy, report.rows, labels=task == "classification"))
    found = {}
    for gate in gates:
        names = [each.metric for each in limits if each.gate == gate.name]
        metric = _measured_by(gate, names, report)
        if metric in theirs:
            found[gate.name] = Beside(theirs[metric])
    if policy.champion:
        metric = str(policy.champion.metric)
        found[CHAMPION] = Beside(words=_pair(NAMES[metric], report.metrics.get(metric), theirs.get(metric)))
    return found | {gate: Beside(words=words) for gate, words in _side_by_side(both).items()}


def _measured_by(gate: GateResult, names: Sequence[str], report: Report) -> str:
    """The metric that the gate looked at: one of `names`, or a part of one (`metric.part`); empty where it is none."""
    parts = [name for name in report.metrics if any(name.startswith(f"{each}.") for each in names)]
    for name in (*names, *parts):
        measured = report.metrics.get(name)
        if measured is not None and measured.value == gate.measured:
            return name
    return ""


def _side_by_side(both: SideBySide | None) -> dict[str, str]:
    figures = both.metrics if both else {}
    modelled = figures.get("energy_is_modelled")
    how = " (modelled)" if modelled and modelled.value else ""
    joules = [figures.get(f"joules_per_1000{whose}") for whose in ("", "_champion")]
    worst = figures.get("worst_slice_difference")
    return {
        "energy": _pair(f"joules of a thousand predictions{how}", *joules),
        "side_effects": f"accuracy in the slice that lost most: {written(worst, '+.4f')}" if worst else "",
    }


def _pair(name: str, ours: Measurement | None, theirs: Measurement | None) -> str:
    if ours is None or theirs is None:
        return ""
    return f"{name}: candidate {written(ours)}, champion {written(theirs)}"


def written(measured: Measurement, form: str = ".4g") -> str:
    """A value with its interval, for people."""
    if measured.low is None or measured.high is None:
        return f"{measured.value:{form}}"
    return f"{measured.value:{form}} [{measured.low:{form}}, {measured.high:{form}}]"
