"""What a language model says to the rows of the holdout: the likelihood of every wanted answer, and answers of its own.

Every row's wanted answer is scored; a sample of the rows is answered in full, because that takes long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.holdout import require_measurable
from tasks.metrics.generation import exact_match, json_valid, rouge_l, token_f1
from tasks.models.conversation import without_reasoning

Floats = npt.NDArray[np.float64]
SCORES = ("exact_match", "token_f1", "rouge_l")
COLUMNS = (
    "id",
    "group",
    "reference",
    "generated",
    "cut",
    *SCORES,
    "json_valid",
    "answer_log_probability",
    "answer_tokens",
    "rejected_log_probability",
    "rejected_tokens",
    "preferred",
)


class Speaker(Protocol):
    """What is asked of a model."""

    stop_ids: frozenset[int]

    def generate_tokens(self, texts: Sequence[str], *, max_new_tokens: int) -> list[list[list[int]]]:
        """The likeliest answer to each text, in token ids, as a list of one."""

    def decoded(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens."""

    def answer_log_probabilities(
        self, texts: Sequence[str], answers: Sequence[str]
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Sum of log probabilities and number of tokens of each answer, both of shape (texts,)."""


def answers_of(model: Speaker, holdout: pd.DataFrame, config: EvaluationConfig) -> pd.DataFrame:
    """A row each, with COLUMNS: log probabilities in nats, and null where a row was not answered or has no such value.

    `preferred` is whether the wanted answer's log probability a token is above the rejected one's: a mean, since a sum
    prefers whichever is shorter. Raises UserInputError where the holdout has no rows, or a row has no answer.
    """
    require_measurable(holdout, "answer")
    texts, wanted = holdout["text"].astype(str).tolist(), holdout["answer"].astype(str).tolist()
    sums, tokens = model.answer_log_probabilities(texts, wanted)
    rows = pd.DataFrame(
        {
            "id": holdout["id"].astype(str).to_numpy(dtype=object),
            "group": holdout["group"].astype(object).where(holdout["group"].notna(), None).to_numpy(dtype=object),
            "reference": wanted,
            "answer_log_probability": sums,
            "answer_tokens": tokens,
        }
    )
    return rows.join(_pairs(model, holdout, sums / tokens)).join(_generated(model, texts, wanted, config))[
        list(COLUMNS)
    ]


def _pairs(model: Speaker, holdout: pd.DataFrame, wanted_means: Floats) -> pd.DataFrame:
    """The rejected answers' log probabilities, by the place of their row; null in all others."""
    places = np.flatnonzero(holdout["rejected"].notna())
    kinds = {"rejected_log_probability": "Float64", "rejected_tokens": "Int64", "preferred": "boolean"}
    pairs = pd.DataFrame(
        {name: pd.Series(pd.NA, index=range(len(holdout)), dtype=kind) for name, kind in kinds.items()}
    )
    if not len(places):
        return pairs
    rows = holdout.iloc[places]
    sums, tokens = model.answer_log_probabilities(
        rows["text"].astype(str).tolist(), rows["rejected"].astype(str).tolist()
    )
    pairs.loc[places, "rejected_log_probability"] = sums
    pairs.loc[places, "rejected_tokens"] = tokens
    pairs.loc[places, "preferred"] = wanted_means[places] > sums / tokens
    return pairs


def _generated(model: Speaker, texts: list[str], wanted: list[str], config: EvaluationConfig) -> pd.DataFrame:
    """The answers to a sample of the rows with their scores, by the place of their row."""
    count = min(config.generated_rows, len(texts))
    places = np.sort(np.random.default_rng(config.seed).permutation(len(texts))[:count])
    most = config.max_answer_tokens
    drawn = [one[0] for one in model.generate_tokens([texts[place] for place in places], max_new_tokens=most)]
    said = [without_reasoning(model.decoded(tokens)) for tokens in drawn]
    pairs = list(zip(said, [wanted[place] for place in places], strict=True))
    return pd.DataFrame(
        {
            "generated": said,
            "cut": pd.array([tokens[-1] not in model.stop_ids for tokens in drawn], dtype="boolean"),
            "exact_match": [exact_match(*pair) for pair in pairs],
            "token_f1": [token_f1(*pair) for pair in pairs],
            "rouge_l": [rouge_l(*pair) for pair in pairs],
            "json_valid": pd.array([json_valid(*pair) for pair in pairs], dtype="Float64"),
        },
        index=places,
    )
