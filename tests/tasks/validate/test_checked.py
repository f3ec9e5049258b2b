"""Checked datasets: what is kept, what is set aside and why, what stops the run, and the evidence of it all."""

from __future__ import annotations

import random
import re
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from tasks.datasets.folder import empty_rows, keep_dataset, read_quarantined, read_split, read_test_sets
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig
from tasks.validate.task import summary
from tests.tasks.pii.made_up_rows import Cells, dataset, good_rows, rows
from tests.tasks.validate.answered_rows import answered_dataset, chat, good_answers
from tests.tasks.validate.rejections import CONFIG, rejection


def mixed() -> DatasetRef:
    """A dataset with four bad rows of three kinds, one of them with personal data and markup."""
    train = [*good_rows(80), (None, "refund"), ("", "refund"), ("call 07700 900123", None)]
    planted = ("<script>alert(1)</script> ask anna.kowal@example.com " + "very " * 2000, "delivery")
    return dataset(train=[*train, planted], holdout=good_rows(10, start=500), unlabelled=[("a text", None)])


def test_bad_rows_are_quarantined_under_a_short_reason() -> None:
    raw = mixed()
    checked = check_dataset(raw, CONFIG)
    assert checked.rows == {"train": 80, "holdout": 10, "unlabelled": 1}
    assert checked.rows_in == raw.rows_in
    assert checked.quarantined == {
        "missing_text": 1,
        "empty_text": 1,
        "missing_label": 1,
        "text_too_long": 1,
    }
    aside = read_quarantined(checked)
    assert set(aside["split"]) == {"train"}
    assert set(aside["stage"]) == {"validate"}
    assert sorted(aside["row"]) == [81, 82, 83, 84]
    assert read_split(checked, "train")["row"].tolist() == list(range(1, 81))


def test_the_line_for_people_gives_counts_and_reasons_in_words() -> None:
    line = summary(check_dataset(mixed(), CONFIG))
    assert line.startswith("91 kept, 4 quarantined (1 ")
    for words in ("1 missing text", "1 empty text", "1 missing label", "1 text too long"):
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
    assert checked.quarantined == {"text_too_long": 1}
    assert sum(path.stat().st_size for path in (fetch(checked) / "report").rglob("*") if path.is_file()) < 100_000


def test_the_expectation_stands_beside_the_reason_wherever_people_look() -> None:
    name = "expect_column_values_to_not_be_null(label)"
    report = fetch(check_dataset(mixed(), CONFIG)) / "report"
    rows = pd.read_csv(report / "quarantine.csv")
    assert dict(zip(rows["reason"], rows["expectation"], strict=True))["missing_label"] == name
    assert f"| missing label | `missing_label` | `{name}` | 1 | 83 |" in (report / "summary.md").read_text("utf-8")
    assert f"<td>missing_label</td><td>{name}</td>" in (report / "data_docs/index.html").read_text("utf-8")


def test_rows_always_add_up() -> None:
    dice = random.Random(4)
    lenient = ValidationConfig(max_quarantined_share=1, min_rows=2, min_rows_per_label=2, labels=("a", "b"))
    for _ in range(3):
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


OWN = {
    "expectations": [
        {
            "type": "expect_column_values_to_not_match_regex",
            "column": "text",
            "arguments": {"regex": "anna.kowal@example.com|<b>$"},
            "splits": ["train"],
            "reason": "signature",
        },
        {"type": "expect_table_row_count_to_be_between", "arguments": {"min_value": 9}, "otherwise": "stop"},
        {
            "type": "expect_column_distinct_values_to_be_in_set",
            "column": "label",
            "arguments": {"value_set": ["refund", "delivery"]},
            "otherwise": "stop",
        },
    ]
}


def test_own_expectations_set_rows_aside_and_stop_runs_and_their_pages_show_no_personal_data() -> None:
    config = ValidationConfig.model_validate(OWN)
    signed = ("Yours, anna.kowal@example.com", "refund")
    checked = check_dataset(dataset(train=[*good_rows(), signed], unlabelled=[signed]), config)
    assert checked.quarantined == {"signature": 1}
    assert summary(checked) == "61 kept, 1 quarantined (1 signature)"
    docs = fetch(checked) / "report/data_docs"
    for page in docs.glob("*.html"):
        assert "example.com" not in page.read_text("utf-8"), page.name
    index = (docs / "index.html").read_text("utf-8")
    assert "<td>expect_table_row_count_to_be_between</td><td>stops the run</td><td>met</td><td></td>" in index
    message, folder = rejection(config, train=[*good_rows(), *[("other words", "anna.kowal@example.com")] * 9])
    assert (
        "the split train does not meet validation.expectations[2], expect_column_distinct_values_to_be_in_set(label)"
        in (message)
    )
    for page in (folder / "report").rglob("*.*"):
        assert b"example.com" not in page.read_bytes(), page.name


def test_an_own_expectation_that_the_library_cannot_check_is_named() -> None:
    entry = {"type": "expect_column_mean_to_be_between", "column": "text", "arguments": {"min_value": 3}}
    config = ValidationConfig.model_validate({"expectations": [{**entry, "otherwise": "stop"}]})
    with pytest.raises(UserInputError, match=r"expectations\[0\]: expect_column_mean_to_be_between\(text\) cannot be"):
        check_dataset(dataset(train=good_rows()), config)


def test_preferences_are_checked_kept_with_their_task_and_shown_with_their_answers() -> None:
    raw = answered_dataset("preference", train=[*good_answers(), ("Call?", "07700 900123", "07700 900123")])
    checked = check_dataset(raw, CONFIG)
    assert (checked.task, checked.rows, checked.quarantined) == ("preference", {"train": 60}, {"same_answers": 1})
    report = fetch(checked) / "report"
    rows = pd.read_csv(report / "quarantine.csv")
    assert rows["expectation"].tolist() == ["expect_column_values_to_not_be_in_set(answers)"]
    assert rows["answer"].tolist() == ["<PHONE>"]
    assert "900123" not in (report / "data_docs/train.html").read_text("utf-8")
    assert check_dataset(raw, CONFIG) == checked


def test_chats_whose_roles_are_out_of_order_are_set_aside() -> None:
    good = [(chat(("user", text or "")), answer, None) for text, answer, _ in good_answers()]
    bad = (chat(("assistant", "Hi."), ("user", "Hi.")), "Hello.", None)
    checked = check_dataset(answered_dataset("chat", train=[*good, bad], unlabelled=[good[0]]), CONFIG)
    assert checked.quarantined == {"roles_out_of_order": 1}
    assert checked.rows == {"train": 60, "unlabelled": 1}


def test_synthetic_rows_and_public_test_sets_travel_along() -> None:
    frame = rows(good_rows()).assign(made_by=pd.Series([None] * 59 + ["typos"], dtype="str"))
    texts = pd.Series(["What is two and two?"], dtype="str")
    raw = keep_dataset(
        {"train": frame}, empty_rows(), rows_in=59, made=1, merged=0, origin={}, test_sets={"sums": texts}
    )
    checked = check_dataset(raw, CONFIG)
    assert (checked.rows_in, checked.made) == (59, 1)
    assert read_test_sets(checked)["sums"].tolist() == texts.tolist()
    assert read_split(checked, "train")["made_by"].tolist()[-1] == "typos"
