"""The room `people`: figures from a file of answers, nothing without one, and nobody named in the report."""

from __future__ import annotations

from pathlib import Path

from matplotlib.image import imread

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.people.config import PeopleConfig
from tasks.evaluate.classifier.people.measure import COLUMNS, measure_people
from tasks.evaluate.classifier.people.plot import plot_people
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tests.tasks.evaluate.classifier.known_classifier import LABELS, KnownClassifier, make_holdout

CONFIG = EvaluationConfig(bootstrap_samples=200)


def make_subject(folder: Path) -> Subject:
    holdout = make_holdout(60)
    classifier = KnownClassifier(holdout, wrong=0)
    return Subject(folder, folder, classifier, holdout, answer(classifier, holdout))


def write_answers(folder: Path, subject: Subject, people: int = 5, misled: bool = True) -> PeopleConfig:
    """Everybody errs on every third row alone; with help only where the advice is wrong, on every tenth row."""
    lines = ["person,id,help,answer,advice"]
    for person in range(people):
        rows = zip(subject.holdout["id"], subject.holdout["label"], strict=True)
        for place, (row, label) in enumerate(rows):
            other = LABELS[(LABELS.index(label) + 1) % len(LABELS)]
            advice = other if place % 10 == 1 and misled else label
            lines.append(f"worker-{person}@firm.example,{row},no,{other if place % 3 == 0 else label},")
            lines.append(f"worker-{person}@firm.example,{row},yes,{advice},{advice}")
    path = folder / "answers.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return PeopleConfig(path=str(path))


def test_reduction_and_dependency_are_measured_with_their_intervals(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    found = measure_people(subject, write_answers(tmp_path, subject), CONFIG)
    assert found.metrics["error_rate_without_help"].value == 20 / 60
    assert found.metrics["error_rate_with_help"].value == 6 / 60
    assert abs(found.metrics["human_error_reduction"].value - 0.7) < 1e-9
    assert found.metrics["autonomy_dependency"].value == 1.0
    for name, measured in found.metrics.items():
        assert measured.low is not None, name
        assert measured.high is not None, name
        assert measured.low <= measured.value <= measured.high, name


def test_a_model_that_misled_nobody_has_no_figure_of_dependency(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    found = measure_people(subject, write_answers(tmp_path, subject, misled=False), CONFIG)
    assert "autonomy_dependency" not in found.metrics
    assert found.metrics["human_error_reduction"].value == 1.0


def test_people_are_numbered_and_not_named(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    found = measure_people(subject, write_answers(tmp_path, subject), CONFIG)
    assert found.table["person"].tolist() == [number for number in range(1, 6) for _ in "yn"]
    assert "worker" not in found.table.to_csv()
    assert set(found.table.columns) == set(COLUMNS)


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    subject = make_subject(tmp_path)
    found = measure_people(subject, write_answers(tmp_path, subject), CONFIG)
    plot_people(found.table, found.metrics, tmp_path / "people.png")
    assert imread(tmp_path / "people.png")[..., :3].std() > 0.02
