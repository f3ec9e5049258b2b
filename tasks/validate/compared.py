"""The checked rows against those that the champion was trained on; apart, so that they are the same for any of them."""

from __future__ import annotations

from tasks.datasets.folder import read_split
from tasks.errors import DataRejected
from tasks.records import Artefact, DatasetRef
from tasks.store import keep, workspace
from tasks.validate.comparisons import rows_have_moved
from tasks.validate.config import ValidationConfig
from tasks.validate.shift import TRAINED_ON, measured_shift
from tasks.validate.shift_chart import draw_shift
from tasks.validate.summary import shift_page


def compare_datasets(checked: DatasetRef, accepted: DatasetRef, config: ValidationConfig) -> Artefact | None:
    """Compare labels and lengths, and store `report/` with `shift.md` and `shift.png`; None where nothing compares.

    That is so between different tasks, and where one side has no real rows. Raises DataRejected, whose `report_uri`
    holds the evidence, where rows have moved further than the config allows.
    """
    if accepted.task != checked.task:
        return None
    before, now = ([read_split(one, split) for split in TRAINED_ON if split in one.rows] for one in (accepted, checked))
    shift = measured_shift(before, now)
    if shift is None:
        return None
    with workspace("compare") as folder:
        report = folder / "report"
        report.mkdir()
        (report / "shift.md").write_text(shift_page(shift), encoding="utf-8")
        draw_shift(shift, report / "shift.png")
        stored = keep("comparisons", folder)
    problem = next(rows_have_moved(shift, config), None)
    if problem is not None:
        raise DataRejected(f"{problem}. The evidence is in {stored.uri}/report", report_uri=stored.uri)
    return Artefact(uri=stored.uri, digest=stored.digest)
