"""The stage `evaluate`: a model and a dataset in, a report on how the model did on the holdout out."""

from __future__ import annotations

from infra.storage import file_sha256
from tasks.datasets.folder import read_split
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.named_files import files_digest
from tasks.records import DatasetRef, Measurement, ModelRef, Report, SideBySide
from tasks.stage import stage
from tasks.store import fetch_whole, keep, workspace


def _says(report: Report) -> str:
    figures = report.metrics
    if "answer_loss" in figures:
        pairs = figures.get("preference_accuracy")
        return (
            f"token F1 {_percent(figures['token_f1'])}, {f'preference {_percent(pairs)}, ' if pairs else ''}"
            f"perplexity {figures['perplexity'].value:.2f}, p95 {figures['p95_milliseconds'].value:.0f} ms"
        )
    return (
        f"accuracy {_percent(figures['accuracy'])}, MCC {figures['mcc'].value:.3f}, ECE {figures['ece'].value:.3f}, "
        f"p99 {figures['p99_milliseconds'].value:.1f} ms"
    )


def _percent(measured: Measurement) -> str:
    ends = ", ".join("…" if end is None else f"{100 * end:.1f}" for end in (measured.low, measured.high))
    return f"{100 * measured.value:.1f} % [{ends}]"


@stage(reuse=True, also=lambda inputs: files_digest(inputs["config"]), says=_says)
def evaluate(model: ModelRef, dataset: DatasetRef, config: EvaluationConfig) -> Report:
    """Measure a model as it is served, on the holdout: quality and latency, each figure with its interval."""
    from tasks.evaluate.measured import write_measured

    model_folder, holdout = fetch_whole(model), read_split(dataset, "holdout")
    digest = file_sha256(fetch_whole(dataset) / "holdout.parquet") if len(holdout) else ""
    origin = {"model_digest": model.digest, "holdout_digest": digest}
    with workspace("evaluate") as folder:
        metrics, missing = write_measured(folder, model_folder, dataset, holdout, config, origin)
        stored = keep("reports", folder)
    figures = {"confidence": config.confidence, "metrics": metrics, "missing": missing}
    return Report(uri=stored.uri, digest=stored.digest, rows=len(holdout), **figures, **origin)


def _says_both(both: SideBySide | None) -> str:
    if both is None or "joules_per_1000" not in both.metrics:
        return "not compared"
    figures = both.metrics
    how = "modelled" if figures["energy_is_modelled"].value else "measured"
    words = [f"{figures['joules_per_1000'].value:.1f} J a thousand ({how})"]
    if "energy_ratio" in figures:
        words.append(f"{figures['energy_ratio'].value:.2f} times the champion's")
    if "slices_worse" in figures:
        words.append(f"{figures['slices_worse'].value:.0f} slices surely worse")
    return ", ".join(words)


@stage(reuse=True, says=_says_both)
def side_by_side(
    candidate: ModelRef,
    report: Report,
    champion: ModelRef | None,
    theirs: Report | None,
    dataset: DatasetRef,
    config: EvaluationConfig,
) -> SideBySide | None:
    """Measure what predictions cost, in turns with the champion's, and compare both slice by slice; of classifiers."""
    if dataset.task != "classification":
        return None
    from tasks.evaluate.classifier.side_by_side import write_side_by_side

    models, reports = (candidate, champion), (report, theirs)
    if champion and champion.digest == candidate.digest:
        models, reports = (candidate, None), (report, None)
    with workspace("side-by-side") as folder:
        metrics = write_side_by_side(folder, models, reports, dataset, config)
        stored = keep("side-by-side", folder)
    origin = {"candidate_digest": candidate.digest, "champion_digest": models[1].digest if models[1] else None}
    return SideBySide(uri=stored.uri, digest=stored.digest, metrics=metrics, **origin)
