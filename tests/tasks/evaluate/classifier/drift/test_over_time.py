"""Quality over time: a model that got worse is found, one that did not is not, and dates are never torn apart."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
from matplotlib.image import imread

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.drift.config import DriftConfig
from tasks.evaluate.classifier.drift.measure import measure_drift
from tasks.evaluate.classifier.drift.over_time import curve_over_time
from tasks.evaluate.classifier.drift.plot import plot_drift
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.drift.keyword_classifier import KeywordClassifier, make_rows, make_subject

EVALUATION = EvaluationConfig(bootstrap_samples=200)


def days(rows: int, a_day: int = 1) -> list[str]:
    """A date a row, `a_day` rows of each, from the newest to the oldest."""
    start = pd.Timestamp("2026-01-01", tz="UTC")
    moments = [start + pd.Timedelta(days=(rows - 1 - number) // a_day) for number in range(rows)]
    return [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments]


def fading(rows: int = 240) -> pd.DataFrame:
    """Rows of which the newest quarter names no keyword that the classifier knows."""
    frame = make_rows(rows).assign(date=days(rows))
    unknown = frame["text"].str.replace(r"plasticcard|secretword|repayment", "thing", regex=True)
    return frame.assign(text=frame["text"].where(frame.index >= rows // 4, unknown))


def test_a_model_that_fails_the_newest_rows_is_found_and_gated_on(tmp_path: Path) -> None:
    found = measure_drift(make_subject(tmp_path, KeywordClassifier(any_case=True), fading()), DriftConfig(), EVALUATION)
    curve = found.table[found.table["shift"] == "over_time"].reset_index(drop=True)
    assert curve["accuracy"].tolist()[:3] == [1.0, 1.0, 1.0]
    assert curve["accuracy"][3] < 0.5
    assert curve["strength"].is_monotonic_increasing
    assert curve["oldest"][0] == "2026-01-01T00:00:00Z"
    assert (curve["newest"].iloc[:-1].to_numpy() < curve["oldest"].iloc[1:].to_numpy()).all()
    newer = found.metrics["accuracy_of_newer_rows"]
    lost = found.metrics["accuracy_lost_to_drift"]
    assert newer.value == (1.0 + curve["accuracy"][3]) / 2
    assert lost.value >= 1 - newer.value
    assert lost.low is not None
    assert lost.low > 0.1


def test_a_steady_model_loses_nothing_that_is_sure() -> None:
    rows = make_rows(240).assign(date=days(240))
    curve = curve_over_time(answer(KeywordClassifier(any_case=True), rows), rows["date"], EVALUATION, 0.95)
    assert curve is not None
    assert (curve.judged.value, curve.loss.value) == (1.0, 0.0)
    assert curve.loss.low is not None
    assert curve.loss.high is not None
    assert curve.loss.low < 0 < curve.loss.high < 0.05


def test_rows_of_one_date_stay_together_and_those_without_one_are_left_out() -> None:
    rows = make_rows(240).assign(date=days(240, a_day=50))
    rows.loc[::10, "date"] = None
    curve = curve_over_time(answer(KeywordClassifier(any_case=True), rows), rows["date"], EVALUATION, 0.95)
    assert curve is not None
    assert sum(int(str(point["rows"])) for point in curve.points) == 216
    spans = [(str(point["oldest"]), str(point["newest"])) for point in curve.points]
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_too_few_rows_or_dates_are_not_measured() -> None:
    rows = make_rows(240)
    answers = answer(KeywordClassifier(), rows)
    same_day = pd.Series(["2026-01-01T00:00:00Z"] * 240)
    few = pd.Series(days(240)).where(rows.index < 79)
    nearly_one = same_day.where(rows.index > 5, "2026-01-02T00:00:00Z")
    for dates in (rows["date"], same_day, few, nearly_one):
        assert curve_over_time(answers, dates, EVALUATION, 0.95) is None


def test_the_picture_has_a_panel_more(tmp_path: Path) -> None:
    plain = measure_drift(make_subject(tmp_path, KeywordClassifier(any_case=True)), DriftConfig(), EVALUATION)
    dated = measure_drift(make_subject(tmp_path, KeywordClassifier(any_case=True), fading()), DriftConfig(), EVALUATION)
    for name, found in (("plain", plain), ("dated", dated)):
        plot_drift(found.table, found.metrics, tmp_path / f"{name}.png")
    assert imread(tmp_path / "dated.png").shape[0] > imread(tmp_path / "plain.png").shape[0]
