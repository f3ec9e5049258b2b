"""The model card: what a person should know before relying on a model, in Markdown.

Its sections are those of Mitchell et al., "Model cards for model reporting" (2019), and of Hugging Face's model cards:
details, intended use, training data and procedure, evaluation data and figures by factor, what is known beyond quality
and what is not, limits, and energy. It holds what was measured, and says in words what was not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.datasets.folder import lineage
from tasks.models.info import ModelInfo
from tasks.records import Artefact, DatasetRef, ModelRef, Outcome, Release, Report, SideBySide, Verdict
from tasks.registry.override_card import override_section
from tasks.store import fetch
from tasks.track.card_tables import measured_row, table
from tasks.track.card_topics import told_by, topic_sections, topics_of
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
    both: SideBySide | None = None,
) -> str:
    """The card of a candidate. `config` is the run's config as plain data. Holds no row of the data.

    `both` is what was measured of candidate and champion in turns.
    """
    info = ModelInfo.read(fetch(candidate))
    name = f"{outcome.model}, release {released.number}" if released else f"{outcome.model}, a candidate"
    sections = [
        f"# {name}",
        f"{sentence(outcome)} Verdict: **{verdict.state}**.",
        *([override_section(released.override, released.verdict_digest)] if released and released.override else []),
        _details(outcome, info, candidate, released),
        _use(outcome, info, released),
        _data(dataset),
        _procedure(config, info, candidate),
        _evaluation_data(report, verdict),
        _evaluation(info, report),
        f"## Gates\n\n{gate_table(verdict.gates)}",
        *topic_sections(config, info, candidate, report, both),
        "## Limits\n\n" + "\n".join(f"- {point}" for point in limits(dataset, report, info)),
        _undo(outcome, released),
        _lineage(outcome, dataset, candidate, report, verdict, both),
    ]
    return "\n\n".join(sections) + "\n"


def _details(outcome: Outcome, info: ModelInfo, candidate: ModelRef, released: Release | None) -> str:
    return "## Model details\n\n" + table(
        ("What", "This model"), list(_detail_rows(outcome, info, candidate, released))
    )


def _detail_rows(
    outcome: Outcome, info: ModelInfo, candidate: ModelRef, released: Release | None
) -> Iterator[tuple[str, str]]:
    yield "Name", outcome.model
    if released:
        yield "Version", f"release {released.number}, of {released.at}"
        yield "Released by", released.by
    else:
        yield "Version", "a candidate, not released"
    yield "Kind", f"text classifier of {len(info.labels)} labels" if info.labels else "language model that answers"
    yield "Base model", f"`{info.base_model}`; its own card says under which licence"
    parameters = candidate.metrics.get("parameters")
    if parameters:
        yield "Parameters", f"{parameters:,.0f}"
    yield "Form", "safetensors, and ONNX to serve" if info.labels else "safetensors"
    yield "SHA-256", f"`{candidate.digest}`"


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
    named = f"\n\n{table(('Split', 'Source', 'Rows read', 'Licence', 'SHA-256'), read)}" if read else ""
    qualities = [(name, f"{value:.2%}") for name, value in dataset.qualities.items()]
    measured = f"\n\n{table(('Quality', 'Rows in order'), qualities)}" if qualities else ""
    return f"## Training data\n\nDigest `{dataset.digest}`.{named}\n\n{table(('Rows', 'Count'), rows)}{measured}"


def _procedure(config: Mapping[str, Any], info: ModelInfo, candidate: ModelRef) -> str:
    training = config.get("training", {})
    technique = training.get("technique", {})
    chosen = {f"technique.{key}": value for key, value in technique.items()} if isinstance(technique, Mapping) else {}
    settings = {key: value for key, value in training.items() if key != "technique"} | chosen
    rows = [(f"`{key}`", f"{value}") for key, value in settings.items()]
    figures = [(key.replace("_", " "), number(value)) for key, value in candidate.metrics.items()]
    text = f"## Training\n\n{training_words(info)}"
    tables = [table(("Hyper-parameter", "Value"), rows)] if rows else []
    tables += [table(("Figure", "Value"), figures)] if figures else []
    return "\n\n".join([text, *tables])


def _evaluation_data(report: Report, verdict: Verdict) -> str:
    counted = ""
    if verdict.looks:
        times = "once" if verdict.looks == 1 else f"{verdict.looks:,} times"
        counted = f" It was looked at {times} so far, a verdict about a new candidate being a look."
    worn = f"\n\n{verdict.warning}" if verdict.warning else ""
    return (
        f"## Evaluation data\n\nThe holdout: {report.rows:,} rows that nothing was trained or chosen by.{counted}{worn}"
    )


def _evaluation(info: ModelInfo, report: Report) -> str:
    interval = f"{report.confidence:.0%} interval"
    beginning, quality = group_metric(info)
    topics = topics_of(info)

    def _is_plain(name: str) -> bool:
        return not name.startswith(beginning) and not any(told_by(topic, name) for topic in topics)

    plain = [measured_row(METRICS.get(name, name), value) for name, value in report.metrics.items() if _is_plain(name)]
    groups = [
        measured_row(name.removeprefix(beginning), value)
        for name, value in report.metrics.items()
        if name.startswith(beginning)
    ]
    tables = [table(("Metric", "Measured", interval), plain)]
    if groups:
        tables.append(f"{quality} by group:\n\n" + table(("Group", quality, interval), groups))
    return "\n\n".join([f"## Evaluation\n\n{measured_words(info, report)}", *tables])


def _undo(outcome: Outcome, released: Release | None) -> str:
    if released is None:
        return "## Rolling back\n\nNothing was released, so there is nothing to roll back."
    return (
        "## Rolling back\n\n"
        f'`python -m flows.rollback {outcome.model} --why "…"` puts the release before it back; '
        "it is one more entry of the release log, and the server follows."
    )


def _lineage(
    outcome: Outcome,
    dataset: DatasetRef,
    candidate: ModelRef,
    report: Report,
    verdict: Verdict,
    both: SideBySide | None,
) -> str:
    artefacts: dict[str, Artefact] = {"Dataset": dataset, "Model": candidate, "Report": report, "Verdict": verdict}
    if both:
        artefacts["Side by side"] = both
    rows = [(name, f"`{artefact.digest}`", artefact.uri) for name, artefact in artefacts.items()]
    rows.append(("Holdout", f"`{report.holdout_digest}`", "the split's file"))
    rows.append(("Gate policy", f"`{verdict.policy_digest}`", "the section `gates` as JSON"))
    if verdict.champion_digest:
        rows.append(("Compared with", f"`{verdict.champion_digest}`", "the champion when it was judged"))
    if outcome.mlflow_run_id:
        rows.append(("MLflow run", f"`{outcome.mlflow_run_id}`", outcome.model))
    return "## Lineage\n\n" + table(("What", "SHA-256 or id", "Where"), rows)
