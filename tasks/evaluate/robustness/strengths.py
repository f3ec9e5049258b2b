"""Attack success against strength: the ensemble at the budget, and at parts and multiples of it.

Whatever breaks a row within a smaller budget is within a larger one too. So a smaller budget is tried only on rows that
the next larger one broke, a larger one only on rows that withstood, and success never falls as the strength grows.
Beyond the budget it is the ensemble's first attack alone, from the text itself: success there is this much at least.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.evaluate.robustness.gradient import Attack, EmbeddingAttacks, Integers, Tried

WEAKER = (0.5, 0.25, 0.0)
STRONGER = (2.0,)


@dataclass(frozen=True)
class Curve:
    """What was tried at the budget, and the numbers of the rows that were broken at each multiple of it."""

    at_budget: list[Tried]
    broken: dict[float, Integers]


def curve(attacks: EmbeddingAttacks, ways: Sequence[Attack], members: Integers, epsilon: float) -> Curve:
    """Try the ensemble on the rows `members` at the budget `epsilon` and around it."""
    at_budget = attacks.run(ways, members, epsilon)
    broken = {1.0: _all_broken(at_budget)}
    for strength, next_larger in zip(WEAKER, (1.0, *WEAKER), strict=False):
        broken[strength] = _all_broken(attacks.run(ways, broken[next_larger], strength * epsilon))
    quick = [dataclasses.replace(attack, starts=(0,)) for attack in ways[:1]]
    for strength, next_smaller in zip(STRONGER, (1.0, *STRONGER), strict=False):
        withstood = np.setdiff1d(members, broken[next_smaller])
        more = _all_broken(attacks.run(quick, withstood, strength * epsilon))
        broken[strength] = np.union1d(broken[next_smaller], more)
    return Curve(at_budget, dict(sorted(broken.items())))


def _all_broken(tried: Sequence[Tried]) -> Integers:
    broken: Integers = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *(part.broken for part in tried)]))
    return broken
