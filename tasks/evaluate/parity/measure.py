"""Whether the served form of a classifier says what the trained network says, over all rows and label by label.

The export looks at the largest difference of a logit on a few texts, and stops. Here it is the answers that count: a
form that was quantised, merged or exported wrongly may be near in every logit and yet have lost a label.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.evaluate.answers import Answers, answer
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity_config import ParityConfig
from tasks.evaluate.subject import Found, Subject
from tasks.metrics.intervals import paired_difference, share_interval
from tasks.records import Measurement


def measure_parity(subject: Subject, config: ParityConfig, evaluation: EvaluationConfig) -> Found:
    """The figures of `forms_compared` for the trained network and the served form.

    Where the holdout has fewer rows than asked for, rows of the validation and the training split are taken as well:
    what is compared are two forms of one model, so rows that it has learned from will do.
    """
    parts = [subject.holdout]
    for split in ("validation", "train"):
        path = subject.dataset_folder / f"{split}.parquet"
        if path.is_file():
            parts.append(pd.read_parquet(path))
    columns = ["id", "text", "label", "group"]
    rows = pd.concat([part[columns].sort_values("id") for part in parts], ignore_index=True).head(config.rows)
    return forms_compared(answer(subject.trained, rows), answer(subject.classifier, rows), evaluation)


def forms_compared(trained: Answers, served: Answers, evaluation: EvaluationConfig) -> Found:
    """Answers of two forms of one model to the same rows.

    `parity_agreement` is the share of rows that both give the same label, `parity_accuracy_lost` the accuracy of the
    trained form less that of the served one, `parity_largest_confidence_difference` the largest difference of a row's
    confidence, which is no sample and so its own interval. The table has a row a label: `rows` of it, `lost` (right in
    the trained form and wrong in the served one), and both forms' `recall_…`.
    """
    same = int((trained.predicted == served.predicted).sum())
    difference = float(np.abs(trained.confidence - served.confidence).max())
    metrics = {
        "parity_agreement": share_interval(same, len(trained.labels), evaluation.confidence),
        "parity_accuracy_lost": paired_difference(
            trained.labels,
            trained.predicted,
            served.predicted,
            len(trained.names),
            metric="accuracy",
            samples=evaluation.bootstrap_samples,
            confidence=evaluation.confidence,
            seed=evaluation.seed,
        ),
        "parity_largest_confidence_difference": Measurement(value=difference, low=difference, high=difference),
    }
    rows = pd.DataFrame(
        {
            "label": np.array(trained.names, dtype=object)[trained.labels],
            "recall_trained": trained.correct,
            "recall_served": served.correct,
            "lost": trained.correct & ~served.correct,
        }
    ).groupby("label")
    table = rows[["recall_trained", "recall_served"]].mean()
    table.insert(0, "rows", rows.size())
    table.insert(1, "lost", rows["lost"].sum())
    return Found(
        metrics, table.reset_index().sort_values(["lost", "label"], ascending=[False, True], ignore_index=True)
    )
