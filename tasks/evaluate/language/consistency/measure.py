"""Whether a language model says the same when it is asked again, at several temperatures, top-k and top-p."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.consistency.agreement import exact_agreement, word_agreement
from tasks.evaluate.language.consistency.config import ConsistencyConfig, SamplingSetting
from tasks.evaluate.language.mean_score import mean_score
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.room import Found
from tasks.models.conversation import without_reasoning
from tasks.models.language_model import Sampling
from tasks.records import Measurement

AGREEMENTS = {"word_agreement": "consistency", "exact_agreement": "consistency_exact"}
"""Column of the table and the figure of it."""


def measure_consistency(subject: LanguageSubject, config: ConsistencyConfig, evaluation: EvaluationConfig) -> Found:
    """`consistency` (pairwise token F1) and `consistency_exact`, the least of all settings, and each setting's.

    The table has a row for each prompt and setting: `setting`, `id`, both agreements, and `distinct` answers.
    """
    rows = subject.drawn(config.rows, evaluation.seed)
    parts = [_asked_again(subject, rows, setting, config.samples, evaluation) for setting in config.settings]
    table = pd.concat(parts, ignore_index=True)
    metrics: dict[str, Measurement] = {}
    for column, name in AGREEMENTS.items():
        scores = {
            setting.name: part[column].to_numpy(np.float64)
            for setting, part in zip(config.settings, parts, strict=True)
        }
        metrics[name] = least_mean(list(scores.values()), evaluation)
        metrics |= {f"{name}.{setting}": mean_score(values, evaluation) for setting, values in scores.items()}
    return Found(metrics, table)


def least_mean(
    scores: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]], evaluation: EvaluationConfig
) -> Measurement:
    """The least of several means of scores from 0 to 1, each of shape (rows,), with an interval that holds for it.

    Its lower end is the least of the lower ends, since the least mean is one of them. Its upper end is the least of the
    upper ends too, each drawn for its share of the error (Bonferroni), since any of them may be low by chance.
    """
    alone = [mean_score(values, evaluation) for values in scores]
    shared = 1 - (1 - evaluation.confidence) / len(scores)
    together = [mean_score(values, evaluation.model_copy(update={"confidence": shared})) for values in scores]
    value = min(each.value for each in alone)
    low = min(each.value if each.low is None else each.low for each in alone)
    high = min(each.value if each.high is None else each.high for each in together)
    return Measurement(value=value, low=low, high=max(high, value))


def _asked_again(
    subject: LanguageSubject, rows: pd.DataFrame, setting: SamplingSetting, samples: int, evaluation: EvaluationConfig
) -> pd.DataFrame:
    drawn = subject.model.generate(
        rows["text"].astype(str).tolist(),
        max_new_tokens=evaluation.max_answer_tokens,
        sampling=Sampling(setting.temperature, setting.top_k, setting.top_p, samples, evaluation.seed),
    )
    said = [[without_reasoning(answer) for answer in answers] for answers in drawn]
    return pd.DataFrame(
        {
            "setting": setting.name,
            "temperature": setting.temperature,
            "id": rows["id"].astype(str).to_numpy(dtype=object),
            "word_agreement": [word_agreement(answers) for answers in said],
            "exact_agreement": [exact_agreement(answers) for answers in said],
            "distinct": [len(set(answers)) for answers in said],
        }
    )
