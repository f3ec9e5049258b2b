"""The stage `evaluate`: a model and a dataset in, a report on how the model did on the holdout out."""

from __future__ import annotations

from infra.storage import file_sha256
from tasks.datasets.folder import read_split
from tasks.evaluate.config import EvaluationConfig
from tasks.records import DatasetRef, Measurement, ModelRef, Report
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


@stage(reuse=True, says=_says)
def evaluate(model: ModelRef, dataset: DatasetRef, config: EvaluationConfig) -> Report:
    """Measure a model as it is served, on the holdout: quality and latency, each figure with its interval."""
    from tasks.evaluate.measured import write_measured

    model_folder, holdout = fetch_whole(model), read_split(dataset, "holdout")
    digest = file_sha256(fetch_whole(dataset) / "holdout.parquet") if len(holdout) else ""
    origin = {"model_digest": model.digest, "holdout_digest": digest}
    with workspace("evaluate") as folder:
        metrics = write_measured(folder, model_folder, holdout, dataset.task, config, origin)
        stored = keep("reports", folder)
    return Report(uri=stored.uri, digest=stored.digest, rows=len(holdout), metrics=metrics, **origin)
