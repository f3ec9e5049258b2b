"""The artefact store: folders named by the hash of what is in them, and small objects created at most once.

A folder's `manifest.json` lists its files with size and SHA-256 and is written last, so a folder without one does not
exist. `open_store` gives the same face over a local folder (`file://`) and an S3 bucket (`s3://`, in storage_s3.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

MANIFEST = "manifest.json"
INCOMING = ".incoming-"
ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class StoredFolder:
    """A folder that the store holds."""

    uri: str
    digest: str


class FolderDamaged(OSError):
    """A stored folder is missing, or its files are not those of its manifest."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_of(folder: Path) -> bytes:
    """The canonical manifest of a folder's files: JSON, sorted by path, no times.

    Raises NotADirectoryError where there is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {folder}")
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() != MANIFEST
    }
    return json.dumps({"files": files}, indent=1, sort_keys=True).encode()


def verify_folder(folder: Path, digest: str) -> None:
    """Raise FolderDamaged unless `folder` holds exactly the files of the manifest whose SHA-256 is `digest`."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise FolderDamaged(f"{folder} has no {MANIFEST}: it was removed or never finished")
    if hashlib.sha256(manifest.read_bytes()).hexdigest() != digest or manifest_of(folder) != manifest.read_bytes():
        raise FolderDamaged(f"{folder} was altered: its files are not those of digest {digest[:12]}")


class Store(ABC):
    """Folders by content, and small objects by key. Keys are relative, with `/` between parts.

    Every method raises OSError where the store cannot be reached, read or written.
    """

    @abstractmethod
    def put_folder(self, area: str, folder: Path) -> StoredFolder:
        """Copy `folder` to `area/<digest>`; one already there and whole is left as it is, a damaged one mended."""

    @abstractmethod
    def fetch_folder(self, uri: str) -> Path:
        """A local path of the folder at `uri`, to be read and not written. Raises FolderDamaged if it is not there."""

    @abstractmethod
    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Create an object; False, and nothing written, where the key exists."""

    @abstractmethod
    def read(self, key: str) -> bytes | None:
        """An object's bytes, or None where there is none."""

    @abstractmethod
    def keys(self, prefix: str) -> list[str]:
        """All object keys that begin with `prefix`, sorted."""


class LocalStore(Store):
    """A store in a local folder. Everything is written aside, synced, and renamed into place."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_folder(self, area: str, folder: Path) -> StoredFolder:
        manifest = manifest_of(folder)
        digest = hashlib.sha256(manifest).hexdigest()
        target = self.root / area / digest
        if not is_whole(target, digest):
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(target.parent)
            with room_aside(target.parent) as aside:
                for name in json.loads(manifest)["files"]:
                    _copy_synced(folder / name, aside / name)
                write_synced(aside / MANIFEST, manifest)
                verify_folder(aside, digest)
                move_into_place(aside, target, digest)
        return StoredFolder(target.as_uri(), digest)

    def fetch_folder(self, uri: str) -> Path:
        parts = urlparse(uri)
        folder = Path(unquote(parts.path))
        if parts.scheme != "file" or not (folder / MANIFEST).is_file():
            raise FolderDamaged(f"{uri} has no {MANIFEST}: it was removed, never finished, or is in another store")
        return folder

    def put_if_absent(self, key: str, data: bytes) -> bool:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=INCOMING, dir=target.parent)
        os.close(descriptor)
        aside = Path(name)
        try:
            write_synced(aside, data)
            aside.chmod(0o644)
            os.link(aside, target)  # unlike a rename, a link never replaces
        except FileExistsError:
            return False
        finally:
            aside.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return True

    def read(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.is_file() else None

    def keys(self, prefix: str) -> list[str]:
        top = self.root / prefix if prefix.endswith("/") or not prefix else (self.root / prefix).parent
        found = (path.relative_to(self.root).as_posix() for path in top.rglob("*") if path.is_file())
        return sorted(key for key in found if key.startswith(prefix) and f"/{INCOMING}" not in f"/{key}")


def s3_client(endpoint: str | None, access_key: str | None = None, secret_key: str | None = None) -> Any:
    """A boto3 S3 client; without keys, boto3's own chain finds them."""
    import boto3

    return boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=access_key, aws_secret_access_key=secret_key)


def is_whole(folder: Path, digest: str) -> bool:
    """Whether `folder` exists and holds exactly the files of the manifest whose SHA-256 is `digest`."""
    try:
        verify_folder(folder, digest)
    except FolderDamaged:
        return False
    return True


def move_into_place(aside: Path, target: Path, digest: str) -> None:
    """Rename a finished folder to its final name; one that somebody else finished first stays, a damaged one goes.

    A whole folder is never taken away, even for a moment: another process may be reading it.
    """
    aside.chmod(0o755)
    try:
        aside.rename(target)
    except OSError:
        if is_whole(target, digest):
            return
        if not target.exists():
            raise
        with room_aside(target.parent) as grave:
            target.rename(grave / "damaged")
        aside.rename(target)
    _sync_folder(target.parent)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _copy_synced(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())


@contextmanager
def room_aside(folder: Path) -> Iterator[Path]:
    """An empty folder in `folder` that no reader takes for a stored one; what is left of it is gone after the block."""
    aside = Path(tempfile.mkdtemp(prefix=INCOMING, dir=folder))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    """Remove what a killed process left behind, once no living one can still be writing it."""
    for path in folder.glob(f"{INCOMING}*"):
        try:
            age_seconds = time.time() - path.stat().st_mtime
        except FileNotFoundError:  # its writer has just finished
            continue
        if age_seconds > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
