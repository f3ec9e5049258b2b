"""Each measure equals its reference library's on rows made up at random, with every library that is installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from tests.benchmarks.gates.reference_libraries import LIBRARIES, Said
from tests.benchmarks.gates.references import ALLOWED, differences, largest_difference


def made_up(rows: int, classes: int, wrong: float, seed: int) -> Said:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, rows)
    logits = draw.normal(size=(rows, classes))
    mistaken = draw.random((2, rows)) < np.array([[wrong], [1.5 * wrong]])
    given, other = (np.where(missed, draw.integers(0, classes, rows), labels) for missed in mistaken)
    logits[np.arange(rows), given] += 2 + 3 * draw.random(rows)
    words = np.array(["card", "lost", "money", "back", "refund", "2", "days"])
    texts = [" ".join(draw.choice(words, draw.integers(1, 9))) for _ in range(40)]
    return Said(
        labels=labels,
        logits=logits,
        other=other,
        groups=draw.choice(["long", "medium", "short"], rows).astype(object),
        milliseconds=draw.lognormal(2, 0.2, 400),
        texts=tuple(zip(texts[:20], texts[20:], strict=True)),
    )


@pytest.mark.parametrize(("rows", "classes", "wrong"), [(1500, 77, 0.1), (300, 2, 0.3), (400, 5, 0.6)])
def test_every_measure_is_its_librarys(rows: int, classes: int, wrong: float) -> None:
    found = differences(made_up(rows, classes, wrong, seed=rows))
    assert {each.library for each in found} == {library for library in LIBRARIES if find_spec(library)}
    assert {each.library for each in found} >= {"sklearn", "fairlearn", "scipy"}
    assert [each for each in found if not each.largest <= ALLOWED] == []


def test_a_measure_that_is_off_or_without_a_value_is_seen() -> None:
    assert largest_difference("m", [1.0, np.nan], [1.0, np.nan]) == 0
    assert largest_difference("m", [1.0, 2.0], [1.0, 2.5]) == 0.5
    assert largest_difference("m", [1.0, np.nan], [1.0, 0.0]) == np.inf
    with pytest.raises(ValueError, match=r"m: ours is of shape \(2,\) and the library's of \(3,\)"):
        largest_difference("m", [1, 2], [1, 2, 3])
