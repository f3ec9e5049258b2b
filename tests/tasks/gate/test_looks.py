"""Looks at a holdout are counted once a candidate, for good, and a warning comes before they wear it out."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.errors import CorruptArtefact
from tasks.gate.looks import count_look, weigh, widening
from tasks.records import GateResult, State

HOLDOUT = "e" * 64


def gate(low: float, measured: float, high: float, name: str = "quality", state: State = "pass") -> GateResult:
    return GateResult(name=name, measured=measured, low=low, high=high, limit=0.8, state=state, reason="because")


def test_each_new_candidate_is_one_look_and_keeps_its_number() -> None:
    assert [count_look("intents", HOLDOUT, digest) for digest in "abacb"] == [1, 2, 1, 3, 2]


def test_looks_are_counted_by_model_and_by_holdout() -> None:
    count_look("intents", HOLDOUT, "a")
    assert count_look("intents", "f" * 64, "b") == 1
    assert count_look("intents-two", HOLDOUT, "b") == 1
    assert count_look("intents", HOLDOUT, "b") == 2


def test_looks_at_the_same_moment_are_all_counted() -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda place: count_look("intents", HOLDOUT, f"{place % 12}"), range(24)))
    assert sorted(set(numbers)) == list(range(1, 13))
    assert numbers[:12] == numbers[12:]


def test_a_look_that_was_removed_is_noticed(refit_home: Path) -> None:
    for digest in "abc":
        count_look("intents", HOLDOUT, digest)
    place = refit_home / f"store/looks/intents/{HOLDOUT}"
    assert json.loads((place / "000002.json").read_text())["candidate_digest"] == "b"
    (place / "000002.json").unlink()
    with pytest.raises(CorruptArtefact, match=r"is not the look at the holdout that .*000002\.json should be"):
        count_look("intents", HOLDOUT, "d")


def test_an_interval_widens_with_the_root_of_the_logarithm_of_the_looks() -> None:
    assert widening(1, 0.95) == 1
    assert widening(20, 0.95) == pytest.approx(3.0233 / 1.9600, abs=1e-4), "Bonferroni for 20, by the normal table"
    assert widening(10_000, 0.95) / widening(100, 0.95) == pytest.approx(2**0.5, abs=0.12)


def test_the_first_look_warns_of_nothing_however_narrow_the_pass() -> None:
    looks = weigh(1, [gate(0.8, 0.82, 0.84)], 600, 0.95)
    assert looks.sentence == "This holdout was looked at once, this candidate's verdict included."
    assert looks.warning is None


def test_a_pass_with_much_to_spare_outlasts_many_looks() -> None:
    assert weigh(1000, [gate(0.93, 0.95, 0.97)], 600, 0.95).warning is None


def test_a_warning_comes_before_the_holdout_is_worn_and_says_what_to_do() -> None:
    # The half width is 0.04 and the room to the limit 0.03: five looks widen by a third, which is 0.013.
    passed = [gate(0.83, 0.87, 0.91)]
    assert weigh(5, passed, 600, 0.95).warning is None
    found = weigh(9, passed, 600, 0.95).warning or ""
    assert found.startswith(
        "The holdout wears out: 9 looks use up 55% of what the pass of the gate quality has to spare"
    )
    assert "Draw a fresh holdout (data.holdout), of about " in found
    worn = int(found.split(", and ")[1].split(" would")[0].replace(",", ""))
    assert "use up" in (weigh(worn, passed, 600, 0.95).warning or "")
    assert "would not stand" in (weigh(worn + 1, passed, 600, 0.95).warning or "")


def test_rows_that_are_needed_grow_with_the_logarithm_of_the_looks() -> None:
    def rows(looks: int) -> int:
        words = weigh(looks, [gate(0.8, 0.84, 0.88)], 600, 0.95).warning or ""
        return int(words.split("of about ")[1].split(" rows")[0].replace(",", ""))

    assert rows(10) < rows(100) < rows(1000)
    assert rows(1000) / rows(100) < 2 < 1000 / 100


@pytest.mark.parametrize("other", [gate(0.7, 0.75, 0.79, state="fail"), gate(0.8, 0.82, 0.84, name="latency")])
def test_only_passes_that_rest_on_the_holdout_can_wear_out(other: GateResult) -> None:
    assert weigh(1000, [other], 600, 0.95).warning is None


def test_of_all_passes_the_narrowest_counts() -> None:
    found = weigh(50, [gate(0.95, 0.97, 0.99), gate(0.801, 0.84, 0.88, name="fairness")], 600, 0.95).warning or ""
    assert "the pass of the gate fairness would not stand if its interval were widened for 50 looks" in found
