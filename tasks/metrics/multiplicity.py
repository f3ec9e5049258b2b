"""Many tests at once: p-values corrected for their number, and a p-value read off a measurement's interval."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tasks.records import Measurement


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Each p-value as it stands among all (Holm 1979, "A simple sequentially rejective multiple test procedure").

    Whichever lie at or below a level are shown, all together, with no more than that chance of a single mistake,
    however the tests depend on each other. Raises ValueError for what is no probability.
    """
    wrong = {name: value for name, value in p_values.items() if not 0 <= value <= 1}
    if wrong:
        raise ValueError(f"no p-values, which lie between 0 and 1: {wrong}")
    adjusted, highest = {}, 0.0
    for place, (name, value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, value * (len(p_values) - place)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def tail_probability(measured: Measurement, limit: float, at_least: bool, confidence: float) -> float:
    """One-sided p-value for the truth lying on the right side of `limit`, which is above it where `at_least`.

    It is the chance of a value so far on that side if the truth were the limit itself: small where the interval lies
    clear of the limit, (1 - confidence) / 2 where it just touches it, above a half where the value is on the wrong
    side. By the normal approximation, with the half of the interval that faces the limit as its spread. Raises
    ValueError where that end is missing.
    """
    from scipy.stats import norm

    end = measured.low if measured.value >= limit else measured.high
    if end is None or not math.isfinite(end) or not math.isfinite(measured.value):
        raise ValueError(f"the value {measured.value} has no end of an interval towards the limit {limit:g}")
    distance = measured.value - limit if at_least else limit - measured.value
    half_width = abs(measured.value - end)
    if half_width == 0:
        return 0.0 if distance >= 0 else 1.0
    return float(norm.sf(norm.ppf((1 + confidence) / 2) * distance / half_width))
