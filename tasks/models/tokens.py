"""Texts to padded token ids, straight through the `tokenizers` library: no torch, no transformers, fast for one row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from tasks.errors import CorruptArtefact

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TextTokenizer:
    """A model folder's tokenizer, cutting at the model's length."""

    tokenizer: Any
    pad_id: int
    max_tokens: int

    @classmethod
    def load(cls, folder: Path, max_tokens: int) -> TextTokenizer:
        """Read `tokenizer.json` and the padding id from a model folder. Raises CorruptArtefact without them."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise CorruptArtefact(f"{folder} has no tokenizer.json")
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length=max_tokens)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(tokenizer, config.get("pad_token_id") or 0, max_tokens)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, with the model's special tokens."""
        if len(texts) == 1:
            return [self.tokenizer.encode(texts[0]).ids]
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Ids, Ids]:
    """Token ids and attention mask, both of shape (rows, longest row), padded on the right."""
    longest = max(len(row) for row in rows)
    ids = np.full((len(rows), longest), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask


def length_sorted_batches(rows: Sequence[Sequence[int]], batch_size: int) -> Iterator[Ids]:
    """Indices of all rows in batches of like length, so that little is padded."""
    order = np.argsort([len(row) for row in rows], kind="stable")
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
