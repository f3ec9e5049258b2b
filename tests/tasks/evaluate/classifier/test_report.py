"""A report's folder holds what is promised, for few labels and many, with groups and without."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread

from tasks.evaluate.classifier.measure import measure
from tasks.evaluate.classifier.report import write_report
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout

CONFIG = EvaluationConfig(bootstrap_samples=100, latency_requests=100)
ORIGIN = {"model_digest": "m" * 64, "holdout_digest": "h" * 64}
FILES = {"metrics.json", "per_class.csv", "confusion_matrix.png", "reliability.png", "coverage.png", "latency.png"}


def report_of(folder: Path, holdout: pd.DataFrame, labels: tuple[str, ...]) -> Path:
    write_report(folder, *measure(KnownClassifier(holdout, labels), holdout, CONFIG), CONFIG, ORIGIN)
    return folder


@pytest.mark.parametrize(("count", "groups"), [(2, False), (12, True), (77, False)])
def test_the_folder_holds_predictions_tables_and_plots(tmp_path: Path, count: int, groups: bool) -> None:
    labels = tuple(f"label_{number:02}" for number in range(count))
    folder = report_of(tmp_path, make_holdout(300, labels, groups), labels)
    assert {path.name for path in (folder / "report").iterdir()} == FILES | ({"groups.png"} if groups else set())
    assert len(pd.read_parquet(folder / "predictions.parquet")) == 300
    assert list(pd.read_csv(folder / "report" / "per_class.csv")["label"]) == list(labels)
    for plot in (folder / "report").glob("*.png"):
        pixels = imread(plot)
        assert min(pixels.shape[:2]) > 200, plot.name
        assert pixels[..., :3].std() > 0.02, f"{plot.name} is empty"


def test_the_figures_file_is_bound_to_the_model_and_the_rows(tmp_path: Path) -> None:
    holdout = make_holdout(60)
    report_of(tmp_path, holdout, tuple(sorted(set(holdout["label"]))))
    figures = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert {name: figures[name] for name in ORIGIN} == ORIGIN
    assert figures["rows"] == 60
    assert figures["metrics"]["mcc"].keys() == {"value", "low", "high"}


def test_no_text_of_a_row_is_in_the_report(tmp_path: Path) -> None:
    holdout = make_holdout(60)
    holdout["text"] = [f"my secret {number}" for number in range(60)]
    report_of(tmp_path, holdout, tuple(sorted(set(holdout["label"]))))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"secret" not in path.read_bytes(), path


@pytest.mark.filterwarnings("error")
def test_labels_and_groups_of_odd_letters_survive(tmp_path: Path) -> None:
    labels = ("costs $5, or $6", r"$\frac{$", "plain", "退款", "long " * 30)
    holdout = make_holdout(60, labels)
    holdout["group"] = [labels[number % 2 + 1] for number in range(60)]
    folder = report_of(tmp_path, holdout, labels)
    assert list(pd.read_csv(folder / "report" / "per_class.csv")["label"]) == sorted(labels)
