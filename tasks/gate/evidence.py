"""What a verdict rests on."""

from __future__ import annotations

from tasks.metrics.seed_noise import TrainerNoise
from tasks.records import DatasetRef, Record, Report, SideBySide


class Evidence(Record):
    """What was measured of the candidate and, where there is one, of the champion on the same rows.

    Whatever there is none of is said to be null: what was merely forgotten would leave a gate out of the verdict.
    """

    report: Report
    champion_report: Report | None
    """Null where there is no champion: there is nothing to compare with, and gates that compare are left out."""
    both: SideBySide | None
    """What was measured of candidate and champion in turns."""
    noise: TrainerNoise | None
    """What trainings of the candidate's recipe differ by, where that is known."""
    dataset: DatasetRef | None
    """Whose holdout it is, so that rows can be quoted; without it they are named by id."""

    @property
    def predecessor(self) -> Report | None:
        """The champion's report, if the candidate is not the champion itself."""
        theirs = self.champion_report
        return None if theirs is None or theirs.model_digest == self.report.model_digest else theirs
