"""How close a generated answer is to the one that was wanted: exact match, token F1, ROUGE-L, and valid JSON.

Sources: Rajpurkar et al. (2016), "SQuAD: 100,000+ questions for machine comprehension of text" (exact match and F1 over
normalised words); Lin (2004), "ROUGE: a package for automatic evaluation of summaries" (longest common subsequence).
Unlike SQuAD's script, articles are kept and signs of every script are taken away: not all answers are English.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Sequence


def words_of(text: str) -> list[str]:
    """The words of a text in one form: compatible letters alike, lower case, without punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(letter)[0] in "PZC" else letter for letter in folded)
    return kept.split()


def exact_match(generated: str, reference: str) -> float:
    """1 where both have the same words in the same order, else 0; JSON is compared by value."""
    wanted, given = _json_value(reference), _json_value(generated)
    if wanted is not None:
        return float(given == wanted)
    # An answer of signs alone, such as "+", has no words to compare.
    words = words_of(generated), words_of(reference)
    return float(words[0] == words[1] if any(words) else generated.strip() == reference.strip())


def token_f1(generated: str, reference: str) -> float:
    """Harmonic mean of the shares of words that the two have in common, from 0 to 1, whatever their order."""
    return _f1(*_overlap(words_of(generated), words_of(reference)), exact_match(generated, reference))


def rouge_l(generated: str, reference: str) -> float:
    """F1 of the longest common subsequence of words, from 0 to 1: like token F1, and the order counts."""
    ours, wanted = words_of(generated), words_of(reference)
    return _f1(longest_common_subsequence(ours, wanted), len(ours), len(wanted), exact_match(generated, reference))


def json_valid(generated: str, reference: str) -> float | None:
    """Whether an answer is JSON, 1 or 0; None where the reference is no JSON object or list, so that none is asked."""
    if _json_value(reference) is None:
        return None
    return float(_json_value(generated) is not None)


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, in time of the product of both lengths."""
    if len(second) > len(first):
        first, second = second, first
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]


def _overlap(ours: list[str], wanted: list[str]) -> tuple[int, int, int]:
    return (Counter(ours) & Counter(wanted)).total(), len(ours), len(wanted)


def _f1(common: int, ours: int, wanted: int, where_no_words: float) -> float:
    """2 · common / (ours + wanted), which is the harmonic mean of precision and recall."""
    return 2 * common / (ours + wanted) if ours + wanted else where_no_words


def _json_value(text: str) -> object | None:
    """The value of a JSON object or list; None for any other text."""
    if not text.strip().startswith(("{", "[")):
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value
