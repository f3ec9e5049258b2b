"""Files on a path that the worker can read: one file, or all that match a pattern."""

from __future__ import annotations

import re
from pathlib import Path

from infra.storage import file_sha256
from tasks.acquire.config import FileSource
from tasks.acquire.source_file import SourceFile
from tasks.errors import UserInputError

MAGIC = re.compile(r"[*?\[]")


def local_files(source: FileSource, section: str) -> list[SourceFile]:
    """The files in the order of their names, each with the SHA-256 of its bytes as version.

    A name is relative to the pattern's folder, so that moving the folder changes nothing. Raises UserInputError where
    there is no such file, or one that cannot be read.
    """
    path = Path(source.path).expanduser().absolute()
    if not MAGIC.search(source.path) or path.exists():
        return [_local_file(path, path.name, source, section)]
    parts = path.parts
    fixed = next(place for place, part in enumerate(parts) if MAGIC.search(part))
    root, pattern = Path(*parts[:fixed]), "/".join(parts[fixed:])
    try:
        found = sorted(
            (path.relative_to(root).as_posix(), path)
            for path in root.glob(pattern)
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
        )
    except ValueError as error:
        raise UserInputError(f"{section}.path: {source.path!r} is no pattern ({error})") from None
    if not found:
        raise UserInputError(f"{section}.path: no file matches {path}; relative paths start at {Path.cwd()}")
    return [_local_file(path, name, source, section) for name, path in found]


def _local_file(path: Path, name: str, source: FileSource, section: str) -> SourceFile:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise UserInputError(f"{section}.path: {path} is a device or a pipe; name a file")
        digest, size_bytes = file_sha256(path), path.stat().st_size
    except FileNotFoundError:
        raise UserInputError(
            f"{section}.path: there is no file {path}; relative paths start at the working directory, {Path.cwd()}"
        ) from None
    except IsADirectoryError:
        raise UserInputError(
            f"{section}.path: {path} is a folder; name one CSV, JSONL or Parquet file in it, or a pattern such as "
            f"{path}/*.csv"
        ) from None
    except OSError as error:
        raise UserInputError(f"{section}.path: {path} cannot be read ({error.strerror})") from None
    return SourceFile(
        name=name,
        where=path.as_posix(),
        version=f"sha256:{digest}",
        size_bytes=size_bytes,
        format=source.format,
        fetch=lambda _folder: path,
    )
