"""Three contestants on the same rows, and what follows: does fine-tuning help, does it not, or is it not shown?

Fine-tuning helps where the pilot's paired gain over the base lies above 0 with its whole interval, and the pilot is not
surely worse than the base with the same rows in its prompt, which would need no training. Intervals of right answers
are those of the gates (`tasks.metrics.intervals`); those of log probabilities are from the Bayesian bootstrap of the
paired differences (Rubin 1981).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tasks.metrics.intervals import paired_difference, share_interval
from tasks.records import Measurement, PilotState

Floats = npt.NDArray[np.float64]
Measure = Literal["right", "log_probability", "margin"]

BASE, PROMPTED, PILOT = "base", "base_with_rows", "pilot"
CONTESTANTS = {BASE: "the base", PROMPTED: "the base with those rows in its prompt", PILOT: "the pilot"}
OF_CLASSIFIERS = {
    BASE: "the base by the nearest label name",
    PROMPTED: "the base by the nearest mean of those rows' vectors",
    PILOT: "the pilot",
}
"""What takes the place of a prompt where the base is an encoder, which answers by how near its vectors are."""
SAMPLES = 4000
OPENINGS: dict[PilotState, str] = {
    "helps": "Fine-tuning helps",
    "does_not_help": "Fine-tuning does not help",
    "not_shown": "It is not shown that fine-tuning helps",
}


@dataclass(frozen=True)
class Comparison:
    """Scores of the three contestants row by row, and what they come to."""

    measure: Measure
    by_row: Mapping[str, Floats]
    """For each contestant, shape (rows,): 1 or 0 for right or wrong, or nats a token. More is better."""
    scores: dict[str, Measurement]
    gains: dict[str, Measurement]
    state: PilotState

    def sentence(self, learned: int) -> str:
        """What came out, for a person; `learned` is the number of rows that the pilot was trained on."""
        names = self.names()
        rows = len(self.by_row[PILOT])
        figures = ", ".join(f"{names[name]} {self.written(score.value)}" for name, score in self.scores.items())
        gains = " and ".join(f"{self._gain(gain)} over {names[name]}" for name, gain in self.gains.items())
        return (
            f"{OPENINGS[self.state]}: on {rows} validation rows, {self.what()} is {figures}; the gain of a pilot on "
            f"{learned} rows is {gains}."
        )

    def names(self) -> dict[str, str]:
        """What the contestants are called in a sentence."""
        return OF_CLASSIFIERS if self.measure == "right" else CONTESTANTS

    def what(self) -> str:
        """What the scores are."""
        return {
            "right": "the share of right labels",
            "log_probability": "the answers' log probability in nats a token",
            "margin": "the log probability in nats a token by which the chosen answer exceeds the rejected one",
        }[self.measure]

    def written(self, value: float) -> str:
        """A score as a person reads it."""
        return f"{value:.1%}" if self.measure == "right" else f"{value:.3f}"

    def _gain(self, gain: Measurement) -> str:
        scale, unit, digits = (100, " points", 1) if self.measure == "right" else (1, "", 3)
        ends = ", ".join(f"{scale * (end or 0.0):+.{digits}f}" for end in (gain.low, gain.high))
        return f"{scale * gain.value:+.{digits}f}{unit} [{ends}]"


def compare(measure: Measure, by_row: Mapping[str, Floats], confidence: float, seed: int) -> Comparison:
    """Compare the scores of BASE, PROMPTED and PILOT, each of shape (rows,), row by row."""
    scores = {name: _score(measure, by_row[name], confidence, seed) for name in CONTESTANTS}
    gains = {name: _gain(measure, by_row[PILOT], by_row[name], confidence, seed) for name in (BASE, PROMPTED)}
    return Comparison(measure, by_row, scores, gains, state_of(gains))


def state_of(gains: Mapping[str, Measurement]) -> PilotState:
    """What the gains over BASE and PROMPTED say; an interval that holds 0 shows nothing."""
    (low, high), (_, prompted_high) = (_ends(gains[name]) for name in (BASE, PROMPTED))
    if high <= 0 or prompted_high < 0:
        return "does_not_help"
    return "helps" if low > 0 else "not_shown"


def mean_interval(values: Floats, confidence: float, seed: int) -> Measurement:
    """The mean of values of shape (rows,) with the interval of its Bayesian bootstrap."""
    weights = np.random.default_rng(seed).standard_exponential((SAMPLES, len(values)))
    means = weights @ values / weights.sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = (float(end) for end in np.quantile(means, (tail, 1 - tail)))
    mean = float(values.mean())
    return Measurement(value=mean, low=min(low, mean), high=max(high, mean))


def _score(measure: Measure, values: Floats, confidence: float, seed: int) -> Measurement:
    if measure == "right":
        return share_interval(int(values.sum()), len(values), confidence)
    return mean_interval(values, confidence, seed)


def _gain(measure: Measure, ours: Floats, theirs: Floats, confidence: float, seed: int) -> Measurement:
    if measure != "right":
        return mean_interval(ours - theirs, confidence, seed)
    truth, right, theirs_right = (side.astype(np.int64) for side in (np.ones(len(ours)), ours, theirs))
    return paired_difference(
        truth, right, theirs_right, 2, metric="accuracy", samples=SAMPLES, confidence=confidence, seed=seed
    )


def _ends(measured: Measurement) -> tuple[float, float]:
    if measured.low is None or measured.high is None:
        raise ValueError(f"the gain {measured.value} has no interval")
    return measured.low, measured.high
