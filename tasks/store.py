"""The store as stages see it: open it, put a folder in, get one out, in Refit's own errors."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.settings import settings
from infra.storage import FolderDamaged, Store, StoredFolder, verify_folder
from infra.stores import open_store
from tasks.errors import CorruptArtefact, StorageError, UserInputError
from tasks.records import Artefact


@functools.lru_cache(maxsize=4)
def _open(url: str, cache: Path, endpoint: str | None) -> Store:
    return open_store(url, cache, endpoint)


def store() -> Store:
    """The store of this process's settings."""
    try:
        return _open(settings().store_url, settings().home_path / "cache", settings().s3_endpoint)
    except ValueError as error:
        raise UserInputError(str(error)) from None


@contextmanager
def workspace(name: str) -> Iterator[Path]:
    """An empty folder to build an artefact in; it is gone after the block, whatever happened."""
    home = settings().home_path / "work"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write to {home} ({error.strerror}): set REFIT_HOME to a writable folder") from None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=home, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def keep(area: str, folder: Path) -> StoredFolder:
    """Put a finished folder into the store, under `area` and its digest."""
    try:
        return store().put_folder(area, folder)
    except OSError as error:
        raise StorageError(
            f"the store {settings().store_url} cannot be written ({error.strerror or error}): "
            "check that it exists and that this user may write to it, or set REFIT_STORE"
        ) from None


def fetch(artefact: Artefact) -> Path:
    """A local path of an artefact's folder, to be read and not written."""
    try:
        return store().fetch_folder(artefact.uri)
    except FolderDamaged as error:
        raise CorruptArtefact(f"{error}; run again with --refresh to make it anew") from None
    except OSError as error:
        raise StorageError(f"{artefact.uri} cannot be read from the store: {error.strerror or error}") from None


def fetch_whole(artefact: Artefact) -> Path:
    """Like `fetch`, and every file's hash is compared with the manifest's."""
    folder = fetch(artefact)
    try:
        verify_folder(folder, artefact.digest)
    except FolderDamaged as error:
        raise CorruptArtefact(f"{error}; run again with --refresh to make it anew") from None
    return folder
