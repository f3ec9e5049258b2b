"""The six qualities of a dataset as measures: the share of rows in order, what was found, and the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

QUALITIES = {
    "relevance": "rows that belong to the task",
    "alignment": "rows whose label agrees with what the others teach",
    "consistency": "rows that no like row contradicts",
    "formatting": "rows in the form that the task asks for",
    "uniqueness": "rows that repeat no other, in the set or in what it is judged on",
    "compliance": "rows that came in without personal data or secrets",
}


@dataclass(frozen=True)
class Measured:
    """One quality, measured on the rows that its room looked at."""

    quality: str
    """A key of QUALITIES."""
    looked_at: int
    """Rows that were judged; 0 where the room is off, and then the measure is null."""
    flagged: int
    removed: int = 0
    """Flagged rows that left the dataset."""
    limit: float | None = None
    """The smallest measure that is allowed; null where there is no gate."""
    note: str = ""
    """What a person should know: that a sample was looked at, or why nothing was."""

    @property
    def value(self) -> float | None:
        """Share of the rows in order, from 0 to 1."""
        return 1 - self.flagged / self.looked_at if self.looked_at else None

    def plus(self, flagged: int, removed: int) -> Measured:
        """The measure with more rows flagged among those that it looked at."""
        return replace(self, flagged=self.flagged + flagged, removed=self.removed + removed)

    @property
    def missed(self) -> bool:
        """Whether there is a gate and the measure is below it; a missing number does not pass."""
        return self.limit is not None and (self.value is None or self.value < self.limit)


@dataclass
class Tally:
    """A measure in the making."""

    quality: str
    limit: float | None
    looked_at: int = 0
    flagged: int = 0
    removed: int = 0
    note: str = ""

    def add(self, flagged: int, removed: bool) -> None:
        """Count flagged rows, which left if they were removed."""
        self.flagged += flagged
        self.removed += flagged if removed else 0

    def measured(self) -> Measured:
        """The measure."""
        return Measured(self.quality, self.looked_at, self.flagged, self.removed, self.limit, self.note)


def missed_gate(measures: Sequence[Measured]) -> str | None:
    """What is wrong where a quality is below its limit; else None."""
    for one in measures:
        if one.missed:
            found = "was not measured" if one.value is None else f"is {one.value:.2%}"
            note = f" ({one.note})" if one.note else ""
            return (
                f"the quality {one.quality} ({QUALITIES[one.quality]}) {found}{note}, and curation.{one.quality}.min "
                f"asks for {one.limit:.2%}: see the flagged rows in the report; mend them, or lower the limit"
            )
    return None
