"""A target mix is reached by weights or by taking rows out, stays put as data grows, and is refused if impossible."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.curate.coverage.mix import OVER, Mix, Mixed, mix_to
from tasks.errors import UserInputError


def mixed(settings: Mix, traffic: dict[str, int] | None = None, **counts: int) -> Mixed:
    cells, keys = rows_in(**counts)
    seen = None if traffic is None else rows_in(**traffic)[0]
    return mix_to(cells, keys, settings, traffic_cells=seen, seed=1)


def rows_in(**counts: int) -> tuple[pd.Series, pd.Series]:
    cells = [name for name, count in counts.items() for _ in range(count)]
    keys = [f"{name} {number}" for name, count in counts.items() for number in range(count)]
    return pd.Series(cells, dtype="str"), pd.Series(keys, dtype="str")


def reached(found: Mixed) -> dict[str, float]:
    return {str(cell): round(share, 3) for cell, share in zip(found.table["cell"], found.table["reached"], strict=True)}


def test_weights_bring_each_cell_to_traffics_share_and_have_mean_1() -> None:
    found = mixed(Mix(by="topic"), traffic={"a": 400, "b": 600}, a=800, b=200)
    assert reached(found) == {"a": 0.4, "b": 0.6}
    assert found.weights is not None
    assert found.weights.mean() == pytest.approx(1)
    assert found.reasons.isna().all()
    assert found.effective_rows == pytest.approx(1000**2 / (800 * 0.5**2 + 200 * 3**2), rel=0.01)


def test_no_weight_exceeds_the_most_and_the_table_says_what_falls_short() -> None:
    found = mixed(Mix(by="label", target="uniform", max_weight=4), a=900, b=90, c=10)
    assert found.weights is not None
    assert found.weights.max() == 4
    assert found.weights.mean() == pytest.approx(1)
    assert reached(found) == {"a": 0.6, "b": 0.36, "c": 0.04}


def test_downsampling_takes_out_the_fewest_rows_each_with_its_reason() -> None:
    found = mixed(Mix(by="style", target={"a": 0.5}, method="downsample"), a=600, b=300, c=100)
    assert found.weights is None
    assert found.reasons.value_counts().to_dict() == {OVER: 200}
    assert reached(found) == {"a": 0.5, "b": 0.375, "c": 0.125}


def test_growing_data_changes_little_of_what_is_kept() -> None:
    settings = Mix(by="label", target="uniform", method="downsample")
    before, after = ({*_kept(settings, a=100, b=60)}, {*_kept(settings, a=110, b=60)})
    assert len(before) == len(after) == 120
    assert len(before & after) >= 112


def _kept(settings: Mix, **counts: int) -> list[str]:
    _, keys = rows_in(**counts)
    return list(keys[mixed(settings, None, **counts).reasons.isna()])


def test_rows_in_no_cell_stay_as_they_are() -> None:
    cells = pd.Series(["a"] * 8 + ["b"] * 4 + [None], dtype="str")
    keys = pd.Series([str(number) for number in range(13)])
    weighted = mix_to(cells, keys, Mix(by="group", target="uniform"))
    assert weighted.weights is not None
    assert weighted.weights.iloc[-1] == 1
    thinned = mix_to(cells, keys, Mix(by="group", target="uniform", method="downsample"))
    assert pd.isna(thinned.reasons.iloc[-1])


def test_what_traffic_has_and_the_rows_lack_is_stated() -> None:
    found = mixed(Mix(by="topic"), traffic={"a": 70, "b": 20, "new": 10}, a=50, b=50)
    assert found.out_of_reach == pytest.approx(0.1)
    assert set(found.table["cell"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("settings", "traffic", "words"),
    [
        (Mix(by="label", target={"x": 0.5}), None, r"no training row is in 'x'\. There are: a, b"),
        (Mix(by="label", target={"a": 0.5, "b": 0.4}), None, "their sum must be 1; it is 0.9"),
        (Mix(by="label", target={"a": 1.0}), None, "less than 1, since 1 cells that have rows are not named"),
        (Mix(by="label", target={"a": 0.0}), None, "every share must be above 0"),
        (Mix(by="topic"), None, "there is no real traffic whose topic is known"),
        (
            Mix(by="label", target={"b": 0.9}, method="downsample"),
            None,
            "'b' has 10 of 100 rows and shall have 90.0%: that would take out 89% of the rows.*about 45 rows",
        ),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused(settings: Mix, traffic: dict[str, int] | None, words: str) -> None:
    with pytest.raises(UserInputError, match=words):
        mixed(settings, traffic, a=90, b=10)
