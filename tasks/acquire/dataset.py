"""The acquired dataset: canonical rows with ids, malformed lines set aside, and a page on where all came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tasks.acquire.config import DataConfig, Source
from tasks.acquire.parts import part_of
from tasks.acquire.sources import licence_of, reading_of, source_files
from tasks.acquire.sources_page import origin_of, sources_page
from tasks.acquire.splits import Acquired, malformed_rows, refuse_unclear_ids, write_split, write_texts
from tasks.acquire.table import Origin
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import DataRejected
from tasks.records import DatasetRef
from tasks.store import workspace

Progress = Callable[[int, int, str], None]
"""Told after each file: how many are done, of how many, and a few words."""


def acquire_dataset(config: DataConfig, progress: Progress | None = None) -> DatasetRef:
    """Read all sources and store them as one dataset; the same bytes give the same digest.

    Memory holds a batch of rows at a time, and the malformed lines. Raises UserInputError for a source that cannot be
    read, and DataRejected for a file with too many malformed lines.
    """
    with workspace("acquire") as folder:
        files = _acquired(config, folder, progress)
        rows = [file for file in files if not file.test_set]
        refuse_unclear_ids(rows)
        report = folder / "report"
        report.mkdir()
        (report / "sources.md").write_text(sources_page(files), encoding="utf-8")
        aside = [malformed_rows(file) for file in rows if file.part.malformed]
        return keep_dataset(
            _written(rows, write_split, folder / "splits"),
            pd.concat(aside, ignore_index=True) if aside else empty_rows(),
            rows_in=sum(file.part.rows + file.part.malformed for file in rows),
            merged=0,
            origin=_lineage(files),
            report=report,
            task=config.task,
            test_sets=_written([file for file in files if file.test_set], write_texts, folder / "tests"),
        )


def _lineage(files: list[Acquired]) -> dict[str, list[dict[str, str | int | None]]]:
    """One entry a file; public test sets apart, for they are no rows of the set."""
    sources = [origin_of(file) for file in files if not file.test_set]
    tests = [origin_of(file) for file in files if file.test_set]
    return {"sources": sources} | ({"public_test_sets": tests} if tests else {})


def _acquired(config: DataConfig, folder: Path, progress: Progress | None) -> list[Acquired]:
    """Every file of every source, read or taken from the store."""
    found = [
        (split, section, source, file)
        for split, section, source in _sources(config)
        for file in source_files(source, section, config.task)
    ]
    licences = {section: licence_of(source) for _, section, source in _sources(config)}
    files: list[Acquired] = []
    for number, (split, section, source, file) in enumerate(found, start=1):
        origin, room = Origin(section, file.where), folder / f"file-{number}"
        reading = reading_of(file, source, split, section, config)
        room.mkdir()
        part = part_of(file, reading, origin, room, reuse=config.reading == "incremental")
        acquired = Acquired(
            split=split,
            origin=origin,
            kind=source.kind,
            name=file.name,
            part=part,
            licence=licences[section],
            described_origin=source.origin,
            own_ids="id" in reading.wanted.columns,
            test_set=section.startswith("data.public_test_sets."),
        )
        _refuse_malformed(acquired, config.max_malformed_share)
        files.append(acquired)
        if progress is not None:
            new = sum(one.part.new for one in files)
            progress(number, len(found), f"{number:,} files, {new:,} of them new, {number - new:,} read before")
    return files


def _sources(config: DataConfig) -> list[tuple[str, str, Source]]:
    """Each source with its split, or the name of its public test set, and the config's field."""
    splits = {
        "train": config.train,
        "validation": config.validation,
        "holdout": config.holdout,
        "unlabelled": config.unlabelled,
    }
    named = [(split, f"data.{split}", source) for split, source in splits.items() if source is not None]
    tests = [(name, f"data.public_test_sets.{name}", source) for name, source in config.public_test_sets.items()]
    return [*named, *sorted(tests, key=lambda test: test[0])]


def _written(files: list[Acquired], write: Callable[[list[Acquired], Path], None], folder: Path) -> dict[str, Path]:
    """One file a split, or a test set, in `folder`."""
    folder.mkdir()
    splits = dict.fromkeys(file.split for file in files)
    for split in splits:
        write([file for file in files if file.split == split], folder / f"{split}.parquet")
    return {split: folder / f"{split}.parquet" for split in splits}


def _refuse_malformed(file: Acquired, max_share: float) -> None:
    bad, total = file.part.malformed, file.part.rows + file.part.malformed
    if bad <= max_share * total and file.part.rows:
        return
    first = file.part.malformed_lines(1)[0]
    raise DataRejected(
        f"{file.origin}: {bad:,} of {total:,} lines ({bad / total:.1%}) are malformed, and "
        f"data.max_malformed_share allows {max_share:.1%}. The first is line {first.row:,} "
        f"({first.reason}: {first.detail}). "
        "Mend the file, or raise the share if these lines may be left out"
    )
