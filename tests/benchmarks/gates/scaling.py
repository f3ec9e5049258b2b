"""The benchmark `scaling`: the calibration error before and after temperature scaling, on Banking77's champion.

The temperature was fitted on the validation split by the training; the error is that of the holdout, 15 bins, as the
calibration gate sees it. The deployment smooths its labels, so before scaling the network is less sure than it is
right; with --plain a second champion is trained without smoothing.

python -m tests.benchmarks.gates.scaling [--home HOME] [--epochs 5] [--plain]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from tasks.datasets.folder import read_split
from tasks.evaluate.classifier.answers import Answers, answer
from tasks.evaluate.classifier.measure import quality_metrics
from tasks.evaluate.config import EvaluationConfig
from tasks.metrics.calibration import fit_temperature, softmax
from tasks.metrics.calibration_unbiased import debiased_calibration_error
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.records import Measurement
from tests.benchmarks.gates.champion import Champion, banking77_champion
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

WANTED = 0.4
"""The error after scaling as a multiple of the error before, at most."""
EVALUATION = EvaluationConfig()


def measure(champion: Champion, name: str = "scaling") -> Comparison:
    """The expected calibration error with the temperature against that without."""
    classifier = OnnxClassifier.load(champion.folder)
    holdout, validation = (read_split(champion.dataset, split) for split in ("holdout", "validation"))
    answers = answer(classifier, holdout)
    figures = quality_metrics(answers, EVALUATION)
    after, before = figures["ece"], figures["ece_uncalibrated"]
    info = ModelInfo.read(champion.folder)
    logits = classifier.logits(validation["text"].tolist())
    place = {label: number for number, label in enumerate(classifier.labels)}
    again = fit_temperature(logits, validation["label"].map(place).to_numpy(dtype=np.int64))
    quality: dict[str, Any] = {
        "after / before": after.value / before.value,
        "wanted, at most": WANTED,
        "reached": after.value <= WANTED * before.value,
        "temperature": info.temperature,
        "temperature, fitted again on the validation split": again,
        "before": _told(before, answers, answers.confidence_uncalibrated),
        "after": _told(after, answers, answers.confidence),
        "rows": {"validation": len(validation), "holdout": len(holdout)},
        "negative log-likelihood": _likelihoods(classifier, answers, holdout["text"].tolist(), info.temperature),
    }
    return compare(
        name, "no scaling", ours=100 * after.value, theirs=100 * before.value, unit="points of ECE", quality=quality
    )


def _told(error: Measurement, answers: Answers, confidence: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    """An error with its interval, its unbiased variant, and on which side confidence and accuracy differ."""
    resampling = {"samples": EVALUATION.bootstrap_samples, "confidence": EVALUATION.confidence, "seed": EVALUATION.seed}
    debiased = debiased_calibration_error(confidence, answers.correct, EVALUATION.ece_bins, **resampling)  # type: ignore[arg-type]
    return {
        "ECE": [error.value, error.low, error.high],
        "root mean square, unbiased": [debiased.value, debiased.low, debiased.high],
        "mean confidence": float(confidence.mean()),
        "accuracy": float(answers.correct.mean()),
    }


def _likelihoods(
    classifier: OnnxClassifier, answers: Answers, texts: list[str], temperature: float
) -> dict[str, float]:
    """In nats a row, before and after; scaling mends the probabilities of all labels, and not the answers."""
    logits, place = classifier.logits(texts), {name: number for number, name in enumerate(classifier.labels)}
    truth = np.array([place[answers.names[label]] for label in answers.labels])
    rows = np.arange(len(truth))
    return {
        when: float(-np.log(softmax(logits, used)[rows, truth]).mean())
        for when, used in (("before", 1.0), ("after", temperature))
    }


def main() -> None:
    """Measure and write `build/bench/gates-scaling.json`."""
    parser = argparse.ArgumentParser(description="The calibration error before and after temperature scaling.")
    parser.add_argument("--home", type=Path, help="a Refit home whose release of banking77 is taken over")
    parser.add_argument("--epochs", type=float, default=5, help="of the champion that is trained where none is given")
    parser.add_argument("--plain", action="store_true", help="train another one without label smoothing as well")
    options = parser.parse_args()
    with home_of_its_own():
        found = [measure(banking77_champion(options.home, epochs=options.epochs))]
        if options.plain:
            plain = banking77_champion(epochs=options.epochs, label_smoothing=0.0)
            found.append(measure(plain, "scaling, without label smoothing"))
        write_report("gates-scaling", found)


if __name__ == "__main__":
    main()
