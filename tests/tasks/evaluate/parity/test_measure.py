"""Forms of one model are compared by what they answer, each with the reference, over all rows and label by label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.compare import labels_lost
from tasks.evaluate.parity.forms import Form
from tasks.evaluate.parity.measure import forms_compared
from tasks.evaluate.parity.plot import plot_parity
from tests.tasks.evaluate.classifier.known_classifier import KnownClassifier, make_holdout

EVALUATION = EvaluationConfig(bootstrap_samples=200)
ROWS = make_holdout(600)


class WithoutOneLabel(KnownClassifier):
    """A form that never gives the fourth label any more, though every other logit is the same."""

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        logits = super().logits(texts)
        logits[:, 3] = -100
        return logits


def form_of(name: str, classifier: KnownClassifier) -> Form:
    return Form(name, answer(classifier, ROWS), classifier.logits(ROWS["text"].tolist()))


GOOD, LOST = form_of("trained", KnownClassifier(ROWS)), form_of("int8", WithoutOneLabel(ROWS))


def test_the_same_form_agrees_on_every_row_and_loses_nothing() -> None:
    found = forms_compared(GOOD, [form_of("exported", KnownClassifier(ROWS))], EVALUATION)
    for name in ("parity_agreement", "parity_agreement.exported"):
        assert found.metrics[name].value == 1
        assert (found.metrics[name].low or 0) > 0.99
    for name in ("labels_lost", "accuracy_lost", "largest_confidence_difference", "largest_logit_difference"):
        assert found.metrics[f"parity_{name}"].value == 0
    assert found.table["lost"].sum() == found.table["missed"].sum() == 0


def test_a_form_that_lost_a_label_is_found_out_and_the_label_is_named() -> None:
    found = forms_compared(GOOD, [LOST], EVALUATION)
    assert found.metrics["parity_labels_lost.int8"].low == 1
    assert (found.metrics["parity_agreement.int8"].high or 1) < 0.99
    assert (found.metrics["parity_accuracy_lost.int8"].low or 0) > 0
    assert found.metrics["parity_largest_logit_difference.int8"].value == 104
    worst = found.table.iloc[0]
    assert (worst["label"], worst["kept"]) == ("intent_03", 0)
    assert worst["given"] > 40
    assert worst["recall_form"] == 0 < worst["recall_reference"]
    assert found.table["lost"].iloc[1:].sum() == 0


def test_the_figures_without_a_form_are_those_of_the_worst(tmp_path: Path) -> None:
    served = Form("served", form_of("x", KnownClassifier(ROWS)).answers, None)
    found = forms_compared(GOOD, [served, LOST], EVALUATION)
    for name in ("agreement", "labels_lost", "accuracy_lost", "largest_confidence_difference"):
        assert found.metrics[f"parity_{name}"] == found.metrics[f"parity_{name}.int8"]
    assert found.metrics["parity_agreement.served"].value == 1
    assert "parity_largest_logit_difference.served" not in found.metrics
    plot_parity(found.table, found.metrics, tmp_path / "parity.png")
    assert (tmp_path / "parity.png").stat().st_size > 10_000


@pytest.mark.parametrize(("rows", "value", "low"), [(2, 0, 0), (4, 1, 0), (8, 1, 1)])
def test_a_label_of_few_rows_is_not_surely_lost(rows: int, value: float, low: float) -> None:
    reference = np.array([0] * 50 + [1] * 50 + [2] * rows)
    found = labels_lost(reference, np.where(reference == 2, 0, reference), confidence=0.9)
    assert (found.value, found.low, found.high) == (value, low, value)
