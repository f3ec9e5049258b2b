"""Joules of a thousand predictions: the candidate's, and the champion's in turns with it, in the same run.

Where neither the GPU nor the processor counts its own energy it is modelled from processor time (tasks/energy), which
the figure says of itself. The ratio of two models is more to be trusted than either figure: what is wrong in the model
of the processor is wrong in both.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tasks.energy.counter import EnergyCounter
from tasks.evaluate.classifier.answers import Classifier
from tasks.evaluate.classifier.energy.config import EnergyConfig
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.room import Found
from tasks.metrics.calibration import Floats
from tasks.records import Measurement

CANDIDATE, CHAMPION = "candidate", "champion"


def measure_energy(
    classifiers: Mapping[str, Classifier], texts: list[str], config: EnergyConfig, evaluation: EvaluationConfig
) -> Found:
    """`joules_per_1000` of the candidate; with a champion `joules_per_1000_champion` and `energy_ratio`.

    The ratio is the candidate's joules over the champion's. `energy_is_modelled` is 1 where a part is modelled, else 0.
    The table has `model`, `round` and `joules_per_1000`.
    """
    counter = EnergyCounter()
    rows = []
    for number in range(config.rounds + 1):
        draw = np.random.default_rng([evaluation.seed, number]).integers(0, len(texts), config.requests)
        for name, classifier in classifiers.items():
            counter.spent()
            for index in draw:
                classifier.probabilities([texts[index]])
            # The first round pays for memory and caches.
            if number:
                joules = 1000 * counter.spent() / config.requests
                rows.append({"model": name, "round": number, "joules_per_1000": joules})
    table = pd.DataFrame(rows)
    by_model = {name: part["joules_per_1000"].to_numpy() for name, part in table.groupby("model")}
    metrics = {"joules_per_1000": mean_over_rounds(by_model[CANDIDATE], evaluation.confidence)}
    if CHAMPION in by_model:
        metrics["joules_per_1000_champion"] = mean_over_rounds(by_model[CHAMPION], evaluation.confidence)
        metrics["energy_ratio"] = ratio_over_rounds(by_model[CANDIDATE], by_model[CHAMPION], evaluation.confidence)
    modelled = float(counter.is_modelled)
    metrics["energy_is_modelled"] = Measurement(value=modelled, low=modelled, high=modelled)
    return Found(metrics, table)


def mean_over_rounds(values: Floats, confidence: float) -> Measurement:
    """The mean of values of shape (rounds,), with Student's interval."""
    from scipy.stats import t

    half = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * values.std(ddof=1) / np.sqrt(len(values))
    mean = float(values.mean())
    return Measurement(value=mean, low=max(0.0, mean - half), high=mean + half)


def ratio_over_rounds(ours: Floats, theirs: Floats, confidence: float) -> Measurement:
    """The geometric mean of the rounds' ratios, with Student's interval of their logarithms.

    Raises ValueError where a round took no measurable energy: its requests were too few.
    """
    if not ((ours > 0).all() and (theirs > 0).all()):
        raise ValueError("a round took no measurable energy: raise evaluation.energy.requests")
    from scipy.stats import t

    logs = np.log(ours / theirs)
    half = float(t.ppf((1 + confidence) / 2, len(logs) - 1)) * logs.std(ddof=1) / np.sqrt(len(logs))
    mean = float(logs.mean())
    return Measurement(value=np.exp(mean), low=np.exp(mean - half), high=np.exp(mean + half))
