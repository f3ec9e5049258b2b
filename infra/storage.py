"""The artefact store: folders named by the hash of what is in them, and small objects created at most once.

A folder's `manifest.json` lists its files with size and SHA-256 and is written last, so a folder without one does not
exist. `open_store` gives the same face over a local folder (`file://`) and an S3 bucket (`s3://`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

MANIFEST = "manifest.json"


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
    """The canonical manifest of a folder's files: JSON, sorted by path, no times."""
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
    """Folders by content, and small objects by key. Keys are relative, with `/` between parts."""

    @abstractmethod
    def put_folder(self, area: str, folder: Path) -> StoredFolder:
        """Copy `folder` to `area/<digest>`; a folder that is already there is left as it is."""

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
        if not (target / MANIFEST).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = Path(tempfile.mkdtemp(prefix=".incoming-", dir=target.parent))
            try:
                shutil.copytree(folder, aside, dirs_exist_ok=True, copy_function=_link_or_copy)
                _write_synced(aside / MANIFEST, manifest)
                aside.chmod(0o755)
                if target.exists():
                    shutil.rmtree(target)
                aside.rename(target)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return StoredFolder(target.as_uri(), digest)

    def fetch_folder(self, uri: str) -> Path:
        folder = Path(unquote(urlparse(uri).path))
        if not (folder / MANIFEST).is_file():
            raise FolderDamaged(f"{folder} has no {MANIFEST}: it was removed or never finished")
        return folder

    def put_if_absent(self, key: str, data: bytes) -> bool:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=target.parent)
        aside = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, target)
        except FileExistsError:
            return False
        finally:
            aside.unlink(missing_ok=True)
        return True

    def read(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.is_file() else None

    def keys(self, prefix: str) -> list[str]:
        start = self.root / prefix
        top = start if start.is_dir() else start.parent
        found = (path.relative_to(self.root).as_posix() for path in top.rglob("*") if path.is_file())
        return sorted(key for key in found if key.startswith(prefix) and "/.incoming-" not in f"/{key}")


class S3Store(Store):
    """A store in an S3 bucket, below a prefix; fetched folders are kept in a local cache and verified."""

    def __init__(self, bucket: str, prefix: str, cache: Path, endpoint: str | None) -> None:
        self.bucket, self.prefix, self.cache = bucket, prefix.strip("/"), cache
        self.client = s3_client(endpoint)

    def put_folder(self, area: str, folder: Path) -> StoredFolder:
        manifest = manifest_of(folder)
        digest = hashlib.sha256(manifest).hexdigest()
        key = f"{area}/{digest}"
        if self.read(f"{key}/{MANIFEST}") is None:
            for name in json.loads(manifest)["files"]:
                self.client.upload_file(str(folder / name), self.bucket, self._full(f"{key}/{name}"))
            self.put_if_absent(f"{key}/{MANIFEST}", manifest)
        return StoredFolder(f"s3://{self.bucket}/{self._full(key)}", digest)

    def fetch_folder(self, uri: str) -> Path:
        full = urlparse(uri).path.strip("/")
        key = full.removeprefix(self.prefix).strip("/")
        target = self.cache / key
        if (target / MANIFEST).is_file():
            return target
        manifest = self.read(f"{key}/{MANIFEST}")
        if manifest is None:
            raise FolderDamaged(f"{uri} has no {MANIFEST}: it was removed or never finished")
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".incoming-", dir=target.parent))
        try:
            for name in json.loads(manifest)["files"]:
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                self.client.download_file(self.bucket, self._full(f"{key}/{name}"), str(aside / name))
            _write_synced(aside / MANIFEST, manifest)
            verify_folder(aside, key.rsplit("/", 1)[-1])
            if not target.exists():
                aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return target

    def put_if_absent(self, key: str, data: bytes) -> bool:
        from botocore.exceptions import ClientError

        try:
            self.client.put_object(Bucket=self.bucket, Key=self._full(key), Body=data, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}:
                return False
            raise
        return True

    def read(self, key: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            body = self.client.get_object(Bucket=self.bucket, Key=self._full(key))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        data: bytes = body.read()
        return data

    def keys(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._full(prefix))
        cut = len(self.prefix) + 1 if self.prefix else 0
        return sorted(item["Key"][cut:] for page in pages for item in page.get("Contents", ()))

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key


def open_store(url: str, cache: Path, s3_endpoint: str | None = None) -> Store:
    """Open the store at `file:///folder` or `s3://bucket/prefix`. Raises ValueError for any other URL."""
    parts = urlparse(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return S3Store(parts.netloc, parts.path, cache, s3_endpoint)
    raise ValueError(f"the store's URL is {url!r}; allowed are file:///folder and s3://bucket/prefix (set REFIT_STORE)")


def s3_client(endpoint: str | None, access_key: str | None = None, secret_key: str | None = None) -> Any:
    """A boto3 S3 client; without keys, boto3's own chain finds them."""
    import boto3

    return boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=access_key, aws_secret_access_key=secret_key)


def _link_or_copy(source: str, target: str) -> None:
    """Copy, except that a file that is already inside a store is linked: stored files never change."""
    stored = any((parent / MANIFEST).is_file() for parent in list(Path(source).parents)[:3])
    if stored:
        try:
            os.link(source, target)
            return
        except OSError:
            pass
    shutil.copy2(source, target)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
