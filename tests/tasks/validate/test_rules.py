"""What stops a run: the message names the cause, the first row, and what to do."""

from __future__ import annotations

import pandas as pd

from tasks.store import fetch
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig
from tests.tasks.pii.made_up_rows import dataset, good_rows
from tests.tasks.validate.rejections import CONFIG, rejection


def test_some_missing_labels_are_quarantined_and_many_stop_the_run() -> None:
    few = check_dataset(dataset(train=[*good_rows(), ("no label", None)]), CONFIG)
    assert few.quarantined == {"missing_label": 1}
    message, folder = rejection(train=[*good_rows(60), *((text, None) for text, _ in good_rows(20, start=90))])
    assert "20 of the 80 rows of the split train (25.0%) fail their checks" in message
    assert "validation.max_quarantined_share allows 10.0%" in message
    assert "20 missing label" in message
    assert "row 61 of train.csv" in message
    assert f"{folder.as_uri()}/report" in message
    assert len(pd.read_csv(folder / "report/quarantine.csv")) == 20
    assert (folder / "report/data_docs/train.html").is_file()


def test_labels_that_are_all_missing_stop_the_run() -> None:
    message, _ = rejection(train=[(text, None) for text, _ in good_rows()])
    assert "60 missing label" in message


def test_an_empty_set_stops_the_run() -> None:
    message, folder = rejection(train=[])
    assert "the split train has no rows" in message
    assert (folder / "report/summary.md").is_file()
    message, _ = rejection(train=good_rows(), holdout=[])
    assert "the split holdout has no rows" in message


def test_too_few_rows_stop_the_run() -> None:
    message, _ = rejection(train=[*good_rows(30), ("", "refund")])
    assert "has 30 good rows (31 came in; 1 empty text), and validation.min_rows asks for 50" in message


def test_one_class_only_stops_the_run() -> None:
    message, _ = rejection(train=good_rows(labels=("refund",)))
    assert "all 60 good rows of the split train have the one label 'refund'" in message


def test_a_label_with_too_few_rows_stops_the_run_and_is_named() -> None:
    message, _ = rejection(train=[*good_rows(), ("mistyped", "refnd"), ("once more", "refnd"), ("this", "delivry")])
    assert "2 of 4 labels" in message
    assert "'delivry' (1 row), 'refnd' (2 rows)" in message
    assert "row 63 of train.csv" in message


def test_a_label_that_only_the_validation_split_has_stops_the_run() -> None:
    message, _ = rejection(train=good_rows(), validation=[*good_rows(20, start=300), ("new here", "invoice")])
    assert "the validation split has 1 row with labels that train never has: 'invoice' (1 row)" in message
    assert "row 21 of validation.csv" in message


def test_a_difference_between_train_and_validation_stops_the_run_and_null_only_reports_it() -> None:
    train = good_rows(300)
    validation = [*good_rows(190, start=500), *((text, None) for text, _ in good_rows(10, start=900))]
    message, folder = rejection(train=train, validation=validation)
    assert "train and the validation split differ in the column label" in message
    assert (
        "0.00% (0 of 300) of its values are missing in train, and 5.00% (10 of 200) in the validation split" in message
    )
    assert "5.00 percentage points, more than chance, and validation.max_difference allows 0.5" in message
    assert "The first of them in validation is row 191 of validation.csv" in message
    line = "| label | missing | validation | 0.00% | 5.00% | 5.00 | above the limit and more than chance |"
    assert line in (folder / "report/summary.md").read_text("utf-8")
    checked = check_dataset(dataset(train=train, validation=validation), ValidationConfig(max_difference=None))
    assert checked.quarantined == {"missing_label": 10}
    assert "5.00 | reported only |" in (fetch(checked) / "report/summary.md").read_text("utf-8")


def test_a_label_that_only_the_holdout_has_stops_the_run_instead_of_being_quarantined() -> None:
    holdout = [*good_rows(10, start=300), ("new here", "invoice"), ("new too", "invoice"), ("old", "gift")]
    message, folder = rejection(train=good_rows(), holdout=holdout)
    assert "the holdout has 3 rows with labels that train never has: 'gift' (1 row), 'invoice' (2 rows)" in message
    assert "row 11 of holdout.csv" in message
    assert "failed" in (folder / "report/data_docs/index.html").read_text()


def test_configured_labels_set_others_aside_and_must_stand_in_train_if_the_holdout_has_them() -> None:
    config = ValidationConfig(labels=("refund", "delivery", "invoice"))
    train, holdout = [*good_rows(), ("typo", "refnd")], [*good_rows(20, start=300), ("typo", "refnd")]
    checked = check_dataset(dataset(train=train, holdout=holdout), config)
    assert checked.quarantined == {"unknown_label": 2}
    assert checked.labels == ("delivery", "refund")
    message, _ = rejection(config, train=train, holdout=[*holdout, ("new", "invoice")])
    assert "the holdout has 1 row with labels that train never has: 'invoice' (1 row)" in message


def test_too_many_bad_rows_in_the_holdout_stop_the_run() -> None:
    message, _ = rejection(train=good_rows(), holdout=[*good_rows(5, start=300), ("", "refund")])
    assert "1 of the 6 rows of the split holdout (16.7%)" in message


def test_rows_that_must_not_be_there_stop_the_run_and_the_first_is_named() -> None:
    entry = {"type": "expect_column_values_to_not_match_regex", "column": "text", "arguments": {"regex": "number 7 "}}
    config = ValidationConfig.model_validate({"expectations": [{**entry, "otherwise": "stop"}]})
    message, _ = rejection(config, train=good_rows())
    assert (
        "expect_column_values_to_not_match_regex(text): 1 row of 60 fail it, the first is row 8 of train.csv" in message
    )
