"""How many rows of which label: as asked for, balanced, and never above the cap."""

from __future__ import annotations

import pytest

from tasks.errors import UserInputError
from tasks.synthesize.amounts import planned, refuse_unfit, room_under_cap, wished
from tasks.synthesize.config import SlotsMaker, TyposMaker

REAL = {"delivery": 60, "refund": 30, "rare": 10}


def test_a_share_is_spread_over_the_labels_as_their_rows_are() -> None:
    assert wished(TyposMaker(share=0.1), REAL, REAL) == {"delivery": 6, "refund": 3, "rare": 1}
    assert wished(TyposMaker(rows=7, labels=("refund",)), REAL, REAL) == {"refund": 7}


def test_balancing_fills_the_rare_labels_up_to_the_target() -> None:
    assert wished(TyposMaker(balance=True), REAL, REAL) == {"delivery": 0, "refund": 30, "rare": 50}
    assert wished(TyposMaker(balance=True, balance_to=0.5), REAL, REAL) == {"delivery": 0, "refund": 0, "rare": 20}


def test_balancing_with_few_rows_helps_the_rarest_first() -> None:
    assert wished(TyposMaker(balance=True, rows=12), REAL, REAL) == {"delivery": 0, "refund": 0, "rare": 12}
    assert wished(TyposMaker(balance=True, rows=31), REAL, REAL) == {"delivery": 0, "refund": 5, "rare": 26}


def test_a_second_balancing_maker_sees_what_the_first_adds() -> None:
    first, second = planned([TyposMaker(balance=True), SlotsMaker(balance=True)], REAL, REAL, room=1000)
    assert sum(first.values()) == 80
    assert sum(second.values()) == 0


def test_wishes_above_the_cap_are_scaled_down_alike() -> None:
    plans = planned([TyposMaker(rows=100), SlotsMaker(rows=50)], REAL, REAL, room=42)
    assert [sum(plan.values()) for plan in plans] == [28, 14]
    assert planned([TyposMaker(rows=100)], REAL, REAL, room=-3) == [{"delivery": 0, "refund": 0, "rare": 0}]


@pytest.mark.parametrize(("real", "synthetic", "share"), [(70, 0, 0.3), (700, 100, 0.3), (9, 0, 0.1), (100, 0, 0.0)])
def test_the_room_fills_the_cap_exactly_and_never_passes_it(real: int, synthetic: int, share: float) -> None:
    room = room_under_cap(real, synthetic, share)
    assert (synthetic + room) / (real + synthetic + room) <= share + 1e-12
    assert (synthetic + room + 1) / (real + synthetic + room + 1) > share


def test_a_maker_that_does_not_suit_the_rows_is_refused() -> None:
    with pytest.raises(UserInputError, match=r"makers\[0\].labels names 'unheard'.* 'refund'"):
        refuse_unfit([TyposMaker(rows=1, labels=("unheard",))], ["refund"], "classification")
    with pytest.raises(UserInputError, match="kind: slots, which needs rows with labels"):
        refuse_unfit([SlotsMaker(rows=1)], [], "chat")
