"""Each measure of tasks/metrics beside the same measure by a library that others trust, on the same rows.

A function a library; each gives pairs, by the measure's name: what we say and what the library says, numbers or arrays.
Measures that are drawn at random (bootstrap intervals, p-values by randomisation) cannot be equal to six digits; their
coverage and level are tested in tests/tasks/metrics. torchmetrics counts in single precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.evaluate.classifier.energy.measure import mean_over_rounds, ratio_over_rounds
from tasks.metrics.calibration import Floats, Integers, fit_temperature, reliability_table, softmax, top_label
from tasks.metrics.classification import classification_scores, confusion_matrix, label_table
from tasks.metrics.fairness import (
    compare_groups,
    count_by_group,
    equal_opportunity_difference,
    equalised_odds_difference,
)
from tasks.metrics.generation import rouge_l, token_f1
from tasks.metrics.intervals import mcnemar_p_value, percentile_interval, share_interval
from tasks.metrics.multiplicity import holm
from tasks.metrics.paired_tests import approximate_randomisation
from tasks.metrics.selective import coverage_curve
from tasks.records import Measurement

BINS, CONFIDENCE = 15, 0.9
RESAMPLING: dict[str, Any] = {"samples": 100, "confidence": CONFIDENCE, "seed": 0}
Pairs = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Said:
    """What a classifier said to rows, and what the measures of other things are taken of; arrays of shape (rows,)."""

    labels: Integers
    logits: Floats
    """Of shape (rows, labels); the largest is the answer."""
    other: Integers
    """The answers of another model to the same rows."""
    groups: npt.NDArray[np.object_]
    milliseconds: Floats
    """Of timed requests, of shape (requests,)."""
    texts: tuple[tuple[str, str], ...]
    """Pairs of a text and another one, in lower case, of words of a-z and 0-9 alone, without articles."""

    @property
    def predicted(self) -> Integers:
        return np.asarray(self.logits.argmax(axis=1))

    @property
    def classes(self) -> int:
        return int(self.logits.shape[1])

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.equal(self.predicted, self.labels)


def scikit_learn(said: Said) -> Pairs:
    """Scores, the table by label, the confusion matrix, bins of calibration, the curve of coverage, the log loss."""
    from sklearn import metrics
    from sklearn.calibration import calibration_curve

    labels, predicted, every = said.labels, said.predicted, np.arange(said.classes)
    ours, table = classification_scores(labels, predicted, said.classes), label_table(labels, predicted, said.classes)
    theirs = metrics.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=np.nan)
    confidence, right = top_label(softmax(said.logits), labels)
    bins = reliability_table(confidence, right, BINS)
    filled = bins.rows > 0
    share, mean = calibration_curve(right, confidence, n_bins=BINS)
    curve = coverage_curve(confidence, right)
    precision = metrics.precision_recall_curve(right, confidence, drop_intermediate=False)[0]
    columns = {name: getattr(table, name) for name in ("precision", "recall", "f1", "support")}
    return {
        "MCC": (ours["mcc"], metrics.matthews_corrcoef(labels, predicted)),
        "macro F1": (ours["f1_macro"], metrics.f1_score(labels, predicted, average="macro")),
        "accuracy": (ours["accuracy"], metrics.accuracy_score(labels, predicted)),
        **{f"{name} by label": (columns[name], them) for name, them in zip(columns, theirs, strict=True)},
        "confusion matrix": (
            confusion_matrix(labels, predicted, said.classes),
            metrics.confusion_matrix(labels, predicted, labels=every),
        ),
        "accuracy by bin of confidence": (bins.accuracy[filled], share),
        "mean confidence by bin": (bins.confidence[filled], mean),
        "expected calibration error": (
            bins.calibration_error,
            float(np.abs(share - mean) @ bins.rows[filled] / len(labels)),
        ),
        # Its thresholds rise, and it ends with a point of no rows at all.
        "accuracy of the surest rows": (curve.accuracy[::-1], precision[:-1]),
    }


def torchmetrics(said: Said) -> Pairs:
    """The expected calibration error and the scores; of texts ROUGE-L and the words in common."""
    import torch
    from torchmetrics import classification as metrics
    from torchmetrics.functional.text import rouge_score, squad

    probabilities = softmax(said.logits)
    given, truth = torch.from_numpy(probabilities), torch.from_numpy(said.labels)
    ours = classification_scores(said.labels, said.predicted, said.classes)
    error = reliability_table(*top_label(probabilities, said.labels), BINS).calibration_error
    kinds = {
        "MCC": (ours["mcc"], metrics.MulticlassMatthewsCorrCoef(said.classes)),
        "macro F1": (ours["f1_macro"], metrics.MulticlassF1Score(said.classes, average="macro")),
        "accuracy": (ours["accuracy"], metrics.MulticlassAccuracy(said.classes, average="micro")),
        "expected calibration error": (error, metrics.MulticlassCalibrationError(said.classes, n_bins=BINS)),
    }
    rouge, words = [], []
    for place, (text, other) in enumerate(said.texts):
        scored = rouge_score(text, other, rouge_keys="rougeL")["rougeL_fmeasure"]
        rouge.append((rouge_l(text, other), float(scored)))
        answer = {"prediction_text": text, "id": str(place)}
        wanted = {"answers": {"answer_start": [0], "text": [other]}, "id": str(place)}
        words.append((token_f1(text, other), float(squad([answer], [wanted])["f1"]) / 100))
    return {
        **{name: (value, float(metric(given, truth))) for name, (value, metric) in kinds.items()},
        "ROUGE-L": _columns(rouge),
        "token F1": _columns(words),
    }


def fairlearn(said: Said) -> Pairs:
    """Both differences between groups, and each group's rates, for the label that most rows have."""
    from fairlearn import metrics

    positive = int(np.bincount(said.labels).argmax())
    counts = count_by_group(said.labels, said.predicted, said.groups, said.classes)
    compared = compare_groups(counts, positive, smallest_group=1)
    rows = {"y_true": said.labels == positive, "y_pred": said.predicted == positive, "sensitive_features": said.groups}
    rates = {"true": metrics.true_positive_rate, "false": metrics.false_positive_rate}
    frame = metrics.MetricFrame(metrics=rates, **rows).by_group
    found = equal_opportunity_difference(compared, **RESAMPLING), equalised_odds_difference(compared, **RESAMPLING)
    opportunity, odds = (each.value if each else np.nan for each in found)
    return {
        "equal opportunity difference": (opportunity, metrics.equal_opportunity_difference(**rows)),
        "equalised odds difference": (odds, metrics.equalized_odds_difference(**rows)),
        "true positive rate by group": ([rate.value for rate in compared.true_positive], frame["true"]),
        "false positive rate by group": ([rate.value for rate in compared.false_positive], frame["false"]),
    }


def scipy(said: Said) -> Pairs:
    """Probabilities, the temperature, exact and Student's intervals, percentiles, and the difference of two models."""
    from scipy import special, stats

    rows, right = len(said.labels), int(said.right.sum())
    exact = stats.binomtest(right, rows).proportion_ci(CONFIDENCE, method="exact")
    tail = stats.quantile_test(said.milliseconds, p=0.95).confidence_interval(CONFIDENCE)
    means = np.array([part.mean() for part in np.array_split(said.milliseconds, 12)])
    rounds, others = means[:6], means[6:]
    mean = stats.ttest_1samp(rounds, 0).confidence_interval(CONFIDENCE)
    ratio = stats.ttest_rel(np.log(rounds), np.log(others)).confidence_interval(CONFIDENCE)
    both = np.stack([said.right, said.other == said.labels]).mean(axis=1)
    paired = approximate_randomisation(
        said.labels, said.predicted, said.other, said.classes, metric="accuracy", samples=99, seed=0
    )
    ours_95 = percentile_interval(said.milliseconds, 0.95, CONFIDENCE)
    return {
        "probabilities": (softmax(said.logits, 1.3), special.softmax(said.logits / 1.3, axis=1)),
        "cross-entropy at the temperature": _cross_entropies(said),
        "exact interval of a share": (_ends(share_interval(right, rows, CONFIDENCE)), tuple(exact)),
        "interval of the 95th percentile": (_ends(ours_95), tuple(tail)),
        "interval of a mean over rounds": (_ends(mean_over_rounds(rounds, CONFIDENCE)), tuple(mean)),
        "interval of a ratio over rounds": (_ends(ratio_over_rounds(rounds, others, CONFIDENCE)), np.exp(tuple(ratio))),
        "difference of two models": (paired.difference, float(both[0] - both[1])),
    }


def _cross_entropies(said: Said) -> tuple[float, float]:
    """Of Platt's targets: at our temperature, and the least that scipy finds with its own softmax."""
    from scipy import optimize, special

    rows = len(said.labels)
    # A row's own label gets all but 1 / (rows + 2), the others share that evenly.
    targets = np.full(said.logits.shape, 1 / (rows + 2) / (said.classes - 1))
    targets[np.arange(rows), said.labels] = 1 - 1 / (rows + 2)

    def loss(cold: float) -> float:
        return -float((targets * special.log_softmax(said.logits * cold, axis=1)).sum()) / rows

    best = optimize.minimize_scalar(loss, bracket=(0.5, 1.5), tol=1e-12)
    return loss(1 / fit_temperature(said.logits, said.labels)), float(best.fun)


def statsmodels(said: Said) -> Pairs:
    """McNemar's exact test, the exact interval of a share, and Holm's correction."""
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import proportion_confint

    ours, theirs = said.right, said.other == said.labels
    table = [[(ours & theirs).sum(), (ours & ~theirs).sum()], [(~ours & theirs).sum(), (~ours & ~theirs).sum()]]
    of_groups = {
        str(group): mcnemar_p_value(ours[said.groups == group], theirs[said.groups == group])
        for group in np.unique(said.groups)
    }
    right, rows = int(ours.sum()), len(ours)
    interval = proportion_confint(right, rows, alpha=1 - CONFIDENCE, method="beta")
    corrected = multipletests(list(of_groups.values()), method="holm")[1]
    return {
        "McNemar's p-value": (mcnemar_p_value(ours, theirs), mcnemar(table, exact=True).pvalue),
        "exact interval of a share": (_ends(share_interval(right, rows, CONFIDENCE)), interval),
        "Holm's p-values": (list(holm(of_groups).values()), corrected),
    }


LIBRARIES: dict[str, Callable[[Said], Pairs]] = {
    "sklearn": scikit_learn,
    "torchmetrics": torchmetrics,
    "fairlearn": fairlearn,
    "scipy": scipy,
    "statsmodels": statsmodels,
}
"""By the name under which a library is imported."""


def _columns(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [one for one, _ in pairs], [other for _, other in pairs]


def _ends(measured: Measurement) -> tuple[float, float]:
    return (np.nan if measured.low is None else measured.low, np.nan if measured.high is None else measured.high)
