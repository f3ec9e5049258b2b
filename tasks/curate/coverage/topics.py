"""Topics: clusters of the texts' vectors, each named by the words that tell it from the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.pii.masking import mask

Vectors = npt.NDArray[np.float32]

ROWS_PER_TOPIC = 50
"""Rows there must be for each topic on average; with fewer than two topics' worth, the texts are not clustered."""
FITTED_ROWS = 20_000
NAME_WORDS = 3
FEWEST_ROWS_WITH_WORD = 3
"""A word in fewer rows than this names nothing, so that no rare word, a name for example, is shown."""
LIFT = 1.25
"""How many times as common a word must be in a topic as in all rows to tell it; words such as `the` are nowhere."""
TELL_NOTHING = frozenset(
    (
        "does",
        "did",
        "doing",
        "just",
        "like",
        "want",
        "wants",
        "need",
        "needs",
        "know",
        "please",
        "thanks",
        "thank",
        "hello",
    )
)
"""Words that scikit-learn's English list lacks and that stand in every topic of what people ask."""
WORD = r"(?u)\b[^\W\d_]{3,}(?:['\u2019][^\W\d_]+)?\b"
MASKED = re.compile(r"<[A-Z_]{2,20}>")


@dataclass(frozen=True, eq=False)
class Topics:
    """Clusters of vectors: `centres` (topics, width) and their `names`, the largest topic first."""

    centres: Vectors
    names: tuple[str, ...]

    def of(self, vectors: Vectors) -> list[str]:
        """The name of the topic whose centre is nearest to each vector of shape (rows, width)."""
        return [self.names[place] for place in _nearest(vectors, self.centres)]


def find_topics(texts: pd.Series, vectors: Vectors, *, count: int | None, most: int, seed: int) -> Topics | None:
    """Cluster texts by their vectors, float32 of shape (rows, width); None for too few rows to speak of topics.

    Without `count` there is a topic for every ROWS_PER_TOPIC rows, up to `most`. The number of best silhouette is no
    better guide: on Banking77 a few rows more or less move it between 6 and 24, and few topics hide what is thin.
    """
    if len(texts) != len(vectors):
        raise ValueError(f"{len(texts)} texts have {len(vectors)} vectors")
    clusters = count or min(most, len(vectors) // ROWS_PER_TOPIC)
    if clusters < 2 or clusters > len(vectors):
        return None
    draw = np.random.default_rng(seed)
    fitted = vectors[np.sort(draw.choice(len(vectors), min(FITTED_ROWS, len(vectors)), replace=False))]
    centres = _centres(fitted, clusters, seed)
    places = _nearest(vectors, centres)
    by_size = np.argsort(-np.bincount(places, minlength=len(centres)), kind="stable")
    rank = np.argsort(by_size)
    return Topics(centres[by_size], _names(texts, rank[places], len(centres)))


def _centres(vectors: Vectors, count: int, seed: int) -> Vectors:
    from sklearn.cluster import MiniBatchKMeans

    clusters: Any = MiniBatchKMeans(n_clusters=count, random_state=seed, n_init=3, batch_size=2048)
    found: Vectors = clusters.fit(vectors).cluster_centers_.astype(np.float32)
    return found


def _nearest(vectors: Vectors, centres: Vectors) -> npt.NDArray[np.intp]:
    distances = (centres**2).sum(axis=1) - 2 * vectors @ centres.T
    nearest: npt.NDArray[np.intp] = np.argmin(distances, axis=1)
    return nearest


def _names(texts: pd.Series, places: npt.NDArray[np.intp], count: int) -> tuple[str, ...]:
    """A name a topic from its words of highest c-TF-IDF: sqrt(tf in topic) * log(1 + A / f), with A words a topic on
    average and f the word's frequency in all (Grootendorst 2022, "BERTopic", with frequent words reduced)."""
    vocabulary, frequency = _frequencies(texts, places, count)
    weights = np.sqrt(frequency / np.maximum(frequency.sum(axis=1, keepdims=True), 1))
    scores = weights * np.log1p(frequency.sum() / count / np.maximum(frequency.sum(axis=0), 1))
    shares = frequency / np.maximum(np.bincount(places, minlength=count), 1)[:, None]
    scores[shares < LIFT * frequency.sum(axis=0) / len(texts)] = 0
    taken: dict[str, int] = {}
    for place in range(count):
        order = [vocabulary[word] for word in np.argsort(-scores[place], kind="stable") if scores[place, word] > 0]
        name = ", ".join(_different(order)) or "no telling words"
        number = sum(known == name or known.startswith(f"{name} (") for known in taken) + 1
        taken[name if number == 1 else f"{name} ({number})"] = place
    return tuple(taken)


def _frequencies(
    texts: pd.Series, places: npt.NDArray[np.intp], count: int
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The words that may name a topic, sorted, and in how many rows of each topic each of them stands."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    masked = [MASKED.sub(" ", mask(text)[0]) if isinstance(text, str) else "" for text in texts]
    counter = CountVectorizer(token_pattern=WORD, binary=True, max_features=20_000)
    try:
        words = counter.fit_transform(masked)
    except ValueError:
        # What scikit-learn raises where no text holds a word at all.
        return [], np.zeros((count, 0))
    rows = np.asarray(words.sum(axis=0)).ravel()
    told = rows >= FEWEST_ROWS_WITH_WORD
    vocabulary = counter.get_feature_names_out()
    told &= [word.isalpha() and word not in ENGLISH_STOP_WORDS | TELL_NOTHING for word in vocabulary]
    topics = csr_matrix((np.ones(len(places)), (places, np.arange(len(places)))), shape=(count, len(places)))
    return list(vocabulary[told]), (topics @ words[:, told]).toarray()


def _different(words: list[str]) -> list[str]:
    """The first NAME_WORDS words, forms of a word already taken left out."""
    chosen: list[str] = []
    for word in words:
        if not any(word[:4] == other[:4] for other in chosen):
            chosen.append(word)
        if len(chosen) == NAME_WORDS:
            break
    return chosen
