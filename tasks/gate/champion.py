"""The candidate against the champion: the same rows, answered by both, resampled as pairs.

Labels are compared as labels, so that any of their scores can be; answers by a score that each row has. Non-inferiority
and superiority are two questions (Piaggio et al., "Reporting of noninferiority and equivalence randomized trials", JAMA
308, 2012): the first is about this candidate, which is what would be served, and the second about the change that was
made, so that it has to stand out from what another seed would have done as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tasks.gate.config import ChampionGate, GatesConfig
from tasks.gate.judge import Quantity, ends, failure, state_of, what_would_settle
from tasks.gate.limits import NAMES
from tasks.gate.paired_rows import label_indices, scores_of_rows, why_not_comparable
from tasks.gate.policy import OF_LABELS, policy_for, task_of
from tasks.metrics.intervals import mcnemar_p_value, paired_difference
from tasks.metrics.mean_intervals import mean_interval
from tasks.metrics.paired_tests import approximate_randomisation
from tasks.metrics.seed_noise import TrainerNoise, reach, widened
from tasks.records import GateResult, Measurement, Report
from tasks.store import fetch_whole

GATE = "champion"
SEED = 0
"""Seed of the resampling: the same predictions always get the same verdict."""


def compare(
    report: Report,
    champion_report: Report | None,
    policy: GatesConfig,
    saving: float = 0.0,
    noise: TrainerNoise | None = None,
) -> list[GateResult]:
    """The gate `champion`; nothing where no champion is, or the policy does not ask.

    `saving` is the loss that the energy which the candidate saves is worth: the margin of non-inferiority is at least
    that. `noise` is what trainings of this recipe differ by, where that is known.
    """
    policy = policy_for(task_of(report.metrics), policy)
    gate = policy.champion
    if champion_report is None or gate is None:
        return []
    ours, theirs = (pd.read_parquet(fetch_whole(each) / "predictions.parquet") for each in (report, champion_report))
    pays = gate.policy == "non_inferiority" and saving > gate.margin
    if pays:
        gate = gate.model_copy(update={"margin": saving})
    found = judge_champion((report, champion_report), (ours, theirs), gate, policy.bootstrap_samples, noise)
    if not pays:
        return [found]
    reason = f"{found.reason} (the margin is what the energy that it saves is worth)"
    return [found.model_copy(update={"reason": reason})]


def judge_champion(
    reports: tuple[Report, Report],
    predictions: tuple[pd.DataFrame, pd.DataFrame],
    gate: ChampionGate,
    samples: int,
    noise: TrainerNoise | None,
) -> GateResult:
    """Whether the candidate differs from the champion as the gate's policy asks; each pair is the candidate's first.

    Predictions have `id`, and `label` and `predicted`, or `reference` and a score. Those that are not of the same rows
    cannot be compared, and fail. The gate's metric is named.
    """
    metric = str(gate.metric)
    different = why_not_comparable(*reports, *predictions, metric)
    if different:
        return failure(GATE, gate.limit, f"the candidate cannot be compared with the champion: {different}")
    if reports[0].model_digest == reports[1].model_digest:
        return _the_champion_itself(gate)
    confidence = reports[0].confidence
    measured = _of_labels if metric in OF_LABELS else _of_answers
    difference, rows, tests = measured(*predictions, metric, samples, confidence)
    apart = reach(noise.scores[metric], confidence) if noise and metric in noise.scores else None
    if apart is not None and gate.policy == "superiority":
        difference = widened(difference, apart)
    return _verdict(gate, difference, rows, tests + _of_the_seed(apart, noise, gate, confidence), confidence)


def _of_labels(
    ours: pd.DataFrame, theirs: pd.DataFrame, metric: str, samples: int, confidence: float
) -> tuple[Measurement, int, str]:
    """The difference, the rows that it rests on, and what the tests say."""
    labels, candidate, champion, classes = label_indices(ours, theirs)
    how: dict[str, Any] = {"metric": metric, "samples": samples, "seed": SEED}
    difference = paired_difference(labels, candidate, champion, classes, confidence=confidence, **how)
    by_rows = mcnemar_p_value(candidate == labels, champion == labels)
    by_score = approximate_randomisation(labels, candidate, champion, classes, **how)
    tests = f"; McNemar {_p_value(by_rows)}, randomisation of {NAMES[metric]} {_p_value(by_score.p_value)}"
    return difference, len(labels), tests


def _of_answers(
    ours: pd.DataFrame, theirs: pd.DataFrame, metric: str, samples: int, confidence: float
) -> tuple[Measurement, int, str]:
    """The mean of the rows' differences in score, each from -1 to 1; rows that neither was scored on are left out."""
    candidate, champion = scores_of_rows(metric, ours, theirs)
    scored = candidate.notna()
    differences = (candidate[scored] - champion[scored]).to_numpy(dtype=np.float64)
    difference = mean_interval(differences, least=-1.0, most=1.0, samples=samples, confidence=confidence, seed=SEED)
    return difference, int(scored.sum()), ""


def _the_champion_itself(gate: ChampionGate) -> GateResult:
    """A pass, whatever the policy: there is nothing to be released anew, and nothing that got worse."""
    return GateResult(
        name=GATE,
        measured=0.0,
        low=0.0,
        high=0.0,
        limit=min(gate.limit, 0.0),
        state="pass",
        at_least=True,
        reason=f"the candidate is the champion itself, so there is no difference in {NAMES[str(gate.metric)]}",
    )


def _of_the_seed(apart: float | None, noise: TrainerNoise | None, gate: ChampionGate, confidence: float) -> str:
    if apart is None or noise is None:
        return ""
    counted = ", which the interval holds" if gate.policy == "superiority" else ""
    return (
        f"; trainings that differ by their seed alone are up to {100 * apart:.1f} points apart in {confidence:.0%} of "
        f"all cases ({len(noise.seeds)} seeds){counted}"
    )


def _verdict(gate: ChampionGate, difference: Measurement, rows: int, tests: str, confidence: float) -> GateResult:
    name = NAMES[str(gate.metric)]
    low, high = ends(difference)
    state = state_of(difference, gate.limit, at_least=True)
    measured = (
        f"{_points(difference.value)} points of {name} [{_points(low)}, {_points(high)}] against the champion on the "
        f"same {rows:,} rows{tests}"
    )
    amount = 100 * abs(gate.limit)
    than = f"more than {amount:g} point{'' if amount == 1 else 's'}"
    follows = {
        "non_inferiority": {
            "pass": f"a loss of {than} is ruled out",
            "fail": f"the loss is surely {than}",
            "inconclusive": f"a loss of {than} is not ruled out",
        },
        "superiority": {
            "pass": f"a gain of {than} is shown",
            "fail": f"a gain of {than} is ruled out",
            "inconclusive": f"a gain of {than} is not shown",
        },
    }[gate.policy][state]
    if state == "inconclusive":
        follows += f"; {what_would_settle(difference, gate.limit, Quantity(name, at_least=True), rows, confidence)}"
    return GateResult(
        name=GATE,
        measured=difference.value,
        low=low,
        high=high,
        limit=gate.limit,
        state=state,
        at_least=True,
        reason=f"{measured}: {follows}",
    )


def _p_value(chance: float) -> str:
    return "p < 0.001" if chance < 0.001 else f"p = {chance:.2g}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"
