"""From a source in the config to its files, whatever kind it is, and to how they are read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from tasks.acquire.config import (
    DataConfig,
    DemoSource,
    FileSource,
    HubSource,
    S3Source,
    Source,
    TrafficSource,
    UsersSource,
)
from tasks.acquire.demo.messages import demo_csv
from tasks.acquire.demo.pairs import pairs_csv
from tasks.acquire.formats.readers import Reading, format_of
from tasks.acquire.local_files import local_files
from tasks.acquire.source_file import SourceFile
from tasks.acquire.table import Origin, Wanted, wanted_columns
from tasks.datasets.folder import SPLITS
from tasks.errors import UserInputError
from tasks.records import TaskKind


def source_files(source: Source, section: str, task: TaskKind) -> list[SourceFile]:
    """The files of a source, not fetched yet. Raises what finding them raises; `task` is what its rows shall teach."""
    if isinstance(source, FileSource):
        return local_files(source, section)
    if isinstance(source, DemoSource):
        return [demo_file(source, section, task)]
    if isinstance(source, S3Source):
        from tasks.acquire.s3.source import s3_files

        return s3_files(source, section)
    if isinstance(source, HubSource):
        from tasks.acquire.hub.source import hub_files

        return hub_files(source, section)
    from tasks.acquire.traffic_source import traffic_files

    return traffic_files(source, section)


def demo_file(source: DemoSource, section: str, task: TaskKind) -> SourceFile:
    """The demo's file for the task, written when it is fetched. Raises UserInputError for a task that it has none for.

    Messages with their intent are for classification; messages with a good reply and a worse one for preferences, and
    without the worse one for instructions.
    """
    if task == "chat":
        raise UserInputError(
            f"{section} is the demo, which has no rows for data.task chat; allowed with it are classification, "
            "instruction and preference"
        )
    name = "support-intents" if task == "classification" else "support-replies"
    name = f"{name}-{source.part}-seed-{source.seed}.csv"
    data = (demo_csv if task == "classification" else pairs_csv)(source.part, source.seed)

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    digest = hashlib.sha256(data).hexdigest()
    return SourceFile(name, name, f"sha256:{digest}", len(data), "csv", write)


def reading_of(file: SourceFile, source: Source, split: str, section: str, config: DataConfig) -> Reading:
    """How a file of the source is read for the split. Raises UserInputError where its format cannot be told."""
    return Reading(
        format=format_of(Origin(section, file.where), file.name, file.format),
        encoding=config.encoding if isinstance(source, FileSource | S3Source) else "utf-8",
        wanted=_wanted(config, source, split),
        most_bytes=int(config.max_expanded_gigabytes * 1e9),
    )


def _wanted(config: DataConfig, source: Source, split: str) -> Wanted:
    wanted = wanted_columns(config, split)
    if isinstance(source, TrafficSource):
        # Served traffic has columns of our own naming, the request's id and its time among them.
        columns = {name: name for name in ("id", "date", *wanted.columns)}
        return replace(wanted, columns=columns, required=wanted.required - {"group"} | {"id"})
    if isinstance(source, UsersSource) and source.text_column is not None:
        if "text" in wanted.columns:
            return replace(wanted, columns=wanted.columns | {"text": source.text_column})
        if split not in SPLITS:  # a public test set of plain texts, for training rows that are conversations
            return Wanted({"text": source.text_column}, frozenset({"text"}), "instruction", answered=False)
    return wanted


def licence_of(source: Source) -> str | None:
    """The licence that the config states, or else the one that the hub does; null where it is not stated."""
    if source.licence is None and isinstance(source, HubSource):
        from tasks.acquire.hub.source import hub_licence

        return hub_licence(source)
    return source.licence
