"""Attack success against strength: the ensemble at the budget, and a climb or two at parts and multiples of it.

Whatever breaks a row within a smaller budget is within a larger one too. So a smaller budget is tried only on rows that
the next larger one broke, a larger one only on rows that withstood, and success never falls as the strength grows. Away
from the budget only two climbs from the text itself are tried, so that success there is this much at least.

A row that withstands the margin's climb far beyond the budget is taken to withstand the ensemble within it, and most
rows of a good network do: that spares most of the work (see evaluation.robustness.spared_beyond).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.robustness.gradient import NONE, EmbeddingAttacks, Integers, Tried, ensemble, screen

WEAKER = (0.5, 0.25, 0.0)
STRONGER = 2.0
"""The curve's last point where no row is spared."""


@dataclass(frozen=True)
class Curve:
    """What was tried at the budget, and the numbers of the rows that were broken at each multiple of it."""

    at_budget: list[Tried]
    broken: dict[float, Integers]
    spared: int
    """Rows that withstood so much more than the budget that they were not tried at it."""


def curve(attacks: EmbeddingAttacks, members: Integers, epsilon: float, config: RobustnessConfig) -> Curve:
    """Try the configured ensemble on the rows `members` at the budget `epsilon`, and climbs around it."""
    ways, widest = ensemble(config), config.spared_beyond or STRONGER
    (beyond,) = attacks.run([screen(config)], members, widest * epsilon)
    spared = np.setdiff1d(members, beyond.broken) if config.spared_beyond else NONE
    at_budget = attacks.run(ways, members, epsilon, spared)
    broken = {1.0: _all_broken(at_budget)}
    broken[widest] = np.union1d(beyond.broken, broken[1.0])
    quick = [screen(config), *(dataclasses.replace(way, starts=(0,)) for way in ways if way.name == "pgd")]
    for strength, next_larger in zip(WEAKER, (1.0, *WEAKER), strict=False):
        broken[strength] = _all_broken(attacks.run(quick, broken[next_larger], strength * epsilon))
    return Curve(at_budget, dict(sorted(broken.items())), len(spared))


def _all_broken(tried: Sequence[Tried]) -> Integers:
    broken: Integers = np.sort(np.concatenate([NONE, *(part.broken for part in tried)]))
    return broken
