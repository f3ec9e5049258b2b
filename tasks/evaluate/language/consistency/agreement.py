"""How far several answers to one prompt agree: every pair of them, by exact match and by the words in common.

That answers which a model draws again and again agree where it knows, and scatter where it makes things up, is what
Wang et al. (2022), "Self-consistency improves chain of thought reasoning in language models", and Manakul et al.
(2023), "SelfCheckGPT", rest on. Agreement is no truth: a model may be wrong the same way each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tasks.metrics.generation import exact_match, token_f1


def exact_agreement(answers: Sequence[str]) -> float:
    """Share of the pairs of `answers` with the same words in the same order, from 0 to 1; two answers at the least."""
    return float(np.mean([exact_match(first, second) for first, second in combinations(answers, 2)]))


def word_agreement(answers: Sequence[str]) -> float:
    """Mean token F1 of the pairs of `answers`, from 0 to 1; two answers at the least."""
    return float(np.mean([token_f1(first, second) for first, second in combinations(answers, 2)]))
