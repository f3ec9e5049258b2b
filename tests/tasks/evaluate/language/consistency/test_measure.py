"""Agreement between answers to the same prompt: by setting, the least of them for the gate, each with its interval."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from pydantic import ValidationError

from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.consistency.agreement import exact_agreement, word_agreement
from tasks.evaluate.language.consistency.config import ConsistencyConfig, SamplingSetting
from tasks.evaluate.language.consistency.measure import least_mean, measure_consistency
from tasks.evaluate.language.consistency.plot import plot_consistency
from tasks.models.language_model import Sampling
from tests.tasks.evaluate.language.answering_model import subject_of

EVALUATION = EvaluationConfig(bootstrap_samples=200)
ROWS = [(f"Where is parcel {number}?", "", "") for number in range(30)]
COLD, HOT, NARROW = (
    SamplingSetting(temperature=0.2),
    SamplingSetting(temperature=1.2),
    SamplingSetting(temperature=1.2, top_k=5, top_p=0.5),
)
CONFIG = ConsistencyConfig(rows=20, samples=4, settings=(COLD, HOT, NARROW))


def scatters_when_hot(prompt: str, number: int, sampling: Sampling) -> str:
    if sampling.temperature < 1 or sampling.top_k:
        return "Your parcel is on its way."
    letters = hashlib.sha256(f"{prompt}{number}".encode()).hexdigest()
    return f"Your parcel {letters[:6]} {letters[6:12]}."


def test_agreement_is_that_of_all_pairs() -> None:
    assert exact_agreement(["a b", "A b!", "a c"]) == pytest.approx(1 / 3)
    assert word_agreement(["a b", "A b!", "a c"]) == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_a_model_that_scatters_at_a_high_temperature_is_caught_there_and_the_least_is_what_counts() -> None:
    found = measure_consistency(subject_of(ROWS, scatters_when_hot), CONFIG, EVALUATION)
    figures = found.metrics
    assert figures["consistency.t0.2"].value == figures["consistency.t1.2_k5_p0.5"].value == 1
    assert figures["consistency.t1.2"].value == pytest.approx(0.5)
    assert figures["consistency"].value == figures["consistency.t1.2"].value
    assert figures["consistency_exact"].value == 0
    assert figures["consistency_exact"].low == 0
    assert len(found.table) == 20 * 3
    assert set(found.table.loc[found.table["setting"] == "t1.2", "distinct"]) == {4}


def test_every_prompt_is_answered_as_often_and_as_freely_as_the_config_says() -> None:
    seen: list[Sampling] = []

    def said(prompt: str, number: int, sampling: Sampling) -> str:
        seen.append(sampling)
        return "<think>hm</think> Yes"

    found = measure_consistency(subject_of(ROWS, said), CONFIG, EVALUATION)
    assert len(seen) == 20 * 3 * 4
    assert set(seen) == {Sampling(s.temperature, s.top_k, s.top_p, 4, EVALUATION.seed) for s in CONFIG.settings}
    assert found.metrics["consistency"].value == 1


def test_the_least_of_several_means_has_an_interval_that_is_wider_above_than_that_of_one() -> None:
    draw = np.random.default_rng(0)
    scores = [draw.random(40) for _ in range(5)]
    least = least_mean(scores, EVALUATION)
    alone = [least_mean([each], EVALUATION) for each in scores]
    lowest = min(alone, key=lambda each: each.value)
    assert least.value == lowest.value
    assert least.low == min(each.low for each in alone if each.low is not None)
    assert least.high is not None
    assert lowest.high is not None
    assert least.high > lowest.high


def test_a_setting_is_named_once_and_never_greedy() -> None:
    with pytest.raises(ValidationError, match=r"the setting t0.7 is named twice"):
        ConsistencyConfig(settings=(SamplingSetting(), SamplingSetting()))
    with pytest.raises(ValidationError, match="greater than 0"):
        SamplingSetting(temperature=0)


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    found = measure_consistency(subject_of(ROWS, scatters_when_hot), CONFIG, EVALUATION)
    plot_consistency(found.table, found.metrics, tmp_path / "consistency.png")
    assert imread(tmp_path / "consistency.png")[..., :3].std() > 0.02
