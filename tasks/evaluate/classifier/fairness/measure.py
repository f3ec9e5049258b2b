"""Whether groups are served alike: equal opportunity and equalised odds between the groups of the holdout's rows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tasks.errors import UserInputError
from tasks.evaluate.classifier.answers import Answers
from tasks.evaluate.classifier.fairness.config import FairnessConfig
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.fairness import (
    Comparison,
    GroupRates,
    compare_groups,
    count_by_group,
    equal_opportunity_difference,
    equalised_odds_difference,
)
from tasks.metrics.largest_difference import Rate

OPPORTUNITY, ODDS = "equal_opportunity_difference", "equalised_odds_difference"
RATE_COLUMNS = ("rate", "low", "high")
COLUMNS = (
    "group",
    "rows",
    "rate_rows",
    *RATE_COLUMNS,
    "judged",
    "false_positive_rows",
    *(f"false_positive_{name}" for name in RATE_COLUMNS),
    "false_positive_judged",
    "why_not_judged",
)
MOST_REASONS = 5
"""Groups of which the sentence says why they were left out; the table has all."""
REMEDY = (
    "give the groups more holdout rows, of the same labels, or lower evaluation.fairness.smallest_group, below which a "
    "group is not judged"
)


def measure_fairness(subject: Subject, config: FairnessConfig, evaluation: EvaluationConfig) -> Found:
    """`equal_opportunity_difference` and `equalised_odds_difference` (0 to 1, less is better), and a row a group.

    A figure that fewer than two groups could decide is left out, and `missing` says why. Rows without a group are
    not looked at. Raises UserInputError where the positive label is none that the model or the holdout knows.
    """
    compared = compare(subject.answers, config)
    resampling: dict[str, Any] = {
        "samples": evaluation.bootstrap_samples,
        "confidence": evaluation.confidence,
        "seed": evaluation.seed,
    }
    figures = {
        OPPORTUNITY: equal_opportunity_difference(compared, **resampling),
        ODDS: equalised_odds_difference(compared, **resampling),
    }
    table = group_table(compared, config, evaluation.confidence)
    measured = {name: value for name, value in figures.items() if value is not None}
    return Found(measured, table, missing=why_not_measured(table))


def compare(answers: Answers, config: FairnessConfig) -> Comparison:
    """Each group's rates. Raises UserInputError where the positive label is unknown."""
    if config.positive_label is not None and config.positive_label not in answers.names:
        raise UserInputError(
            f"evaluation.fairness.positive_label is {config.positive_label!r}, which neither the model nor the holdout "
            f"has as a label; they have {', '.join(answers.names)}"
        )
    positive = None if config.positive_label is None else answers.names.index(config.positive_label)
    counts = count_by_group(answers.labels, answers.predicted, answers.groups, len(answers.names))
    return compare_groups(counts, positive, config.smallest_group)


def group_table(compared: Comparison, config: FairnessConfig, confidence: float) -> pd.DataFrame:
    """A row a group, by name: its rows, its true and false positive rate with their intervals, and what was judged."""
    rows = [
        {
            "group": group.name,
            "rows": group.rows,
            **_rate("rate_rows", RATE_COLUMNS, group.true_positive, confidence),
            "judged": group.enough_true and group.true_positive is not None,
            **_rate("false_positive_rows", COLUMNS[8:11], group.false_positive, confidence),
            "false_positive_judged": group.enough_false and group.false_positive is not None,
            "why_not_judged": _why_not_judged(group, config),
        }
        for group in compared.groups
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def why_not_measured(table: pd.DataFrame) -> str:
    """Why a figure is missing, and what to do; empty where both were measured. `table` is `measure_fairness`'s."""
    if table.empty:
        return "no row of the holdout names a group: name the column that holds it in data.group_column"
    judged, odds = int(table["judged"].sum()), int(table["false_positive_judged"].sum())
    if judged >= 2 and odds >= 2:
        return ""
    what, enough = ("groups", judged) if judged < 2 else ("equalised odds of groups", odds)
    pairs = zip(table["group"], table["why_not_judged"], strict=True)
    reasons = [f"{group} has {why}" for group, why in pairs if why]
    more = f"; and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    left_out = f" ({'; '.join(reasons[:MOST_REASONS])}{more})" if reasons else ""
    return f"{what} cannot be compared, because {enough} of {len(table)} can be judged{left_out}: {REMEDY}"


def _rate(rows: str, names: tuple[str, ...], rate: Rate | None, confidence: float) -> dict[str, float | int | None]:
    if rate is None:
        return {rows: 0, **dict.fromkeys(names)}
    measured = rate.interval(confidence)
    return {rows: rate.rows, **dict(zip(names, (measured.value, measured.low, measured.high), strict=True))}


def _why_not_judged(group: GroupRates, config: FairnessConfig) -> str:
    """What a group lacks to decide, as it reads after "has"; empty where it did."""
    least, label = config.smallest_group, config.positive_label
    if label is None and not group.enough_true:
        return f"{group.rows} of the {least} rows that it takes"
    if not group.enough_true:
        return f"{group.true_positive.rows if group.true_positive else 0} of the {least} rows with the label {label}"
    if not group.enough_false:
        return f"{group.false_positive.rows if group.false_positive else 0} of the {least} rows with another label"
    if group.true_positive is None:
        return "no label that every group large enough has"
    if group.false_positive is None:
        return "rows of one label alone, so nothing to be wrongly given it"
    return ""
