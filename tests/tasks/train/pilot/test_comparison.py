"""When a pilot has shown that fine-tuning helps, and when it has not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tasks.train.pilot.classifier import in_words
from tasks.train.pilot.comparison import BASE, PILOT, PROMPTED, compare, mean_interval

Floats = npt.NDArray[np.float64]


def right(count: int, rows: int = 100) -> Floats:
    return (np.arange(rows) < count).astype(np.float64)


@pytest.mark.parametrize(
    ("base", "prompted", "pilot", "state"),
    [
        (40, 60, 80, "helps"),
        (40, 80, 78, "helps"),
        (40, 90, 60, "does_not_help"),
        (60, 30, 40, "does_not_help"),
        (50, 50, 52, "not_shown"),
    ],
    ids=["better than both", "as good as the prompt", "worse than the prompt", "worse than the base", "too few rows"],
)
def test_fine_tuning_helps_where_it_beats_the_base_and_a_prompt_does_not_do_better(
    base: int, prompted: int, pilot: int, state: str
) -> None:
    scores = {BASE: right(base), PROMPTED: right(prompted), PILOT: right(pilot)}
    found = compare("right", scores, confidence=0.95, seed=0)
    assert found.state == state
    assert found.scores[PILOT].value == pilot / 100
    assert found.gains[BASE].value == pytest.approx((pilot - base) / 100)


def test_gains_are_paired_so_that_hard_rows_do_not_drown_a_steady_gain() -> None:
    hardness = np.random.default_rng(0).normal(-3, 2, 60)
    scores = {BASE: hardness, PROMPTED: hardness + 0.01, PILOT: hardness + 0.1}
    found = compare("log_probability", scores, confidence=0.95, seed=0)
    gain, alone = found.gains[BASE], found.scores[PILOT]
    assert found.state == "helps"
    assert gain.high is not None
    assert gain.low is not None
    assert gain.high - gain.low < 1e-6
    assert alone.high is not None
    assert alone.low is not None
    assert alone.high - alone.low > 0.5


def test_the_sentence_names_all_three_and_the_gain_with_its_interval() -> None:
    found = compare("right", {BASE: right(40), PROMPTED: right(60), PILOT: right(80)}, confidence=0.95, seed=0)
    sentence = found.sentence(learned=64)
    assert sentence.startswith("Fine-tuning helps: on 100 validation rows, the share of right labels is the base")
    assert "40.0%" in sentence
    assert "60.0%" in sentence
    assert "the pilot 80.0%" in sentence
    assert "the gain of a pilot on 64 rows is +40.0 points [+" in sentence


def test_the_interval_of_a_mean_covers_it_about_as_often_as_promised() -> None:
    draw = np.random.default_rng(5)
    covered = 0
    for sample in range(200):
        found = mean_interval(draw.normal(0.3, 1.0, 64), confidence=0.9, seed=sample)
        covered += found.low is not None and found.high is not None and found.low <= 0.3 <= found.high
    assert 0.84 <= covered / 200 <= 0.95


def test_a_label_is_read_as_words() -> None:
    assert [in_words(label) for label in ("card_arrival", "cardArrival", "Refund-late", "?")] == [
        "card arrival",
        "card arrival",
        "refund late",
        "?",
    ]
