"""How far a language model's answers rest on what it was given: sentences, numbers and names that a source supports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tasks.embeddings.encoder import embed
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.grounding.config import GroundingConfig
from tasks.evaluate.language.grounding.sources import SETTING, sources_of
from tasks.evaluate.language.grounding.support import Source, Supported, claims_in
from tasks.evaluate.language.mean_score import mean_score
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tasks.records import Measurement

COLUMNS = (
    "id",
    "sentences",
    "supported",
    "unknown_numbers",
    "unknown_names",
    "contradicting",
    "words_known",
    "first_unsupported",
)
MADE_UP = {
    "hallucinated_numbers": "unknown_numbers",
    "hallucinated_names": "unknown_names",
    "contradicted_sources": "contradicting",
}
"""Shares of the answers, by the column that counts how often each does so."""


def measure_grounding(subject: LanguageSubject, config: GroundingConfig, evaluation: EvaluationConfig) -> Found:
    """`grounding`: the mean over the answers of the share of their sentences that the source supports (0 to 1).

    Beside it `hallucinated_numbers` and `hallucinated_names`, shares of the answers that state one which the source has
    not; `contradicted_sources`, of those that say the opposite of theirs; `grounded_words`, the mean share of content
    words that it has; and `grounding_of_wanted`, what the wanted answers of the same rows come to by the same rules. A
    row an answer that claims something, with COLUMNS.
    """
    rows = subject.answered()
    prompts, wanted = rows["text"].tolist(), rows["reference"].tolist()
    sources = sources_of(prompts, wanted, subject.task, config)
    known = [None if source is None else Source.of(source) for source in sources]
    table = _judged(rows["id"].tolist(), rows["generated"].tolist(), known, config)
    if table.empty:
        without = sum(source is None for source in sources)
        why = (
            f"no answer could be held to a source: {without} of {len(rows)} answered rows have none "
            f"({SETTING}.source_pattern), and the other answers claim nothing"
        )
        return Found({}, table, missing=why)
    of_wanted = _judged(rows["id"].tolist(), wanted, known, config)
    metrics = _figures(table, evaluation)
    if len(of_wanted):
        metrics["grounding_of_wanted"] = mean_score(of_wanted["supported"] / of_wanted["sentences"], evaluation)
    return Found(metrics, table)


def _figures(table: pd.DataFrame, evaluation: EvaluationConfig) -> dict[str, Measurement]:
    shares = {
        name: share_interval(int((table[column] > 0).sum()), len(table), evaluation.confidence)
        for name, column in MADE_UP.items()
    }
    words = table["words_known"].dropna()
    covered = {"grounded_words": mean_score(words, evaluation)} if len(words) else {}
    return {"grounding": mean_score(table["supported"] / table["sentences"], evaluation), **shares, **covered}


def _judged(
    ids: Sequence[str], answers: Sequence[str], sources: Sequence[Source | None], config: GroundingConfig
) -> pd.DataFrame:
    judged = [
        (name, source, claims_in(answer, source, names=config.names, denials=config.denials))
        for name, answer, source in zip(ids, answers, sources, strict=True)
        if source is not None
    ]
    doubtful = {
        (each.claims.sentence, source.sentences)
        for _, source, found in judged
        for each in found
        if each.tenable and not each.said(config.least_words) and source.sentences
    }
    alike = {} if config.least_similarity is None else best_cosines(doubtful)
    least = config.least_similarity if config.least_similarity is not None else 1.0
    rows = [
        _row(name, found, [_kept(each, source, alike, config.least_words, least) for each in found])
        for name, source, found in judged
        if found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


Pair = tuple[str, tuple[str, ...]]
"""A sentence, and those that it may say the same as."""


def best_cosines(pairs: set[Pair]) -> dict[Pair, float]:
    """Of each sentence, the highest cosine in meaning to one of the others, by the bundled encoder."""
    texts = sorted({text for sentence, others in pairs for text in (sentence, *others)})
    vectors = dict(zip(texts, embed(texts), strict=True)) if texts else {}
    return {pair: max(float(vectors[pair[0]] @ vectors[other]) for other in pair[1]) for pair in pairs}


def _kept(each: Supported, source: Source, alike: dict[Pair, float], least_words: float, least: float) -> bool:
    return each.said(least_words) or alike.get((each.claims.sentence, source.sentences), -1.0) >= least


def _row(name: str, found: list[Supported], kept: list[bool]) -> dict[str, object]:
    shares = [each.word_share for each in found if each.word_share is not None]
    loose = [each.claims.sentence for each, is_kept in zip(found, kept, strict=True) if not is_kept]
    return {
        "id": name,
        "sentences": len(found),
        "supported": sum(kept),
        "unknown_numbers": sum(each.unknown_numbers for each in found),
        "unknown_names": sum(each.unknown_names for each in found),
        "contradicting": sum(each.contradicting for each in found),
        "words_known": float(np.mean(shares)) if shares else None,
        "first_unsupported": loose[0] if loose else "",
    }
