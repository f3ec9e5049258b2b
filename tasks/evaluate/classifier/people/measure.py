"""Human error reduction and autonomy dependency, from the answers that people gave to rows of the holdout."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import pandas as pd

from tasks.evaluate.classifier.people.answers_file import read_answers
from tasks.evaluate.classifier.people.config import PeopleConfig
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.people import autonomy_dependency, could_be_misled, error_rate, human_error_reduction

COLUMNS = ("person", "help", "answers", "wrong", "wrong_advice", "followed_into_error")
"""`person` is a number, in the order in which people first appear; nobody is named. `wrong_advice` counts the cases in
which the model was wrong and the person is right alone (a share of a case where only others show it),
`followed_into_error` those in which the person took over the advice; both are 0 without help."""


class Resampling(TypedDict):
    """How an interval is drawn."""

    samples: int
    confidence: float
    seed: int


def measure_people(subject: Subject, config: PeopleConfig, evaluation: EvaluationConfig) -> Found:
    """The two figures, the error rates behind the first, and a row a person with help and without, in COLUMNS.

    `human_error_reduction` is left out where nobody erred without help, and
    `autonomy_dependency` where the model misled nobody who could have been: neither has a value there. Raises
    UserInputError where the file is not as documented.
    """
    holdout = subject.holdout
    truth = dict(zip(holdout["id"].astype(str), holdout["label"].astype(str), strict=True))
    helped, alone = read_answers(Path(config.path).expanduser(), truth, frozenset(subject.answers.names))
    drawing = Resampling(samples=evaluation.bootstrap_samples, confidence=evaluation.confidence, seed=evaluation.seed)
    metrics = {
        "error_rate_with_help": error_rate(helped, **drawing),
        "error_rate_without_help": error_rate(alone, **drawing),
    }
    if metrics["error_rate_without_help"].value > 0:
        metrics["human_error_reduction"] = human_error_reduction(helped, alone, **drawing)
    if could_be_misled(helped, alone).sum() > 0:
        metrics["autonomy_dependency"] = autonomy_dependency(helped, alone, **drawing)
    return Found(metrics, _by_person(helped, alone))


def _by_person(helped: pd.DataFrame, alone: pd.DataFrame) -> pd.DataFrame:
    cases = could_be_misled(helped, alone)
    followed = cases * (helped["answer"] == helped["advice"]).to_numpy()
    helped = helped.assign(help="yes", wrong_advice=cases, followed_into_error=followed)
    both = pd.concat([helped, alone.assign(help="no", wrong_advice=0.0, followed_into_error=0.0)])
    numbers = {person: number for number, person in enumerate(both["person"].unique(), 1)}
    both = both.assign(person=both["person"].map(numbers), wrong=both["answer"] != both["truth"])
    groups = both.groupby(["person", "help"], sort=True)
    table = groups[["wrong", "wrong_advice", "followed_into_error"]].sum().assign(answers=groups.size())
    return table.reset_index()[list(COLUMNS)]
