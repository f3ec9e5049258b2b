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
    return (
        f"accuracy {_percent(figures['accuracy'])}, MCC {figures['mcc'].value:.3f}, ECE {figures['ece'].value:.3f}, "
        f"p99 {figures['p99_milliseconds'].value:.1f} ms"
    )


def _percent(measured: Measurement) -> str:
    ends = ", ".join("…" if end is None else f"{100 * end:.1f}" for end in (measured.low, measured.high))
    return f"{100 * measured.value:.1f} % [{ends}]"


@stage(reuse=True, says=_says)
def evaluate(model: ModelRef, dataset: DatasetRef, config: EvaluationConfig) -> Report:
    """Measure the exported model on the holdout: quality, calibration and latency, each with its interval."""
    from tasks.evaluate.measure import measure
    from tasks.evaluate.report import write_report
    from tasks.models.onnx_classifier import OnnxClassifier

    classifier = OnnxClassifier.load(fetch_whole(model))
    answers, milliseconds, metrics = measure(classifier, read_split(dataset, "holdout"), config)
    holdout = file_sha256(fetch_whole(dataset) / "holdout.parquet")
    origin = {"model_digest": model.digest, "holdout_digest": holdout}
    with workspace("evaluate") as folder:
        write_report(folder, answers, milliseconds, metrics, config, origin)
        stored = keep("reports", folder)
    rows = len(answers.labels)
    return Report(uri=stored.uri, digest=stored.digest, rows=rows, metrics=metrics, **origin)
