"""Words that may stand in another's place, from the bundled encoder alone: no thesaurus, and nothing is downloaded.

The nearest whole words in the encoder's embedding matrix are proposed, and the words of the texts themselves; those
stay whose vector, as a text of its own, is near the word's. This finds inflections and near synonyms (payment:
payments, paying, pay, paid), and keeps most opposites away. It cannot promise that a text's right label stays what it
was, which is why the whole text must stay near as well. Function words are left alone, as Jin et al. (2020) do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.embeddings.encoder import DEFAULT_MODEL, embed
from tasks.models.bundled import resolve_base_model
from tasks.models.tokens import TextTokenizer

Floats = npt.NDArray[np.float32]

EMBEDDING_MATRIX = "embeddings.word_embeddings.weight"
PROPOSED = 12
"""Nearest words of the embedding matrix that are looked at for each word."""
KEPT = 8
"""Candidates of a word at most."""
LEAST_WORD_COSINE = 0.7
"""Between a word and its candidate. At 0.6, 'early' could stand for 'late'."""
SHORTEST_WORD = 3


def substitutes(words: Sequence[str], own: Sequence[str]) -> dict[str, list[str]]:
    """Candidates for each of `words` (lower case), the nearest first; `own` are the words of the texts at hand.

    Words that have none are left out.
    """
    wanted = sorted({word for word in words if _can_change(word)})
    domain = sorted({word for word in own if _can_change(word)})
    if not wanted:
        return {}
    proposals = _proposals(wanted)
    known = sorted({*wanted, *domain, *(word for found in proposals.values() for word in found)})
    place = {word: number for number, word in enumerate(known)}
    vectors = embed(known)
    likeness = vectors[[place[word] for word in wanted]] @ vectors.T
    in_domain = [place[word] for word in domain]
    found = {}
    for number, word in enumerate(wanted):
        among = np.array(sorted({*in_domain, *(place[other] for other in proposals.get(word, ()))}), dtype=np.int64)
        near = among[likeness[number, among] >= LEAST_WORD_COSINE]
        nearest = near[np.argsort(-likeness[number, near], kind="stable")]
        candidates = [known[index] for index in nearest if known[index] != word and not _opposite(known[index], word)]
        if candidates:
            found[word] = candidates[:KEPT]
    return found


def in_the_case_of(word: str, model: str) -> str:
    """`word` (lower case) written as `model` is: all capitals, a capital at the beginning, or none."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word


def _proposals(words: Sequence[str]) -> dict[str, list[str]]:
    """The nearest whole words in the embedding matrix, of those words that it has."""
    vocabulary, matrix = _whole_words()
    place = {word: number for number, word in enumerate(vocabulary)}
    here = [word for word in words if word in place]
    if not here:
        return {}
    likeness = matrix[[place[word] for word in here]] @ matrix.T
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, 1 : PROPOSED + 1]
    return {word: [vocabulary[index] for index in row] for word, row in zip(here, nearest, strict=True)}


@cache
def _whole_words() -> tuple[list[str], Floats]:
    """The encoder's words that may change, and their embeddings at unit length, of shape (words, width)."""
    from safetensors.numpy import load_file

    folder = Path(resolve_base_model(DEFAULT_MODEL))
    ids = TextTokenizer.load(folder, 8).tokenizer.get_vocab()
    vocabulary = sorted(word for word in ids if _can_change(word))
    matrix = load_file(folder / "model.safetensors")[EMBEDDING_MATRIX][[ids[word] for word in vocabulary]]
    return vocabulary, (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


def _can_change(word: str) -> bool:
    return word.isalpha() and len(word) >= SHORTEST_WORD and word not in _function_words()


@cache
def _function_words() -> frozenset[str]:
    """The English words that carry grammar and not meaning."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words: frozenset[str] = ENGLISH_STOP_WORDS
    return words


def _opposite(one: str, other: str) -> bool:
    """Whether one word is the other with a prefix that denies it: activate and deactivate."""
    longer, shorter = sorted((one, other), key=len, reverse=True)
    return longer.removesuffix(shorter) in ("un", "in", "im", "ir", "dis", "de", "non", "mis") and longer != shorter
