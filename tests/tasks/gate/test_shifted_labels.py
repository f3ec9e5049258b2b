"""Labels that were renamed or permuted are told from a model that is weak, mixes labels up, or lost one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tasks.gate.shifted_labels import shifted_labels, why_labels_shifted

LABELS = tuple(f"intent_{number:02}" for number in range(12))


def said(instead: dict[str, str] | None = None, rows: int = 360, wrong: float = 0.1) -> pd.DataFrame:
    """Predictions that are right but for a share of rows; then the answers that `instead` names are other ones."""
    other = instead or {}
    draw = np.random.default_rng(0)
    labels = np.array([LABELS[number % 12] for number in range(rows)])
    mistaken = draw.random(rows) < wrong
    predicted = [other.get(label, label) for label in np.where(mistaken, draw.choice(LABELS, rows), labels)]
    return pd.DataFrame({"label": labels, "predicted": predicted})


def test_a_renamed_label_and_two_that_were_swapped_are_found() -> None:
    assert shifted_labels(said({"intent_03": "retired"}), 0.9) == {"retired": "intent_03"}
    swapped = said({"intent_03": "intent_04", "intent_04": "intent_03"})
    assert shifted_labels(swapped, 0.9) == {"intent_03": "intent_04", "intent_04": "intent_03"}


def test_all_labels_shifted_by_one_are_found_and_the_reason_says_what_to_do() -> None:
    following = dict(zip(LABELS, [*LABELS[1:], LABELS[0]], strict=True))
    assert shifted_labels(said(following), 0.9) == {given: meant for meant, given in following.items()}
    reason = why_labels_shifted(said(following), 0.9)
    assert (
        "says 'intent_00' for 'intent_11', 'intent_01' for 'intent_00', 'intent_02' for 'intent_01' and 9 more"
        in reason
    )
    assert reason.endswith("set gates.champion to null for the release that brings in the new ones")


@pytest.mark.parametrize(
    "predictions",
    [
        said(),
        said(wrong=0.9),
        said({"intent_03": "intent_04"}),
        said().assign(predicted="intent_03"),
        said({"intent_03": "retired"}, rows=24),
    ],
    ids=["good", "weak", "a label was lost to another", "one answer to all", "two rows of a renamed label"],
)
def test_what_is_only_bad_is_not_called_shifted(predictions: pd.DataFrame) -> None:
    assert why_labels_shifted(predictions, 0.9) == ""


def test_a_rare_label_under_which_a_frequent_one_was_lost_is_not_called_shifted() -> None:
    rows = pd.concat([said(rows=1200), said(rows=1200)[lambda each: each["label"] == "intent_03"].head(20)])
    lost = rows[(rows["label"] != "intent_04") | (rows.index < 120)].replace({"predicted": {"intent_03": "intent_04"}})
    assert shifted_labels(lost, 0.9) == {}
