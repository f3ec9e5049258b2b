"""The candidate against the champion: the same rows, answered by both, resampled as pairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tasks.gate.config import ChampionGate, GatesConfig
from tasks.gate.judge import NAMES, Quantity, ends, failure, state_of, what_would_settle
from tasks.metrics.intervals import mcnemar_p_value, paired_difference
from tasks.records import GateResult, Measurement, Report
from tasks.store import fetch_whole

Integers = npt.NDArray[np.int64]

GATE = "champion"
SEED = 0
"""Seed of the resampling: the same predictions always get the same verdict."""


def compare(report: Report, champion_report: Report | None, policy: GatesConfig) -> list[GateResult]:
    """The gate `champion`; nothing where no champion is, or the policy does not ask."""
    if champion_report is None or policy.champion is None:
        return []
    ours, theirs = (pd.read_parquet(fetch_whole(each) / "predictions.parquet") for each in (report, champion_report))
    return [judge_champion(report, champion_report, ours, theirs, policy.champion, policy)]


def judge_champion(
    report: Report,
    champion_report: Report,
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    gate: ChampionGate,
    policy: GatesConfig,
) -> GateResult:
    """Whether the candidate is not worse than the champion, beyond the margin.

    `ours` and `theirs` are the predictions of both reports: `id`, `label`, `predicted`. Predictions that are not of
    the same rows cannot be compared, and fail.
    """
    different = _why_not_comparable(report, champion_report, ours, theirs)
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
            reason=f"the candidate is the champion itself, so there is no difference in {NAMES[gate.metric]}",
        )
    labels, candidate, champion, classes = _indices(ours, theirs)
    difference = paired_difference(
        labels,
        candidate,
        champion,
        classes,
        metric=gate.metric,
        samples=policy.bootstrap_samples,
        confidence=policy.confidence,
        seed=SEED,
    )
    p_value = mcnemar_p_value(candidate == labels, champion == labels)
    return _verdict(gate, difference, len(labels), p_value)


def _verdict(gate: ChampionGate, difference: Measurement, rows: int, p_value: float) -> GateResult:
    name, limit = NAMES[gate.metric], -gate.margin
    low, high = ends(difference)
    state = state_of(difference, limit, at_least=True)
    p_text = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
    measured = (
        f"{_points(difference.value)} points of {name} [{_points(low)}, {_points(high)}] against the champion on the "
        f"same {rows:,} rows; McNemar {p_text}"
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
        reason=f"{measured}: {follows}",
    )


def _why_not_comparable(report: Report, champion_report: Report, ours: pd.DataFrame, theirs: pd.DataFrame) -> str:
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
    truth = theirs.set_index("id")["label"].reindex(ours["id"]).to_numpy()
    changed = ours.loc[ours["label"].to_numpy() != truth, "id"]
    if len(changed):
        return f"{len(changed):,} rows have another true label in one of the reports, such as {changed.iloc[0]!r}"
    return ""


def _indices(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[Integers, Integers, Integers, int]:
    """True label, the candidate's and the champion's answer as indices of all labels, row by row."""
    paired = ours.merge(theirs[["id", "predicted"]], on="id", suffixes=("", "_champion"), validate="one_to_one")
    columns = [paired[name].astype(str).to_numpy() for name in ("label", "predicted", "predicted_champion")]
    names, flat = np.unique(np.concatenate(columns), return_inverse=True)
    labels, candidate, champion = np.split(flat.astype(np.int64), 3)
    return labels, candidate, champion, len(names)


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
