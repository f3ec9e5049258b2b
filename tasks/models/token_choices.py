"""What a language model's network preferred in training, before adapters were merged and anything was stored.

`token_choices.json` stands beside the weights: of each token of a few rows' answers whether the network, reading what
stands before it, held it for the likeliest, and else which one. The rows' own words are nowhere in it. Whoever loads
the model folder can hold every later form of the network to it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tasks.errors import CorruptArtefact
from tasks.models.answer_probe import single_precision
from tasks.models.asked_rows import asked_rows
from tasks.models.language_model import LanguageModel

FILE = "token_choices.json"
MOST_ROWS = 256


def rows_to_ask(dataset_folder: Path) -> pd.DataFrame:
    """At most 256 answered rows, `id`, `text` and `answer`: the validation split's by id, then the training split's."""
    return asked_rows(dataset_folder, ["id", "text", "answer"], [], MOST_ROWS)


def token_choices(model: LanguageModel, rows: pd.DataFrame) -> dict[str, list[int]]:
    """By row id what `LanguageModel.answer_choices` says of the row's answer, in single precision."""
    with single_precision(model):
        return choices_as_it_is(model, rows)


def choices_as_it_is(model: LanguageModel, rows: pd.DataFrame) -> dict[str, list[int]]:
    """The same in whatever precision the network is held in."""
    found = model.answer_choices(rows["text"].tolist(), rows["answer"].tolist())
    return dict(zip(rows["id"].astype(str), found, strict=True))


def same_tokens(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of places at which both prefer the same token. Raises ValueError where they are not of one answer."""
    if len(one) != len(other) or not one:
        raise ValueError(f"choices of {len(one)} and of {len(other)} tokens are not of one answer")
    return sum(first == second for first, second in zip(one, other, strict=True)) / len(one)


def write_token_choices(folder: Path, choices: dict[str, list[int]]) -> None:
    """Write into the model's folder what its network preferred."""
    (folder / FILE).write_text(json.dumps({"choices": choices}), encoding="utf-8")


def read_token_choices(folder: Path) -> dict[str, list[int]] | None:
    """What the network preferred, by row id; None where the folder holds nothing of it.

    Raises CorruptArtefact where the file is not valid.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["choices"]
        return {str(row): [int(token) for token in tokens] for row, tokens in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptArtefact(f"{path} is not valid: {error}") from None
