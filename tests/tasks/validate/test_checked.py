"""Checked datasets: what is kept, what is set aside and why, what stops the run, and the evidence of it all."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
import pytest

from tasks.datasets.folder import read_quarantined, read_split
from tasks.errors import DataRejected
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig
from tasks.validate.task import summary
from tests.tasks.pii.made_up_rows import Cells, dataset, good_rows

CONFIG = ValidationConfig()


def rejection(config: ValidationConfig = CONFIG, **splits: Iterable[Cells]) -> tuple[str, Path]:
    """The message of the rejection that the splits meet with, and the folder of its evidence."""
    with pytest.raises(DataRejected) as caught:
        check_dataset(dataset(**splits), config)
    assert caught.value.exit_code == 3
    assert caught.value.report_uri is not None
    return str(caught.value), Path(urlparse(caught.value.report_uri).path)


def mixed() -> DatasetRef:
    """A dataset with four bad rows of three kinds, one of them with personal data and markup."""
    train = [*good_rows(80), (None, "refund"), ("", "refund"), ("call 07700 900123", None)]
    planted = ("<script>alert(1)</script> ask anna.kowal@example.com " + "very " * 2000, "delivery")
    return dataset(train=[*train, planted], holdout=good_rows(10, start=500), unlabelled=[("a text", None)])


def test_bad_rows_are_quarantined_with_the_expectations_name() -> None:
    raw = mixed()
    checked = check_dataset(raw, CONFIG)
    assert checked.rows == {"train": 80, "holdout": 10, "unlabelled": 1}
    assert checked.rows_in == raw.rows_in
    assert checked.quarantined == {
        "expect_column_values_to_not_be_null(text)": 1,
        "expect_column_values_to_match_regex(text)": 1,
        "expect_column_values_to_not_be_null(label)": 1,
        "expect_column_value_lengths_to_be_between(text)": 1,
    }
    aside = read_quarantined(checked)
    assert set(aside["split"]) == {"train"}
    assert set(aside["stage"]) == {"validate"}
    assert sorted(aside["row"]) == [81, 82, 83, 84]
    assert read_split(checked, "train")["row"].tolist() == list(range(1, 81))


def test_the_line_for_people_gives_counts_and_reasons_in_words() -> None:
    line = summary(check_dataset(mixed(), CONFIG))
    assert line.startswith("91 kept, 4 quarantined (1 ")
    for words in ("1 missing text", "1 empty text", "1 missing label", "1 text too short or too long"):
        assert words in line


def test_the_report_shows_no_personal_data_no_markup_and_no_long_cell() -> None:
    report = fetch(check_dataset(mixed(), CONFIG)) / "report"
    files = sorted(path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file())
    pages = [f"data_docs/{name}.html" for name in ("holdout", "index", "train", "unlabelled")]
    assert files == [*pages, "quarantine.csv", "summary.md"]
    for name in files:
        shown = (report / name).read_text(encoding="utf-8")
        assert "example.com" not in shown
        assert "900123" not in shown
        assert "very " * 200 not in shown
    docs = (report / "data_docs/train.html").read_text(encoding="utf-8")
    assert "&lt;EMAIL&gt;" in docs
    assert "<script>alert" not in docs
    assert len(pd.read_csv(report / "quarantine.csv")) == 4


def test_data_docs_hold_no_times_no_broken_links_and_nothing_from_other_hosts() -> None:
    docs = fetch(check_dataset(mixed(), CONFIG)) / "report/data_docs"
    for page in docs.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"20[2-9]\d-?[01]\d-?[0-3]\dT\d", text), page.name
        assert not re.search(r"<script|<link|<img|https?://", text), page.name
        links = re.findall(r'<a[^>]*href="([^"#:]+)"', text)
        assert [link for link in links if not (docs / link).is_file()] == []


def test_the_same_rows_give_the_same_digest() -> None:
    raw = mixed()
    first = check_dataset(raw, CONFIG)
    assert check_dataset(raw, CONFIG) == first


def test_nothing_is_left_behind_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    check_dataset(dataset(train=good_rows()), CONFIG)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_cell_of_200_kilobytes_is_quarantined_by_its_length() -> None:
    checked = check_dataset(dataset(train=[*good_rows(), ("word " * 40_000, "refund")]), CONFIG)
    assert checked.quarantined == {"expect_column_value_lengths_to_be_between(text)": 1}
    assert sum(path.stat().st_size for path in (fetch(checked) / "report").rglob("*") if path.is_file()) < 100_000


def test_some_missing_labels_are_quarantined_and_many_stop_the_run() -> None:
    few = check_dataset(dataset(train=[*good_rows(), ("no label", None)]), CONFIG)
    assert few.quarantined == {"expect_column_values_to_not_be_null(label)": 1}
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
    assert checked.quarantined == {"expect_column_values_to_be_in_set(label)": 2}
    assert checked.labels == ("delivery", "refund")
    message, _ = rejection(config, train=train, holdout=[*holdout, ("new", "invoice")])
    assert "the holdout has 1 row with labels that train never has: 'invoice' (1 row)" in message


def test_too_many_bad_rows_in_the_holdout_stop_the_run() -> None:
    message, _ = rejection(train=good_rows(), holdout=[*good_rows(5, start=300), ("", "refund")])
    assert "1 of the 6 rows of the split holdout (16.7%)" in message


def test_rows_always_add_up() -> None:
    dice = random.Random(4)
    lenient = ValidationConfig(max_quarantined_share=1, min_rows=2, min_rows_per_label=2, labels=("a", "b"))
    for _ in range(6):
        cells: list[Cells] = [*good_rows(8, ("a", "b"))]
        cells += [
            (dice.choice(["", " ", None, "fine", "x" * 6000]), dice.choice(["a", "b", "c", None])) for _ in range(30)
        ]
        raw = dataset(train=cells, unlabelled=[(text, None) for text, _ in cells[5:]])
        checked = check_dataset(raw, lenient)
        assert raw.rows_in == sum(checked.rows.values()) + sum(checked.quarantined.values()) + checked.merged
        aside = read_quarantined(checked)
        ids = [*read_split(checked, "train")["id"], *read_split(checked, "unlabelled")["id"], *aside["id"]]
        assert len(set(ids)) == len(ids) == raw.rows_in
        assert aside["reason"].notna().all()


def test_a_text_length_that_nothing_can_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no text could pass"):
        ValidationConfig(min_text_characters=10, max_text_characters=5)
