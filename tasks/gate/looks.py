"""How often a holdout has been looked at, and when that wears it out.

A look is a verdict about a new candidate. Of k candidates judged on the same rows the luckiest looks better than it is;
for all k intervals to hold together, each must be as wide as one at the confidence 1 - (1 - confidence) / k (the union
bound; Dunn, 1961). For a normal estimate that widens it by the ratio of the two quantiles, which grows like
sqrt(ln k): so the rows that keep a pass as sure as it was grow with the logarithm of the looks (Dwork et al., "The
reusable holdout", Science 349, 2015).

The bound is one for candidates that are not chosen by earlier verdicts. Who changes a candidate until its verdict
passes can overfit faster, with sqrt(k) at worst (Blum and Hardt, "The ladder", 2015); measured on public benchmarks it
stays far below that (Roelofs et al., "A meta-analysis of overfitting in machine learning", 2019). Hence a warning when
half of what a pass has to spare is used up, and not when all of it is; and never a failure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import NormalDist

from infra.settings import settings
from tasks.errors import CorruptArtefact, StorageError
from tasks.records import GateResult, Report
from tasks.store import store

NOT_OF_THE_HOLDOUT = ("latency", "energy")
"""Gates whose evidence is measured anew each time."""
USED_UP = 0.5
"""Share of a pass's margin that the looks may use before a warning."""
MANY = 100_000
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Looks:
    """Which look this one is, in a sentence, and a warning where the holdout wears out."""

    number: int
    sentence: str
    warning: str | None


def look(model: str, report: Report, gates: Sequence[GateResult]) -> Looks:
    """Write down that a report's model was judged, and say what that means."""
    number = count_look(model, report.holdout_digest, report.model_digest)
    return weigh(number, gates, report.rows, report.confidence)


def count_look(model: str, holdout_digest: str, candidate_digest: str) -> int:
    """The number of this candidate among those judged on this holdout, from 1, stored for good.

    A candidate keeps its number, however often it is judged. Raises StorageError where the store cannot be used.
    """
    prefix = f"looks/{model}/{holdout_digest}/"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    data = json.dumps({"candidate_digest": candidate_digest, "at": now}, sort_keys=True).encode()
    seen = 0
    try:
        while True:
            for number, key in enumerate(store().keys(prefix)[seen:], start=seen + 1):
                if _candidate(key, f"{prefix}{number:06d}.json") == candidate_digest:
                    return number
                seen = number
            if store().put_if_absent(f"{prefix}{seen + 1:06d}.json", data):
                return seen + 1
    except CorruptArtefact:
        raise
    except OSError as error:
        raise StorageError(
            f"the looks at the holdout, {settings().store_url}/{prefix}, cannot be counted "
            f"({error.strerror or error}): check that this user may read and write the store"
        ) from None


def widening(looks: int, confidence: float) -> float:
    """How many times as wide an interval must be for `looks` of them to hold together; 1 for the first."""
    missed = (1 - confidence) / 2
    return _NORMAL.inv_cdf(missed / looks) / _NORMAL.inv_cdf(missed)


def weigh(number: int, gates: Sequence[GateResult], rows: int, confidence: float) -> Looks:
    """The look as a sentence, with a warning where a pass has less than half its margin left after so many looks.

    `rows` is the holdout's size, `confidence` the level of the gates' intervals.
    """
    times = "once" if number == 1 else f"{number:,} times"
    sentence = f"This holdout was looked at {times}, this candidate's verdict included."
    passes = [(_used(gate, widening(number, confidence)), gate) for gate in gates if _is_a_pass_on_rows(gate)]
    used, worst = max(passes, key=lambda each: each[0], default=(0.0, None))
    if worst is None or used < USED_UP:
        return Looks(number, sentence, None)
    return Looks(number, sentence, _warning(worst, used, number, rows, confidence))


def _warning(gate: GateResult, used: float, number: int, rows: int, confidence: float) -> str:
    if used >= 1:
        state = f"the pass of the gate {gate.name} would not stand if its interval were widened for {number:,} looks"
    else:
        state = (
            f"{number:,} looks use up {used:.0%} of what the pass of the gate {gate.name} has to spare"
            f", and {_most_looks(gate, confidence)} would use up all of it"
        )
    return (
        f"The holdout wears out: {state}. Draw a fresh holdout (data.holdout), of about "
        f"{_rows_needed(gate, number, rows, confidence):,} rows for as many looks again."
    )


def _is_a_pass_on_rows(gate: GateResult) -> bool:
    return gate.state == "pass" and gate.name not in NOT_OF_THE_HOLDOUT and _half_width(gate) > 0


def _half_width(gate: GateResult) -> float:
    """Of a pass, from the measured value to the end of its interval that is nearer to the limit; 0 without interval."""
    if gate.measured is None or gate.low is None or gate.high is None:
        return 0.0
    return gate.measured - gate.low if gate.low >= gate.limit else gate.high - gate.measured


def _distance(gate: GateResult) -> float:
    return abs((gate.measured or 0.0) - gate.limit)


def _used(gate: GateResult, times_as_wide: float) -> float:
    """Share of the room between the interval and the limit that the widened interval takes up."""
    more, room = _half_width(gate) * (times_as_wide - 1), _distance(gate) - _half_width(gate)
    return more / room if room > 0 else math.inf if more > 0 else 0.0


def _most_looks(gate: GateResult, confidence: float) -> str:
    """The looks after which the widened interval reaches the limit."""
    missed = (1 - confidence) / 2
    beyond = _NORMAL.cdf(_NORMAL.inv_cdf(missed) * _distance(gate) / _half_width(gate))
    most = math.floor(missed / beyond) if beyond > missed / MANY else MANY
    return f"{most:,}" if most < MANY else f"more than {MANY:,}"


def _rows_needed(gate: GateResult, number: int, rows: int, confidence: float) -> int:
    """Rows of a holdout on which so many looks leave half the margin: half widths fall with the root of the rows."""
    narrower = _half_width(gate) * (2 * widening(number, confidence) - 1) / _distance(gate)
    return math.ceil(float(f"{rows * max(narrower, 1.0) ** 2:.2g}"))


def _candidate(key: str, expected: str) -> str:
    """The candidate of a look. Raises CorruptArtefact where it is none, or not the one that is expected there."""
    data = store().read(key)
    try:
        found = str(json.loads(data or b"")["candidate_digest"])
    except (ValueError, KeyError, TypeError):
        found = ""
    if key != expected or not found:
        raise CorruptArtefact(
            f"{settings().store_url}/{key} is not the look at the holdout that {expected} should be: one was removed "
            "or altered; restore it from a backup"
        )
    return found
