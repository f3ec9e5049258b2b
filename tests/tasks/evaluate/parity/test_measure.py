"""Two forms of one model are compared by what they answer, label by label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.evaluate.answers import answer
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.measure import forms_compared
from tests.tasks.evaluate.known_classifier import KnownClassifier, make_holdout

EVALUATION = EvaluationConfig(bootstrap_samples=200)
ROWS = make_holdout(600)


class WithoutOneLabel(KnownClassifier):
    """A form that never gives the fourth label any more, though every other logit is the same."""

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        logits = super().logits(texts)
        logits[:, 3] = -100
        return logits


def test_the_same_form_agrees_on_every_row_and_loses_nothing() -> None:
    one = answer(KnownClassifier(ROWS), ROWS)
    found = forms_compared(one, one, EVALUATION)
    assert found.metrics["parity_agreement"].value == 1
    assert (found.metrics["parity_agreement"].low or 0) > 0.99
    assert found.metrics["parity_accuracy_lost"].value == 0
    assert found.metrics["parity_largest_confidence_difference"].high == 0
    assert found.table["lost"].sum() == 0


def test_a_form_that_lost_a_label_is_found_out_and_the_label_is_named() -> None:
    trained, served = answer(KnownClassifier(ROWS), ROWS), answer(WithoutOneLabel(ROWS), ROWS)
    found = forms_compared(trained, served, EVALUATION)
    worst = found.table.iloc[0]
    assert worst["label"] == "intent_03"
    assert worst["recall_served"] == 0 < worst["recall_trained"]
    assert found.table["lost"].iloc[1:].sum() == 0
    assert (found.metrics["parity_agreement"].high or 1) < 0.99
    assert (found.metrics["parity_accuracy_lost"].low or 0) > 0
