"""What a run came to, as a record and as the few lines that MLflow shows above a run."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.records import DatasetRef, GateResult, ModelRef, Outcome, Release, Report, Verdict


def outcome_of(
    model: str,
    dataset: DatasetRef,
    candidate: ModelRef,
    report: Report,
    verdict: Verdict,
    released: Release | None,
    *,
    seconds: Mapping[str, float],
    reused: tuple[str, ...],
    run_id: str | None,
) -> Outcome:
    """The outcome; `unchanged` where the candidate was the champion before it was judged."""
    state = "released" if released else "rejected" if verdict.state == "fail" else "inconclusive"
    return Outcome.model_validate(
        {
            "state": state,
            "model": model,
            "release": released.number if released else None,
            "unchanged": released is not None and verdict.champion_digest == candidate.digest,
            "candidate_digest": candidate.digest,
            "dataset_digest": dataset.digest,
            "gates": verdict.gates,
            "metrics": report.metrics,
            "seconds": dict(seconds),
            "reused": reused,
            "mlflow_run_id": run_id,
        }
    )


def sentence(outcome: Outcome) -> str:
    """What a run came to, in one sentence."""
    if outcome.unchanged:
        return f"The candidate already is the champion, release {outcome.release}: nothing changed."
    if outcome.state == "released":
        return f"Released as number {outcome.release}: every gate passed."
    missed = ", ".join(f"{gate.name} ({gate.state})" for gate in outcome.gates if gate.state != "pass")
    return f"{outcome.state.capitalize()}, nothing was released: {missed}."


def gate_table(gates: tuple[GateResult, ...]) -> str:
    """The gates as a Markdown table."""
    lines = ["| Gate | Measured | Interval | Limit | State | Why |", "|---|--:|--:|--:|---|---|"]
    for gate in gates:
        why = gate.reason.replace("|", "\\|")
        interval = (
            f"{number(gate.low)} to {number(gate.high)}" if gate.low is not None and gate.high is not None else ""
        )
        lines.append(
            f"| {gate.name} | {number(gate.measured)} | {interval} | {number(gate.limit)} | {gate.state} | {why} |"
        )
    return "\n".join(lines)


def number(value: float | None) -> str:
    """A figure for people: four significant decimals below ten, one above."""
    if value is None:
        return "missing"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.4f}"


def note(outcome: Outcome, flow_run_name: str, flow_run_url: str | None) -> str:
    """The description of a run in MLflow: its outcome, its gates, and the way to its flow run."""
    flow_run = f"[{flow_run_name}]({flow_run_url})" if flow_run_url else f"`{flow_run_name}`"
    return (
        f"**{sentence(outcome)}**\n\n{gate_table(outcome.gates)}\n\n"
        f"Prefect flow run {flow_run}. The model card is the artefact `MODEL_CARD.md`."
    )
