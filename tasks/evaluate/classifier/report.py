"""A report's folder: predictions row by row, and in `report/` what people look at."""

from __future__ import annotations

import json
from pathlib import Path

from tasks.evaluate.classifier.answers import Answers, predictions
from tasks.evaluate.classifier.measure import GROUP_METRIC, by_label
from tasks.evaluate.classifier.plots import plot_confusion_matrix, plot_coverage, plot_reliability
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.plots import plot_groups, plot_latency
from tasks.metrics.calibration import Floats
from tasks.records import Measurement


def write_report(
    folder: Path,
    answers: Answers,
    milliseconds: Floats,
    metrics: dict[str, Measurement],
    config: EvaluationConfig,
    origin: dict[str, str],
) -> None:
    """Fill an empty folder. `origin` names what was measured and on what; no row's text is written."""
    predictions(answers).to_parquet(folder / "predictions.parquet", index=False)
    report = folder / "report"
    report.mkdir(exist_ok=True)
    figures = {
        **origin,
        "rows": len(answers.labels),
        "timed_requests": len(milliseconds),
        "confidence": config.confidence,
        "metrics": {name: value.model_dump() for name, value in metrics.items()},
    }
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    (report / "metrics.json").write_text(text, encoding="utf-8")
    by_label(answers, config.confidence).to_csv(report / "per_class.csv", index=False, float_format="%.6g")
    plot_confusion_matrix(answers, report / "confusion_matrix.png")
    plot_reliability(answers, config, metrics["ece_uncalibrated"], metrics["ece"], report / "reliability.png")
    plot_coverage(answers, config.confidence, report / "coverage.png")
    tail = ("p99", metrics["p99_milliseconds"])
    plot_latency(milliseconds, metrics["p50_milliseconds"], tail, report / "latency.png")
    groups = {
        name.removeprefix(GROUP_METRIC): value for name, value in metrics.items() if name.startswith(GROUP_METRIC)
    }
    if groups:
        plot_groups(metrics["accuracy"], groups, report / "groups.png")
