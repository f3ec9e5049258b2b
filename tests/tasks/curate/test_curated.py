"""Curated datasets: every rule with its reason, a ledger that balances, the same bytes for the same rows."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
import pytest

from tasks.curate.config import CurationConfig
from tasks.curate.curated import curate_dataset
from tasks.curate.task import summary
from tasks.datasets.folder import COLUMNS, read_quarantined, read_split
from tasks.errors import DataRejected
from tasks.records import Answers, DatasetRef
from tasks.store import fetch, keep, workspace
from tests.tasks.pii.made_up_rows import Cells, dataset, good_rows

PLAIN = CurationConfig(max_embedded_rows=0)
"""What compares meanings is off; its rooms have tests of their own."""
HOLDOUT: list[Cells] = [("held out one", "refund"), ("held out two", "delivery")]


def answered(*answers: tuple[str, str] | tuple[str, str, str]) -> Answers:
    """Stored answers from text, label and annotator."""
    listed = [(*answer, "")[:3] for answer in answers]
    columns = {
        name: pd.Series([row[place] for row in listed], dtype="str") for place, name in enumerate(("text", "label"))
    }
    ids = pd.Series([f"q{number}" for number in range(len(listed))], dtype="str")
    with workspace("answers") as folder:
        people = pd.Series([row[2] for row in listed], dtype="str")
        pd.DataFrame({"id": ids, **columns, "annotator": people}).to_parquet(folder / "answers.parquet", index=False)
        stored = keep("answers", folder)
    return Answers(uri=stored.uri, digest=stored.digest, count=len(listed))


def curated(
    *added: Cells, answers: Answers | None = None, config: CurationConfig | None = None, **splits: list[Cells]
) -> DatasetRef:
    """Forty good training rows and the added ones, curated."""
    checked = dataset(**{"train": [*good_rows(40), *added], "holdout": HOLDOUT, **splits})
    result = curate_dataset(checked, answers or answered(), config or PLAIN)
    assert result.rows_in == checked.rows_in + (answers.count if answers else 0)
    assert result.rows_in == sum(result.rows.values()) + sum(result.quarantined.values()) + result.merged
    return result


def treating(treatment: str) -> CurationConfig:
    return CurationConfig.model_validate({"compliance": {"treatment": treatment}, "max_embedded_rows": 0})


def label_of(result: DatasetRef, text: str) -> str | None:
    """The label of a text among the rows to train on; None where it is not there."""
    learned = pd.concat([read_split(result, "train"), read_split(result, "validation")])
    found = learned.loc[learned["text"] == text, "label"]
    return None if found.empty else str(found.item())


def test_repeats_with_the_same_label_are_merged_into_the_first() -> None:
    result = curated(("Where is it?", "delivery"), ("  where IS it", "delivery"), ("Where is it?", "delivery"))
    assert result.merged == 2
    assert label_of(result, "Where is it?") == "delivery"
    assert label_of(result, "  where IS it") is None


def test_repeats_with_different_labels_are_all_quarantined() -> None:
    result = curated(("where is it", "delivery"), ("Where is it?", "refund"))
    assert result.quarantined == {"conflicting_labels": 2}
    assert result.merged == 0


def test_of_repeats_with_a_clear_majority_only_the_others_are_quarantined() -> None:
    result = curated(("where is it", "delivery"), ("Where is it?", "refund"), ("where is it", "delivery"))
    assert (result.quarantined, result.merged) == ({"minority_label": 1}, 1)
    assert label_of(result, "where is it") == "delivery"


def test_training_rows_that_stand_in_the_holdout_are_quarantined() -> None:
    result = curated(("HELD out one!", "refund"), ("held out two", "refund"))
    assert result.quarantined == {"in_holdout": 2}
    assert result.rows["holdout"] == 2


def test_repeats_in_the_holdout_are_merged_and_contradictions_quarantined() -> None:
    holdout = [*HOLDOUT, ("Held out one", "refund"), ("x", "refund"), ("X", "delivery")]
    result = curated(holdout=holdout)
    assert (result.merged, result.quarantined, result.rows["holdout"]) == (1, {"conflicting_labels": 2}, 2)


def test_unlabelled_rows_that_repeat_a_labelled_one_or_each_other_are_merged() -> None:
    unlabelled: list[Cells] = [("Message number 3 about something!", None), ("Held out one", None)]
    result = curated(unlabelled=[*unlabelled, ("new", None), ("NEW", None)])
    assert (result.merged, result.rows["unlabelled"]) == (3, 1)


def test_a_text_with_contradicting_labels_stays_unlabelled_so_that_people_can_be_asked() -> None:
    result = curated(("which", "refund"), ("which", "delivery"), unlabelled=[("which", None)])
    assert result.rows["unlabelled"] == 1


def test_an_answer_to_an_unlabelled_row_becomes_a_training_row_in_its_place() -> None:
    result = curated(answers=answered(("Never seen", "refund")), unlabelled=[("never seen.", None), ("other", None)])
    assert label_of(result, "Never seen") == "refund"
    assert (result.merged, result.rows["unlabelled"]) == (1, 1)
    learned = pd.concat([read_split(result, "train"), read_split(result, "validation")])
    row = learned[learned["text"] == "Never seen"].iloc[0]
    assert (row["source"], row["id"], row["row"]) == ("labelling queue", "q0", 1)


def test_an_answer_to_a_training_row_replaces_its_label() -> None:
    result = curated(("disputed", "refund"), answers=answered(("Disputed!", "delivery")))
    assert label_of(result, "disputed") == "delivery"
    assert (result.merged, result.quarantined) == (1, {})


def test_an_answer_settles_contradicting_labels() -> None:
    result = curated(("which", "refund"), ("which", "delivery"), answers=answered(("which", "refund")))
    assert label_of(result, "which") == "refund"
    assert (result.merged, result.quarantined) == (2, {})


def test_an_answer_about_a_holdout_text_is_not_trained_on() -> None:
    assert curated(answers=answered(("held out one", "refund"))).quarantined == {"in_holdout": 1}


def test_an_answer_with_a_label_that_train_does_not_have_is_quarantined() -> None:
    result = curated(answers=answered(("new", "refnd")), unlabelled=[("new", None)])
    assert (result.quarantined, result.rows["unlabelled"]) == ({"unknown_label": 1}, 1)


def test_the_majority_of_annotators_counts() -> None:
    answers = answered(("new", "refund", "a"), ("New", "delivery", "b"), ("new.", "refund", "c"))
    result = curated(answers=answers)
    assert label_of(result, "new") == "refund"
    assert (result.merged, result.quarantined) == (1, {"outvoted": 1})
    page = (fetch(result) / "report" / "data.md").read_text(encoding="utf-8")
    assert "annotators agree with Krippendorff's alpha 0.00" in page


def test_annotators_that_disagree_without_a_majority_are_quarantined() -> None:
    answers = answered(("new", "refund", "a"), ("new", "delivery", "b"))
    result = curated(answers=answers, unlabelled=[("new", None)])
    assert (result.quarantined, result.rows["unlabelled"]) == ({"annotators_disagree": 2}, 1)


def test_ids_stay_unique_where_an_answer_has_the_id_of_another_row() -> None:
    with workspace("answers") as folder:
        texts = {"id": ["train-1", "train-1"], "text": ["new", "newer"], "label": ["refund"] * 2, "annotator": [""] * 2}
        pd.DataFrame(texts).to_parquet(folder / "answers.parquet", index=False)
        stored = keep("answers", folder)
    result = curated(answers=Answers(uri=stored.uri, digest=stored.digest, count=2))
    ids = [name for split in result.rows for name in read_split(result, split)["id"]]
    assert len(set(ids)) == len(ids) == 44


def test_personal_data_is_masked_in_every_split_and_in_the_quarantine() -> None:
    planted = "mail anna@example.com"
    result = curated(
        (planted, "refund"),
        (f"{planted} x", "refund"),
        (f"{planted} x", "delivery"),
        unlabelled=[(f"{planted} u", None)],
        holdout=[*HOLDOUT, ("call +44 7700 900123", "refund")],
    )
    assert label_of(result, "mail <EMAIL>") == "refund"
    assert "call <PHONE>" in set(read_split(result, "holdout")["text"])
    assert read_split(result, "unlabelled")["text"].tolist() == ["mail <EMAIL> u"]
    assert set(read_quarantined(result)["text"]) == {"mail <EMAIL> x"}
    assert all(b"anna@" not in path.read_bytes() for path in fetch(result).rglob("*") if path.is_file())


def test_an_answer_to_a_masked_text_finds_the_row_that_was_asked_about() -> None:
    unlabelled: list[Cells] = [("mail anna@example.com please", None)]
    result = curated(answers=answered(("mail <EMAIL> please", "refund")), unlabelled=unlabelled)
    assert label_of(result, "mail <EMAIL> please") == "refund"
    assert (result.rows["unlabelled"], result.merged) == (0, 1)


def test_rows_with_personal_data_can_be_dropped_or_kept() -> None:
    row: Cells = ("mail anna@example.com", "refund")
    dropped = curated(row, config=treating("drop"))
    assert dropped.quarantined == {"pii": 1}
    assert read_quarantined(dropped)["text"].tolist() == ["mail <EMAIL>"]
    kept = curated(row, config=treating("keep"))
    assert label_of(kept, "mail anna@example.com") == "refund"
    shown = (path for path in (fetch(kept) / "report").rglob("*") if path.is_file())
    assert all(b"anna@" not in path.read_bytes() for path in shown)


def test_a_label_with_too_few_rows_left_stops_the_run_with_the_evidence_kept() -> None:
    with pytest.raises(DataRejected) as caught:
        curated(("a", "gift"), ("b", "gift"), ("held out one", "gift"), ("b", "refund"))
    assert "1 of 3 labels have fewer than the 2 rows that their splits need: 'gift' (1)" in str(caught.value)
    assert caught.value.report_uri is not None
    assert (Path(urlparse(caught.value.report_uri).path) / "report/data.md").is_file()


def test_a_training_set_that_stands_in_the_holdout_whole_stops_the_run() -> None:
    checked = dataset(train=good_rows(10), holdout=good_rows(10))
    with pytest.raises(DataRejected, match=r"'delivery' \(0\), 'refund' \(0\)"):
        curate_dataset(checked, answered(), PLAIN)


def test_rows_are_stored_in_canonical_columns_and_one_order() -> None:
    result = curated(unlabelled=[("b", None), ("a", None)])
    for split in ("train", "validation", "holdout", "unlabelled"):
        frame = read_split(result, split)
        assert tuple(frame.columns) == COLUMNS
        assert frame["row"].is_monotonic_increasing


def test_the_same_rows_give_the_same_digest() -> None:
    assert curated(("x", "refund"), unlabelled=[("u", None)]) == curated(("x", "refund"), unlabelled=[("u", None)])


def test_the_report_is_the_flow_of_rows_with_an_example_for_each_reason() -> None:
    result = curated(("a@example.com asks", "refund"), ("a@example.com asks", "delivery"), ("held out one", "refund"))
    report = fetch(result) / "report"
    names = "coverage.csv coverage.md coverage.png data.html data.md label_counts.png quarantine.csv"
    assert sorted(path.name for path in report.iterdir()) == names.split()
    page = (report / "data.md").read_text()
    assert "| train | 43 | 0 | 3 | -4 | 36 |" in page
    assert "| **all** | 45 | 0 | 3 | 0 | 42 |" in page
    assert "| `conflicting_labels`: the same text stands there with other labels | curate | train | 2 |" in page
    assert "“&lt;EMAIL> asks”" in page
    assert (report / "label_counts.png").read_bytes().startswith(b"\x89PNG")
    assert summary(result) == "36 train, 4 validation, 2 holdout; 0 merged, 3 quarantined"


def test_rows_always_add_up() -> None:
    dice = random.Random(11)
    words = ["one", "One!", "two", "three ", "mail a@b.example.org", "held out one", "07700 900123", "", "four"]
    for treatment in ("redact", "drop", "keep", "redact"):
        labels = ("refund", "delivery")
        train: list[Cells] = [(dice.choice(words) or "five", dice.choice(labels)) for _ in range(dice.randrange(30))]
        unlabelled: list[Cells] = [(dice.choice(words) or "six", None) for _ in range(dice.randrange(10))]
        answers = answered(
            *((dice.choice(words), dice.choice((*labels, "odd")), dice.choice("ab")) for _ in range(dice.randrange(15)))
        )
        result = curated(*train, answers=answers, config=treating(treatment), unlabelled=unlabelled)
        texts = Counter(text.casefold() for split in result.rows for text in read_split(result, split)["text"])
        assert max(texts.values()) == 1
        assert read_quarantined(result)["reason"].notna().all()
