"""The model card: what a person should know before relying on a model (Mitchell et al., 2019), in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.datasets.folder import lineage
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, Measurement, ModelRef, Outcome, Release, Report, Verdict
from tasks.registry.override_card import override_section
from tasks.store import fetch
from tasks.track.card_words import METRICS, group_metric, limits, measured_words, purpose, training_words
from tasks.track.outcome import gate_table, number, sentence


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
        *([override_section(released.override, released.verdict_digest)] if released and released.override else []),
        _use(outcome, info, released),
        _data(dataset),
        _procedure(config, info, candidate),
        _evaluation(config, info, report),
        f"## Gates\n\n{gate_table(verdict.gates)}",
        "## Limits\n\n" + "\n".join(f"- {point}" for point in limits(dataset, report, info)),
        _undo(outcome, released),
        _lineage(outcome, dataset, candidate, report, verdict),
    ]
    return "\n\n".join(sections) + "\n"


def _use(outcome: Outcome, info: ModelInfo, released: Release | None) -> str:
    load = f'mlflow.pyfunc.load_model("models:/{outcome.model}@champion").predict(frame)'
    how = f"\n\nFrom MLflow: `{load}`, where `frame` has a column `text`." if released else ""
    return f"## Intended use\n\n{purpose(info)}{how}"


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
    text = f"## Training\n\n{training_words(info)}"
    tables = [_table(("Hyper-parameter", "Value"), rows)] if rows else []
    tables += [_table(("Figure", "Value"), figures)] if figures else []
    return "\n\n".join([text, *tables])


def _evaluation(config: Mapping[str, Any], info: ModelInfo, report: Report) -> str:
    level = config.get("evaluation", {}).get("confidence")
    interval = f"{level:.0%} interval" if isinstance(level, float) else "Interval"
    beginning, quality = group_metric(info)
    plain = [_measured(METRICS.get(name, name), value) for name, value in report.metrics.items() if "." not in name]
    groups = [
        _measured(name.removeprefix(beginning), value)
        for name, value in report.metrics.items()
        if name.startswith(beginning)
    ]
    tables = [_table(("Metric", "Measured", interval), plain)]
    if groups:
        tables.append(f"{quality} by group:\n\n" + _table(("Group", quality, interval), groups))
    return "\n\n".join([f"## Evaluation\n\n{measured_words(info, report)}", *tables])


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
    marks = [
        "---",
        *("--:" if name in {"Count", "Value", "Measured", "Accuracy", "Token F1"} else "---" for name in header[1:]),
    ]
    lines = [header, marks, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
