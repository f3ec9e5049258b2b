"""The stage `gate`: a report and a policy in, a verdict out: pass, fail or inconclusive."""

from __future__ import annotations

from tasks.gate.config import GatesConfig
from tasks.records import Report, Verdict
from tasks.stage import stage


def _says(verdict: Verdict) -> str:
    return f"{verdict.state} ({', '.join(f'{gate.name} {gate.state}' for gate in verdict.gates)})"


@stage(says=_says)
def gate(report: Report, champion_report: Report | None, config: GatesConfig) -> Verdict:
    """Judge a candidate by its report, and against the champion's on the same rows.

    Without a champion there is nothing to compare with, and the gate `champion` is left out of the verdict.
    """
    from tasks.gate.champion import compare
    from tasks.gate.judge import judge_report, require_gates
    from tasks.gate.verdict import keep_verdict

    require_gates(config)
    gates = judge_report(report.metrics, report.rows, config)
    gates += compare(report, champion_report, config)
    return Verdict.model_validate(keep_verdict(gates, report, champion_report, config))
