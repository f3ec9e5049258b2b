"""The light tokenizer gives what the model's own tokenizer gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.errors import CorruptArtefact
from tasks.models.bundled import resolve_base_model
from tasks.models.tokens import TextTokenizer, length_sorted_batches, pad

TEXTS = ["Hello", "", "  two  spaces\tand\nlines ", "Ünïcödé 你好 🙂", "why was I charged £3.50??", "long " * 400]


def test_ids_are_those_of_the_models_own_tokenizer() -> None:
    from transformers import AutoTokenizer

    folder = Path(resolve_base_model("bundled:minilm-l6"))
    expected = AutoTokenizer.from_pretrained(folder)(TEXTS, truncation=True, max_length=32)["input_ids"]
    light = TextTokenizer.load(folder, 32)
    assert light.encode(TEXTS) == expected
    assert [light.encode([text])[0] for text in TEXTS] == expected


def test_a_folder_without_a_tokenizer_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CorruptArtefact, match=r"no tokenizer\.json"):
        TextTokenizer.load(tmp_path, 32)


def test_padding_is_on_the_right_and_masked() -> None:
    ids, mask = pad([[5, 6, 7], [8]], pad_id=9)
    assert ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_batches_hold_every_row_once_and_grow_in_length() -> None:
    rows = [[0] * length for length in (7, 1, 5, 3, 2)]
    batches = list(length_sorted_batches(rows, 2))
    assert np.concatenate(batches).tolist() == [1, 4, 3, 2, 0]
