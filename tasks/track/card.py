"""The model card: what a person should know before relying on a model (Mitchell et al., 2019), in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.datasets.folder import lineage
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, Measurement, ModelRef, Outcome, Release, Report, Verdict
from tasks.store import fetch
from tasks.track.outcome import gate_table, number, sentence

METRICS = {
    "mcc": "Matthews correlation coefficient",
    "f1_macro": "F1, macro average",
    "accuracy": "Accuracy",
    "ece": "Expected calibration error, after temperature scaling",
    "ece_uncalibrated": "Expected calibration error, before",
    "p50_milliseconds": "Latency of one request, median (ms)",
    "p99_milliseconds": "Latency of one request, 99th percentile (ms)",
}
GROUP_METRIC = "accuracy."


def model_card(
    config: Mapping[str, Any],
    outcome: Outcome,
    dataset: DatasetRef,
    candidate: ModelRef,
    report: Report,
    verdict: Verdict,
    released: Release | None,
) -> str:
    """The card of a candidate. `config` is the run's config as plain data. Holds no row of the data."""
    info = ModelInfo.read(fetch(candidate))
    name = f"{outcome.model}, release {released.number}" if released else f"{outcome.model}, a candidate"
    sections = [
        f"# {name}",
        f"{sentence(outcome)} Verdict: **{verdict.state}**.",
        _use(outcome, info, released),
        _data(dataset),
        _procedure(config, info, candidate),
        _evaluation(config, report),
        f"## Gates\n\n{gate_table(verdict.gates)}",
        _limits(dataset, report, info),
        _undo(outcome, released),
        _lineage(outcome, dataset, candidate, report, verdict),
    ]
    return "\n\n".join(sections) + "\n"


def _use(outcome: Outcome, info: ModelInfo, released: Release | None) -> str:
    load = f'mlflow.pyfunc.load_model("models:/{outcome.model}@champion").predict(frame)'
    how = f"\n\nFrom MLflow: `{load}`, where `frame` has a column `text`." if released else ""
    return (
        "## Intended use\n\n"
        f"Gives a short text one of {len(info.labels)} labels, with a calibrated confidence. The labels: "
        f"{_listed(info.labels)}.\n\n"
        "Meant for texts like the ones it was trained on, with a person behind answers of low confidence. Not meant "
        f"for texts of another kind or language, nor to decide about people by itself.{how}"
    )


def _data(dataset: DatasetRef) -> str:
    kept = [(split, f"{rows:,}") for split, rows in dataset.rows.items()]
    left = [(f"set aside: {reason}", f"{rows:,}") for reason, rows in sorted(dataset.quarantined.items())]
    made = [("made: synthetic rows", f"{dataset.made:,}")] if dataset.made else []
    merged = ("merged into a row that they repeat", f"{dataset.merged:,}")
    rows = [("came in", f"{dataset.rows_in:,}"), *made, *kept, merged, *left]
    sources = lineage(dataset).get("sources", [])
    read = [
        (one["split"], one["name"], f"{one['rows']:,}", one.get("licence") or "not stated", f"`{one['sha256'][:12]}…`")
        for one in sources
    ]
    named = f"\n\n{_table(('Split', 'Source', 'Rows read', 'Licence', 'SHA-256'), read)}" if read else ""
    qualities = [(name, f"{value:.2%}") for name, value in dataset.qualities.items()]
    measured = f"\n\n{_table(('Quality', 'Rows in order'), qualities)}" if qualities else ""
    return f"## Training data\n\nDigest `{dataset.digest}`.{named}\n\n{_table(('Rows', 'Count'), rows)}{measured}"


def _procedure(config: Mapping[str, Any], info: ModelInfo, candidate: ModelRef) -> str:
    training = config.get("training", {})
    technique = training.get("technique", {})
    chosen = {f"technique.{key}": value for key, value in technique.items()} if isinstance(technique, Mapping) else {}
    settings = {key: value for key, value in training.items() if key != "technique"} | chosen
    rows = [(f"`{key}`", f"{value}") for key, value in settings.items()]
    figures = [(key.replace("_", " "), number(value)) for key, value in candidate.metrics.items()]
    text = (
        f"## Training\n\n`{info.base_model}`, fine-tuned ({info.technique}), seed {info.seed}; "
        f"temperature {info.temperature:.3f} fitted on the validation split; texts are cut to {info.max_tokens} tokens."
    )
    tables = [_table(("Hyper-parameter", "Value"), rows)] if rows else []
    tables += [_table(("Figure", "Value"), figures)] if figures else []
    return "\n\n".join([text, *tables])


def _evaluation(config: Mapping[str, Any], report: Report) -> str:
    level = config.get("evaluation", {}).get("confidence")
    interval = f"{level:.0%} interval" if isinstance(level, float) else "Interval"
    plain = [_measured(METRICS.get(name, name), value) for name, value in report.metrics.items() if "." not in name]
    groups = [
        _measured(name.removeprefix(GROUP_METRIC), value)
        for name, value in report.metrics.items()
        if name.startswith(GROUP_METRIC)
    ]
    text = f"## Evaluation\n\nOn {report.rows:,} rows that were held out, with the exported model as it is served."
    tables = [_table(("Metric", "Measured", interval), plain)]
    if groups:
        tables.append("Accuracy by group:\n\n" + _table(("Group", "Accuracy", interval), groups))
    return "\n\n".join([text, *tables])


def _limits(dataset: DatasetRef, report: Report, info: ModelInfo) -> str:
    groups = {name: value for name, value in report.metrics.items() if name.startswith(GROUP_METRIC)}
    points = [
        f"It always answers with one of its {len(info.labels)} labels, even where none fits; the confidence tells.",
        f"The holdout has {report.rows:,} rows: the intervals above say how far the figures can be trusted.",
        "Figures hold for texts like the holdout's; when traffic moves away from it they no longer do.",
    ]
    if groups:
        worst = min(groups, key=lambda name: groups[name].value)
        points.append(
            f"It is weakest on the group {worst.removeprefix(GROUP_METRIC)}: accuracy {number(groups[worst].value)}."
        )
    else:
        points.append("The data names no groups, so nothing is known about fairness between them.")
    wrong = sum(dataset.quarantined.values())
    points.append(f"{wrong:,} of {dataset.rows_in:,} rows were set aside; what they would have taught is missing.")
    return "## Limits\n\n" + "\n".join(f"- {point}" for point in points)


def _undo(outcome: Outcome, released: Release | None) -> str:
    if released is None:
        return "## Rolling back\n\nNothing was released, so there is nothing to roll back."
    return (
        "## Rolling back\n\n"
        f'`python -m flows.rollback {outcome.model} --why "…"` puts the release before it back; '
        "it is one more entry of the release log, and the server follows."
    )


def _lineage(outcome: Outcome, dataset: DatasetRef, candidate: ModelRef, report: Report, verdict: Verdict) -> str:
    artefacts = {"Dataset": dataset, "Model": candidate, "Report": report, "Verdict": verdict}
    rows = [(name, f"`{artefact.digest}`", artefact.uri) for name, artefact in artefacts.items()]
    rows.append(("Holdout", f"`{report.holdout_digest}`", "the split's file"))
    rows.append(("Gate policy", f"`{verdict.policy_digest}`", "the section `gates` as JSON"))
    if verdict.champion_digest:
        rows.append(("Compared with", f"`{verdict.champion_digest}`", "the champion when it was judged"))
    if outcome.mlflow_run_id:
        rows.append(("MLflow run", f"`{outcome.mlflow_run_id}`", outcome.model))
    return "## Lineage\n\n" + _table(("What", "SHA-256 or id", "Where"), rows)


def _measured(name: str, value: Measurement) -> tuple[str, str, str]:
    low, high = value.low, value.high
    return name, number(value.value), f"{number(low)} to {number(high)}" if low is not None and high is not None else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---", *("--:" if name in {"Count", "Value", "Measured", "Accuracy"} else "---" for name in header[1:])]
    lines = [header, marks, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(f"`{label}`" for label in labels[:20])
    return shown if len(labels) <= 20 else f"{shown} and {len(labels) - 20} more"
