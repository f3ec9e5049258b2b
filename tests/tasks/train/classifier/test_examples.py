"""Rows become examples, and examples batches, by seed and epoch alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tasks.errors import UserInputError
from tasks.train.classifier.examples import Collator, LengthGroupedSampler, by_length, read_examples


def letters(texts: list[str], **_: object) -> dict[str, list[list[int]]]:
    return {"input_ids": [[ord(letter) for letter in text] for text in texts]}


def test_labels_become_their_place_in_the_list(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": ["1", "2"], "text": ["ab", "c"], "label": ["y", "x"]})
    rows.to_parquet(tmp_path / "train.parquet")
    examples = read_examples(tmp_path, "train", ("x", "y"), letters)
    assert [(one["id"], one["input_ids"], one["labels"]) for one in examples] == [("1", [97, 98], 1), ("2", [99], 0)]
    assert "weights" not in Collator(pad_id=0)(examples)


def test_weights_go_with_the_training_rows_they_are_of(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": ["1", "2"], "text": ["ab", "c"], "label": ["y", "x"]})
    rows.to_parquet(tmp_path / "train.parquet")
    rows.to_parquet(tmp_path / "validation.parquet")
    pd.DataFrame({"id": ["2"], "weight": [2.5]}).to_parquet(tmp_path / "weights.parquet")
    batch = Collator(pad_id=0)(read_examples(tmp_path, "train", ("x", "y"), letters))
    assert batch["weights"].tolist() == [1.0, 2.5]
    assert all("weight" not in example for example in read_examples(tmp_path, "validation", ("x", "y"), letters))


def test_an_empty_validation_split_says_what_to_change(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"validation split has no rows.*curation\.validation_share"):
        read_examples(tmp_path, "validation", ("x", "y"), letters)


def test_a_label_that_training_lacks_is_named(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["1"], "text": ["a"], "label": ["z"]}).to_parquet(tmp_path / "validation.parquet")
    with pytest.raises(UserInputError, match="labels that the training rows lack: 'z'"):
        read_examples(tmp_path, "validation", ("x", "y"), letters)


def examples_of(lengths: list[int]) -> list[dict[str, object]]:
    return [{"input_ids": [1] * length, "labels": 0} for length in lengths]


def test_each_epoch_has_every_row_once_in_an_order_of_its_own() -> None:
    sampler = LengthGroupedSampler(examples_of([n % 13 + 1 for n in range(100)]), batch_size=8, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(100))
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert sorted(sampler) == list(range(100))
    assert list(sampler) != first


def test_a_batch_holds_rows_of_like_length() -> None:
    lengths = [n % 10 + 1 for n in range(80)]
    order = list(LengthGroupedSampler(examples_of(lengths), batch_size=8, seed=1))
    spans = [{lengths[index] for index in order[start : start + 8]} for start in range(0, 80, 8)]
    assert all(len(span) == 1 for span in spans)
    assert [min(span) for span in spans] != sorted(min(span) for span in spans)


def test_examples_are_sorted_by_length() -> None:
    assert [len(example["input_ids"]) for example in by_length(examples_of([3, 1, 2]))] == [1, 2, 3]


def test_a_batch_is_padded_to_its_longest_row() -> None:
    batch = Collator(pad_id=7)(examples_of([3, 1]))
    assert batch["input_ids"].tolist() == [[1, 1, 1], [1, 7, 7]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [0, 0]
