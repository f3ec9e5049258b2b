"""The comparison with what the champion was trained on: reported always, and a limit stops the run."""

from __future__ import annotations

import pytest

from tasks.errors import DataRejected
from tasks.store import fetch
from tasks.validate.compared import compare_datasets
from tasks.validate.config import ValidationConfig
from tests.tasks.pii.made_up_rows import dataset, good_rows
from tests.tasks.validate.answered_rows import answered_dataset, good_answers
from tests.tasks.validate.rejections import CONFIG


def test_rows_are_compared_with_what_the_champion_was_trained_on() -> None:
    accepted = dataset(train=good_rows(80), validation=good_rows(20, start=500), holdout=good_rows(9, ("x",)))
    now = dataset(train=[*good_rows(60), *good_rows(40, ("refund",), start=200)])
    compared = compare_datasets(now, accepted, CONFIG)
    assert compared is not None
    page = (fetch(compared) / "report/shift.md").read_text("utf-8")
    assert "The champion's 100 different training rows, as curation left them, and the 100 of now" in page
    assert "| “delivery” | 50.00% | 30.00% | -20.00 |" in page
    assert "| text | 0." in page
    assert (fetch(compared) / "report/shift.png").is_file()
    with pytest.raises(DataRejected, match=r"'delivery' \(50\.0% before, 30\.0% now\)") as caught:
        compare_datasets(now, accepted, ValidationConfig(max_label_shift=0.05))
    assert "Jensen-Shannon distance) since the champion's training" in str(caught.value)
    longer = dataset(train=[(f"{text} " * 3, label) for text, label in good_rows(80)])
    with pytest.raises(DataRejected, match=r"the lengths of the column text have moved by 1\.000"):
        compare_datasets(longer, accepted, ValidationConfig(max_length_shift=0.2))


def test_rows_of_another_task_than_the_champions_are_not_compared() -> None:
    instructions = answered_dataset("instruction", train=good_answers())
    assert compare_datasets(instructions, dataset(train=good_rows()), ValidationConfig(max_label_shift=0.01)) is None
