"""People with a model's help and without: what is counted, what intervals hold, and where there is no value."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import pandas as pd
import pytest

from tasks.metrics.people import autonomy_dependency, error_rate, human_error_reduction


class Draw(TypedDict):
    """How an interval is drawn."""

    samples: int
    confidence: float
    seed: int


DRAW = Draw(samples=400, confidence=0.9, seed=0)


def table(rows: list[tuple[str, ...]], advice: bool = False) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "item", "answer", "truth", *(["advice"] if advice else [])])


def study(
    draw: np.random.Generator, people: int, items: int, alone: float, helped: float, spread: float = 0.5
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers of all people to all items, with help and without; people and items differ by `spread` in log odds."""
    shift = draw.normal(0, spread, people)[:, None] + draw.normal(0, spread, items)
    person, item = (codes.ravel().astype(str) for codes in np.indices((people, items)))
    found = []
    for rate in (helped, alone):
        wrong = draw.random((people, items)) < 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - shift))
        answer = np.where(wrong.ravel(), "wrong", "right")
        found.append(pd.DataFrame({"person": person, "item": item, "answer": answer, "truth": "right"}))
    return found[0], found[1]


def test_the_reduction_is_relative_to_the_errors_without_help() -> None:
    alone = table([("a", "1", "x", "x"), ("a", "2", "x", "y"), ("b", "1", "z", "x"), ("b", "2", "y", "y")])
    helped = table([("a", "1", "x", "x"), ("a", "2", "y", "y"), ("b", "1", "z", "x"), ("b", "2", "y", "y")])
    assert error_rate(alone, **DRAW).value == 0.5
    assert human_error_reduction(helped, alone, **DRAW).value == 0.5
    assert human_error_reduction(alone, helped, **DRAW).value == -1.0


def test_the_intervals_hold_the_truth_though_answers_of_one_person_and_to_one_item_are_alike() -> None:
    draw = np.random.default_rng(3)
    many = study(draw, 1000, 200, alone=0.2, helped=0.12)
    rates = [float((each["answer"] != each["truth"]).mean()) for each in many]
    truth, held = 1 - rates[0] / rates[1], [0, 0]
    for _ in range(40):
        helped, alone = study(draw, 12, 40, alone=0.2, helped=0.12)
        reduction = human_error_reduction(helped, alone, **DRAW)
        held[0] += (reduction.low or 0) <= truth <= (reduction.high or 0)
        rate = error_rate(alone, **DRAW)
        held[1] += (rate.low or 0) <= rates[1] <= (rate.high or 0)
    # 36 of 40 on average at 90 %, with a standard deviation of 1.9; with few people a little wide is meant.
    assert all(count >= 31 for count in held), held


def test_answers_of_few_people_say_less_than_as_many_of_many() -> None:
    widths = []
    for people, items in ((4, 120), (40, 12)):
        rate = error_rate(study(np.random.default_rng(1), people, items, 0.2, 0.2, spread=0)[1], **DRAW)
        widths.append((rate.high or 0) - (rate.low or 0))
    assert widths[0] > widths[1]


def test_few_people_without_an_error_are_no_certainty() -> None:
    alone = table([(person, item, "y", "x") for person in "abcd" for item in "12345"])
    helped = alone.assign(answer="x")
    reduction = human_error_reduction(helped, alone, **DRAW)
    assert reduction.value == reduction.high == 1.0
    assert (reduction.low or 0) < 0.95


def test_of_two_people_no_interval_is_given() -> None:
    helped, alone = study(np.random.default_rng(0), 2, 50, 0.3, 0.2)
    reduction = human_error_reduction(helped, alone, **DRAW)
    assert (reduction.low, reduction.high) == (None, None)


def test_where_nobody_erred_alone_there_is_nothing_to_reduce() -> None:
    right = table([("a", "1", "x", "x"), ("b", "1", "x", "x")])
    with pytest.raises(ValueError, match="nobody erred without help"):
        human_error_reduction(right, right, **DRAW)
    with pytest.raises(ValueError, match="no answers"):
        human_error_reduction(right[:0], right, **DRAW)


def test_dependency_counts_those_who_were_right_alone_and_took_over_wrong_advice() -> None:
    alone = table(
        [
            ("a", "1", "x", "x"),  # right alone, follows: a case, and a hit
            ("b", "1", "x", "x"),  # right alone, stays: a case
            ("c", "1", "y", "x"),  # errs alone too: no case
            ("a", "2", "x", "x"),  # the advice is right: no case
            ("b", "3", "x", "x"),  # right alone, errs otherwise than advised: a case, no hit
        ]
    )
    helped = table(
        [
            ("a", "1", "y", "x", "y"),
            ("b", "1", "x", "x", "y"),
            ("c", "1", "y", "x", "y"),
            ("a", "2", "x", "x", "x"),
            ("b", "3", "z", "x", "y"),
        ],
        advice=True,
    )
    assert autonomy_dependency(helped, alone, **DRAW).value == pytest.approx(1 / 3)


def test_who_did_not_answer_alone_counts_as_far_as_others_are_right_alone() -> None:
    alone = table([("a", "1", "x", "x"), ("b", "1", "y", "x"), ("a", "2", "x", "x")])
    helped = table([("c", "1", "y", "x", "y"), ("d", "2", "x", "x", "y"), ("d", "3", "y", "x", "y")], advice=True)
    # Item 1 counts by half and was followed, item 2 whole and was not, item 3 nobody judged alone.
    assert autonomy_dependency(helped, alone, **DRAW).value == pytest.approx(0.5 / 1.5)


def test_a_few_cases_of_dependency_are_given_with_a_wide_interval() -> None:
    people = [str(number) for number in range(6)]
    alone = table([(person, "1", "x", "x") for person in people])
    helped = table([(person, "1", "x", "x", "y") for person in people], advice=True)
    found = autonomy_dependency(helped, alone, **DRAW)
    assert found.value == found.low == 0.0
    assert (found.high or 0) > 0.25


def test_a_model_that_never_misled_has_no_dependency_to_measure() -> None:
    alone = table([("a", "1", "x", "x")])
    helped = table([("a", "1", "x", "x", "x")], advice=True)
    with pytest.raises(ValueError, match="in no case was the model wrong and the person right"):
        autonomy_dependency(helped, alone, **DRAW)


def test_the_order_of_the_rows_is_nothing_to_the_values_and_the_seed_fixes_the_interval() -> None:
    helped, alone = study(np.random.default_rng(5), 6, 20, 0.3, 0.2)
    first = human_error_reduction(helped, alone, **DRAW)
    assert first == human_error_reduction(helped, alone, **DRAW)
    assert first.value == human_error_reduction(helped.sample(frac=1, random_state=1), alone, **DRAW).value
