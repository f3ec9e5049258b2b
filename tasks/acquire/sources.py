"""From a source in the config to its table, with the fingerprint of what was read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.acquire.config import DataConfig, DemoSource, FileSource, HubSource, S3Source, Source
from tasks.acquire.demo import demo_csv
from tasks.acquire.readers import read_table
from tasks.acquire.table import Origin, Table, wanted_columns
from tasks.errors import UserInputError


@dataclass(frozen=True)
class Acquired:
    """One split as it came from its source."""

    split: str
    origin: Origin
    kind: str
    name: str
    """File name, object name or dataset id, without the folder or bucket: moving a file changes nothing."""
    sha256: str
    """Of the file's bytes; for a hub dataset, of its rows as JSON lines."""
    size_bytes: int
    table: Table


def acquire_split(split: str, source: Source, config: DataConfig, folder: Path) -> Acquired:
    """Read one source; `folder` is a place for downloads. Raises what its reader and its source raise."""
    section, wanted = f"data.{split}", wanted_columns(config, split)
    if isinstance(source, HubSource):
        from tasks.acquire.hub_source import read_hub

        short = PurePosixPath(source.dataset).name if Path(source.dataset).expanduser().is_dir() else source.dataset
        name = f"{short}{'@' + source.revision if source.revision else ''}/{source.split}"
        origin = Origin(section, f"dataset {source.dataset}, split {source.split}")
        table = read_hub(source, wanted, origin)
        data = "".join(json.dumps(values, sort_keys=True) + "\n" for values in table.values).encode()
        return Acquired(split, origin, source.kind, name, hashlib.sha256(data).hexdigest(), len(data), table)
    data, origin, encoding = _file_bytes(source, section, config.encoding, folder)
    table = read_table(data, "csv" if isinstance(source, DemoSource) else source.format, encoding, wanted, origin)
    name = PurePosixPath(origin.name).name
    return Acquired(split, origin, source.kind, name, hashlib.sha256(data).hexdigest(), len(data), table)


def _file_bytes(
    source: FileSource | S3Source | DemoSource, section: str, encoding: str, folder: Path
) -> tuple[bytes, Origin, str]:
    """The bytes, their name, and their encoding."""
    if isinstance(source, DemoSource):
        name = f"support-intents-{source.part}-seed-{source.seed}.csv"
        return demo_csv(source.part, source.seed), Origin(section, name), "utf-8"
    if isinstance(source, S3Source):
        from tasks.acquire.s3_source import download

        return download(source, section, folder).read_bytes(), Origin(section, source.uri), encoding
    path = Path(source.path).expanduser().absolute()
    return _local_bytes(path, section), Origin(section, path.as_posix()), encoding


def _local_bytes(path: Path, section: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserInputError(
            f"{section}.path: there is no file {path}; relative paths start at the working directory, {Path.cwd()}"
        ) from None
    except IsADirectoryError:
        raise UserInputError(f"{section}.path: {path} is a folder; name one CSV, JSONL or Parquet file in it") from None
    except OSError as error:
        raise UserInputError(f"{section}.path: {path} cannot be read ({error.strerror})") from None
