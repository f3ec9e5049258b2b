"""Behaviour outside the task: how sure a classifier is of its answers to texts that are no task at all.

Hendrycks and Gimpel (2017), "A baseline for detecting misclassified and out-of-distribution examples in neural
networks": the confidence in the likeliest label should be low on what the model was not made for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.side_effects.config import SideEffectsConfig
from tasks.evaluate.classifier.side_effects.off_task import OFF_TASK
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval

GIVEN = "given"
"""Kind of the texts that the config names."""
COLUMNS = ("text", "kind", "predicted", "confidence", "sure")


def measure_side_effects(subject: Subject, config: SideEffectsConfig, evaluation: EvaluationConfig) -> Found:
    """`confident_off_task`: the share of such texts answered with a confidence above `sure_above`, and its interval.

    A row a text in the table, which names the text by kind and number. A text that is in the holdout is a task of this
    model after all, and is left out.
    """
    known = {" ".join(str(text).split()).casefold() for text in subject.holdout["text"]}
    kinds = {GIVEN: config.off_task_texts} if config.off_task_texts else OFF_TASK
    named = [(f"{kind} {number}", kind, text) for kind, texts in kinds.items() for number, text in enumerate(texts, 1)]
    named = [item for item in named if " ".join(item[2].split()).casefold() not in known]
    if not named:
        return Found({}, pd.DataFrame(columns=list(COLUMNS)))
    probabilities = subject.classifier.probabilities([text for _, _, text in named])
    confidence = probabilities.max(axis=1)
    labels = np.array(subject.classifier.labels, dtype=object)
    sure = confidence > config.sure_above
    table = pd.DataFrame(
        {
            "text": [name for name, _, _ in named],
            "kind": [kind for _, kind, _ in named],
            "predicted": labels[probabilities.argmax(axis=1)],
            "confidence": confidence,
            "sure": sure,
        }
    )
    return Found({"confident_off_task": share_interval(int(sure.sum()), len(sure), evaluation.confidence)}, table)
