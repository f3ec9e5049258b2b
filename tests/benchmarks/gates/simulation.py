"""How often the verdict errs: simulated releases whose truth is known, judged by the code that judges real ones.

Each release has a candidate and a champion with known quality, calibration and latency, and a holdout drawn from it. In
`at the limit of …` the truth lies exactly at one limit and well inside the others, which is the worst case of a
candidate that must not pass: whoever is released there is a false release. In `at every limit` all four truths lie at
their limits, the worst case of a candidate that must not fail. The peer compares each value itself with its limit, as
scripts do.

python -m tests.benchmarks.gates.simulation [--releases 2000] [--rows 1000]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tasks.evaluate.classifier.answers import Answers, predictions
from tasks.evaluate.classifier.latency import latency_metrics
from tasks.evaluate.classifier.measure import quality_metrics
from tasks.evaluate.config import EvaluationConfig
from tasks.gate.champion import judge_champion
from tasks.gate.config import GatesConfig
from tasks.gate.family import failures_corrected
from tasks.gate.judge import overall
from tasks.gate.limits import judge_report
from tasks.gate.policy import policy_for
from tasks.records import GateResult, Report, State
from tests.benchmarks.report import Comparison, compare, write_report

LABELS = 20
GATES = ("quality", "calibration", "latency", "champion")
POLICY = policy_for("classification", GatesConfig.model_validate({"parity": None, "energy": None}))
EVALUATION = EvaluationConfig()
P99_LIMIT, ECE_LIMIT, MCC_LIMIT, MARGIN = 150.0, 0.05, 0.80, 0.01
SPREAD_OF_LOG_LATENCY = 0.4
DISAGREEMENT = 0.06
"""Share of rows that only one of candidate and champion gets right."""


@dataclass(frozen=True)
class Truth:
    """What a simulated candidate is really like."""

    accuracy: float = 0.93
    overconfidence: float = 0.0
    """How much surer it is than right: its expected calibration error."""
    p99_milliseconds: float = 60.0
    worse_than_champion: float = -0.01
    """The champion's accuracy less the candidate's."""


ACCURACY_AT_LIMIT = MCC_LIMIT * (1 - 1 / LABELS) + 1 / LABELS
"""With labels and errors spread evenly, R_K is (accuracy - 1 / labels) / (1 - 1 / labels)."""
AT_THE_LIMIT = {
    "quality": Truth(accuracy=ACCURACY_AT_LIMIT),
    "calibration": Truth(overconfidence=ECE_LIMIT),
    "latency": Truth(p99_milliseconds=P99_LIMIT),
    "champion": Truth(worse_than_champion=MARGIN),
}
AT_EVERY_LIMIT = Truth(ACCURACY_AT_LIMIT, ECE_LIMIT, P99_LIMIT, MARGIN)
GOOD = Truth()


def measure(releases: int = 2000, rows: int = 1000) -> list[Comparison]:
    """The shares of false releases and false rejections against those of a verdict by the values alone."""
    cases = {**{f"at the limit of {gate}": truth for gate, truth in AT_THE_LIMIT.items()}, "good": GOOD}
    cases["at every limit"] = AT_EVERY_LIMIT
    each = releases // len(cases)
    ours: dict[str, list[State]] = {name: [] for name in cases}
    by_value: dict[str, list[bool]] = {name: [] for name in cases}
    for place, (name, truth) in enumerate(cases.items()):
        for number in range(each):
            gates = simulated_gates(truth, rows, np.random.default_rng([place, number]))
            ours[name].append(overall(failures_corrected(gates, EVALUATION.confidence)))
            by_value[name].append(all(_right_by_value(gate) for gate in gates))
    worst = [f"at the limit of {gate}" for gate in GATES]
    released = {name: float(np.mean([state == "pass" for state in states])) for name, states in ours.items()}
    false_release = float(np.mean([released[name] for name in worst]))
    theirs = float(np.mean([np.mean(by_value[name]) for name in worst]))
    rejected = {name: float(np.mean([state == "fail" for state in states])) for name, states in ours.items()}
    quality: dict[str, Any] = {
        "releases simulated": each * len(cases),
        "holdout rows of each": rows,
        "released": released,
        "failed (not merely inconclusive)": rejected,
        "released by the values alone": {name: float(np.mean(found)) for name, found in by_value.items()},
        "false rejections, every truth at its limit": rejected["at every limit"],
    }
    return [
        compare(
            "false releases",
            "comparing the values",
            ours=100 * max(false_release, 1 / (2 * len(worst) * each)),
            theirs=100 * theirs,
            unit="% of candidates at a limit",
            quality=quality,
        )
    ]


def simulated_gates(truth: Truth, rows: int, draw: np.random.Generator) -> list[GateResult]:
    """The four gates of a candidate with this truth, on a holdout of so many rows."""
    ours, theirs = _answers(truth, rows, draw)
    logs = np.log(truth.p99_milliseconds) + SPREAD_OF_LOG_LATENCY * (draw.standard_normal(1000) - 2.3263478740408408)
    metrics = {**quality_metrics(ours, EVALUATION), **latency_metrics(np.exp(logs), EVALUATION.confidence)}
    report, champion_report = (_report(name, rows, metrics) for name in ("candidate", "champion"))
    if POLICY.champion is None:
        raise ValueError("the policy has no gate champion")
    both = (predictions(ours), theirs)
    against = judge_champion((report, champion_report), both, POLICY.champion, POLICY.bootstrap_samples, None)
    return [*judge_report(report, POLICY), against]


def _answers(truth: Truth, rows: int, draw: np.random.Generator) -> tuple[Answers, pd.DataFrame]:
    """What the candidate says, with its confidences, and the champion's predictions."""
    labels = draw.integers(0, LABELS, rows)
    # Rows are of three kinds, the surer the more often right; the same overconfidence lies on each.
    right_of_kind = truth.accuracy + np.array([-0.02, 0.0, 0.02])[draw.integers(0, 3, rows)]
    right = draw.random(rows) < right_of_kind
    only_ours = max(0.0, DISAGREEMENT / 2 - truth.worse_than_champion / 2) / truth.accuracy
    only_theirs = (DISAGREEMENT / 2 + truth.worse_than_champion / 2) / (1 - truth.accuracy)
    champion_right = np.where(right, draw.random(rows) >= only_ours, draw.random(rows) < only_theirs)
    confidence = np.clip(right_of_kind + truth.overconfidence, 0, 1)
    names = tuple(f"label {number:02}" for number in range(LABELS))
    ids = np.array([f"r{number}" for number in range(rows)], dtype=object)

    def said(hits: Any) -> Answers:
        wrong = (labels + draw.integers(1, LABELS, rows)) % LABELS
        nobody = np.full(rows, None, dtype=object)
        return Answers(ids, names, labels, np.where(hits, labels, wrong), confidence, confidence, nobody)

    return said(right), predictions(said(champion_right))


def _report(model: str, rows: int, metrics: dict[str, Any]) -> Report:
    origin = {"uri": "file:///simulated", "digest": model, "model_digest": model, "holdout_digest": "simulated"}
    return Report(rows=rows, confidence=EVALUATION.confidence, metrics=metrics, **origin)


def _right_by_value(gate: GateResult) -> bool:
    if gate.measured is None:
        return False
    return gate.measured >= gate.limit if gate.at_least else gate.measured <= gate.limit


def main() -> None:
    """Simulate and write `build/bench/gates-simulation.json`."""
    parser = argparse.ArgumentParser(description="How often the verdict errs.")
    parser.add_argument("--releases", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args()
    write_report("gates-simulation", measure(options.releases, options.rows))


if __name__ == "__main__":
    main()
