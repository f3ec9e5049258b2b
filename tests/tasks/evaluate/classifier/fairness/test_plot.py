"""The plot is drawn for few groups and many, for odd names, and where there is nothing to compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tasks.evaluate.classifier.fairness.config import FairnessConfig
from tasks.evaluate.classifier.fairness.measure import measure_fairness
from tasks.evaluate.classifier.fairness.plot import plot_fairness
from tests.tasks.evaluate.classifier.fairness.test_measure import EVALUATION, subject_of
from tests.tasks.evaluate.classifier.known_classifier import make_holdout


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "names",
    [("terse", "long"), ("costs $5, or $6", "退款", "long " * 30), tuple(f"group {n}" for n in range(60)), (None,)],
    ids=["two", "odd names", "sixty", "none"],
)
def test_a_picture_is_drawn(tmp_path: Path, names: tuple[str | None, ...]) -> None:
    holdout = make_holdout(360)
    holdout["group"] = [names[(number // 12) % len(names)] for number in range(360)]
    for number, smallest in enumerate((1, 30)):
        found = measure_fairness(subject_of(holdout), FairnessConfig(smallest_group=smallest), EVALUATION)
        path = tmp_path / f"{number}.png"
        plot_fairness(found.table, found.metrics, path)
        pixels = imread(path)
        assert min(pixels.shape[:2]) > 200
        assert pixels[..., :3].std() > 0.02, "the picture is empty"


def test_the_same_figures_are_the_same_picture(tmp_path: Path) -> None:
    found = measure_fairness(subject_of(make_holdout(), fails="terse"), FairnessConfig(), EVALUATION)
    for name in ("a.png", "b.png"):
        plot_fairness(found.table, found.metrics, tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
    # The interval's red band and dots are there.
    pixels = imread(tmp_path / "a.png")[..., :3]
    assert (np.abs(pixels - np.array([0xC0, 0x39, 0x2B]) / 255).max(axis=-1) < 0.02).any()
