"""The candidate against the champion: the same rows, answered by both, resampled as pairs.

Labels are compared as labels, so that any of their scores can be; answers by a score that each row has.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.gate.config import ChampionGate, GatesConfig
from tasks.gate.judge import Quantity, ends, failure, state_of, what_would_settle
from tasks.gate.limits import NAMES
from tasks.gate.policy import OF_LABELS, policy_for, task_of
from tasks.metrics.intervals import mcnemar_p_value, paired_difference
from tasks.metrics.mean_intervals import mean_interval
from tasks.metrics.paired_tests import approximate_randomisation
from tasks.records import GateResult, Measurement, Report
from tasks.store import fetch_whole

Integers = npt.NDArray[np.int64]

GATE = "champion"
SEED = 0
"""Seed of the resampling: the same predictions always get the same verdict."""
SCORE_OF_A_ROW = {"json_validity": "json_valid", "preference_accuracy": "preferred"}
"""The column of a metric's scores in `predictions.parquet`, where it is not the metric's name."""


def compare(
    report: Report, champion_report: Report | None, policy: GatesConfig, saving: float = 0.0
) -> list[GateResult]:
    """The gate `champion`; nothing where no champion is, or the policy does not ask.

    `saving` is the loss that the energy which the candidate saves is worth: the margin is at least that.
    """
    policy = policy_for(task_of(report.metrics), policy)
    if champion_report is None or policy.champion is None:
        return []
    ours, theirs = (pd.read_parquet(fetch_whole(each) / "predictions.parquet") for each in (report, champion_report))
    gate = policy.champion
    if saving > gate.margin:
        gate = gate.model_copy(update={"margin": saving})
    found = judge_champion(report, champion_report, ours, theirs, gate, policy)
    if saving <= policy.champion.margin:
        return [found]
    reason = f"{found.reason} (the margin is what the energy that it saves is worth)"
    return [found.model_copy(update={"reason": reason})]


def judge_champion(
    report: Report,
    champion_report: Report,
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    gate: ChampionGate,
    policy: GatesConfig,
) -> GateResult:
    """Whether the candidate is not worse than the champion, beyond the margin.

    `ours` and `theirs` are the predictions of both reports: `id`, and `label` and `predicted`, or `reference` and a
    score. Predictions that are not of the same rows cannot be compared, and fail. The gate's metric is named.
    """
    metric = str(gate.metric)
    truth = "label" if metric in OF_LABELS else "reference"
    different = _why_not_comparable(report, champion_report, ours, theirs, truth)
    if not different and truth == "reference":
        different = _why_not_scored(metric, ours, theirs)
    if different:
        return failure(GATE, -gate.margin, f"the candidate cannot be compared with the champion: {different}")
    if report.model_digest == champion_report.model_digest:
        return GateResult(
            name=GATE,
            measured=0.0,
            low=0.0,
            high=0.0,
            limit=-gate.margin,
            state="pass",
            at_least=True,
            reason=f"the candidate is the champion itself, so there is no difference in {NAMES[metric]}",
        )
    if truth == "reference":
        return _of_answers(ours, theirs, gate, policy, report.confidence)
    labels, candidate, champion, classes = _indices(ours, theirs)
    difference = paired_difference(
        labels,
        candidate,
        champion,
        classes,
        metric=metric,
        samples=policy.bootstrap_samples,
        confidence=report.confidence,
        seed=SEED,
    )
    by_rows = mcnemar_p_value(candidate == labels, champion == labels)
    by_score = approximate_randomisation(
        labels, candidate, champion, classes, metric=metric, samples=policy.bootstrap_samples, seed=SEED
    )
    tests = f"; McNemar {_p_value(by_rows)}, randomisation of {NAMES[metric]} {_p_value(by_score.p_value)}"
    return _verdict(gate, difference, len(labels), tests)


def _of_answers(
    ours: pd.DataFrame, theirs: pd.DataFrame, gate: ChampionGate, policy: GatesConfig, confidence: float
) -> GateResult:
    """The mean of the rows' differences in score, each from -1 to 1; rows that neither was scored on are left out."""
    candidate, champion = _scores(str(gate.metric), ours, theirs)
    scored = candidate.notna()
    difference = mean_interval(
        (candidate[scored] - champion[scored]).to_numpy(dtype=np.float64),
        least=-1.0,
        most=1.0,
        samples=policy.bootstrap_samples,
        confidence=confidence,
        seed=SEED,
    )
    return _verdict(gate, difference, int(scored.sum()), "")


def _scores(metric: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Both models' scores by row id, in the candidate's order; null where a row was not scored."""
    column = SCORE_OF_A_ROW.get(metric, metric)
    candidate, champion = (frame.set_index("id")[column].astype("Float64") for frame in (ours, theirs))
    return candidate, champion.reindex(candidate.index)


def _why_not_scored(metric: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
    candidate, champion = _scores(metric, ours, theirs)
    if not (candidate.notna() == champion.notna()).all():
        return f"they were scored on different rows in {NAMES[metric]}; evaluate both with the same section evaluation"
    return "" if candidate.notna().any() else f"no row has a score in {NAMES[metric]}"


def _verdict(gate: ChampionGate, difference: Measurement, rows: int, test: str) -> GateResult:
    name, limit = NAMES[str(gate.metric)], -gate.margin
    low, high = ends(difference)
    state = state_of(difference, limit, at_least=True)
    measured = (
        f"{_points(difference.value)} points of {name} [{_points(low)}, {_points(high)}] against the champion on the "
        f"same {rows:,} rows{test}"
    )
    margin = f"{100 * gate.margin:g} point{'' if gate.margin == 0.01 else 's'}"
    follows = {
        "pass": f"a loss of more than {margin} is ruled out",
        "fail": f"the loss is surely more than {margin}",
        "inconclusive": f"a loss of more than {margin} is not ruled out",
    }[state]
    if state == "inconclusive":
        follows += f"; {what_would_settle(difference, limit, Quantity(name, at_least=True), rows)}"
    return GateResult(
        name=GATE,
        measured=difference.value,
        low=low,
        high=high,
        limit=limit,
        state=state,
        at_least=True,
        reason=f"{measured}: {follows}",
    )


def _why_not_comparable(
    report: Report, champion_report: Report, ours: pd.DataFrame, theirs: pd.DataFrame, truth: str
) -> str:
    if report.holdout_digest != champion_report.holdout_digest:
        return (
            f"they were measured on different holdouts ({report.holdout_digest[:12]} and "
            f"{champion_report.holdout_digest[:12]}); evaluate both on the same dataset"
        )
    for name, frame in (("candidate", ours), ("champion", theirs)):
        if frame.empty:
            return f"the {name}'s report has no predictions"
        if frame["id"].duplicated().any():
            twice = frame.loc[frame["id"].duplicated(), "id"].iloc[0]
            return f"the {name}'s predictions name the row {twice!r} twice"
    only = set(ours["id"]) ^ set(theirs["id"])
    if only:
        return f"{len(only):,} rows were predicted by one of them only, such as {min(only)!r}; evaluate both again"
    if truth not in ours.columns or truth not in theirs.columns:
        return f"one of the reports has no column {truth}: a classifier and a language model share no score"
    known = theirs.set_index("id")[truth].reindex(ours["id"]).to_numpy()
    changed = ours.loc[ours[truth].to_numpy() != known, "id"]
    if len(changed):
        what = "true label" if truth == "label" else "wanted answer"
        return f"{len(changed):,} rows have another {what} in one of the reports, such as {changed.iloc[0]!r}"
    return ""


def _indices(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[Integers, Integers, Integers, int]:
    """True label, the candidate's and the champion's answer as indices of all labels, row by row."""
    paired = ours.merge(theirs[["id", "predicted"]], on="id", suffixes=("", "_champion"), validate="one_to_one")
    columns = [paired[name].astype(str).to_numpy() for name in ("label", "predicted", "predicted_champion")]
    names, flat = np.unique(np.concatenate(columns), return_inverse=True)
    labels, candidate, champion = np.split(flat.astype(np.int64), 3)
    return labels, candidate, champion, len(names)


def _p_value(chance: float) -> str:
    return "p < 0.001" if chance < 0.001 else f"p = {chance:.2g}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
