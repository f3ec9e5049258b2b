"""The artefact store in an S3 bucket. A fetched folder is verified once and kept in a local cache."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from infra.storage import (
    MANIFEST,
    FolderDamaged,
    Store,
    StoredFolder,
    is_whole,
    manifest_of,
    move_into_place,
    room_aside,
    s3_client,
    verify_folder,
    write_synced,
)

ABSENT = {"NoSuchKey", "404", "NotFound"}
EXISTS = {"PreconditionFailed", "412"}
BUSY = {"ConditionalRequestConflict", "409"}
BUSY_TRIES, BUSY_WAIT_SECONDS = 5, 0.2


class StoreUnavailable(OSError):
    """The S3 server does not answer, or refuses: bucket, credentials or network."""


class S3Store(Store):
    """A store in an S3 bucket, below a prefix; fetched folders are kept in a local cache."""

    def __init__(self, bucket: str, prefix: str, cache: Path, endpoint: str | None) -> None:
        self.bucket, self.prefix, self.cache = bucket, prefix.strip("/"), cache
        self.client = s3_client(endpoint)

    def put_folder(self, area: str, folder: Path) -> StoredFolder:
        manifest = manifest_of(folder)
        digest = hashlib.sha256(manifest).hexdigest()
        key = f"{area}/{digest}"
        for name, file in json.loads(manifest)["files"].items():
            self._upload(folder / name, f"{key}/{name}", file["sha256"])
        if not self.put_if_absent(f"{key}/{MANIFEST}", manifest) and self.read(f"{key}/{MANIFEST}") != manifest:
            with self._errors(f"{key}/{MANIFEST}"):
                self.client.put_object(Bucket=self.bucket, Key=self._full(f"{key}/{MANIFEST}"), Body=manifest)
        return StoredFolder(f"s3://{self.bucket}/{self._full(key)}", digest)

    def fetch_folder(self, uri: str) -> Path:
        place = urlparse(uri)
        key = place.path.strip("/").removeprefix(f"{self.prefix}/")
        digest = key.rsplit("/", 1)[-1]
        if place.scheme != "s3" or place.netloc != self.bucket or self._full(key) != place.path.strip("/"):
            raise FolderDamaged(f"{uri} is not in this store, s3://{self.bucket}/{self.prefix}")
        target = self.cache / self.bucket / key
        if is_whole(target, digest):
            return target
        manifest = self.read(f"{key}/{MANIFEST}")
        if manifest is None or hashlib.sha256(manifest).hexdigest() != digest:
            raise FolderDamaged(f"{uri} has no {MANIFEST} of that digest: it was removed, altered or never finished")
        target.parent.mkdir(parents=True, exist_ok=True)
        with room_aside(target.parent) as aside:
            for name in json.loads(manifest)["files"]:
                self._download(f"{key}/{name}", aside / name)
            write_synced(aside / MANIFEST, manifest)
            verify_folder(aside, digest)
            move_into_place(aside, target, digest)
        return target

    def put_if_absent(self, key: str, data: bytes) -> bool:
        for attempt in range(BUSY_TRIES):
            code, sent_again = self._create(key, data)
            if code in EXISTS:
                # The client repeats a request whose answer was lost; the object that stops the repeat may be our own.
                return sent_again and self.read(key) == data
            if code not in BUSY:
                return True
            time.sleep(BUSY_WAIT_SECONDS * 2**attempt)
        raise StoreUnavailable(f"s3://{self.bucket}/{self._full(key)} is being written by others; try again")

    def read(self, key: str) -> bytes | None:
        try:
            with self._errors(key):
                data: bytes = self.client.get_object(Bucket=self.bucket, Key=self._full(key))["Body"].read()
        except FileNotFoundError:
            return None
        return data

    def keys(self, prefix: str) -> list[str]:
        with self._errors(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._full(prefix))
            found = [item["Key"] for page in pages for item in page.get("Contents", ())]
        cut = len(self.prefix) + 1 if self.prefix else 0
        return sorted(key[cut:] for key in found)

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _create(self, key: str, data: bytes) -> tuple[str, bool]:
        """Try to create an object once; S3's code for why it was not done (`""`: it was), and if it was sent again."""
        from botocore.exceptions import ClientError

        with self._errors(key):
            try:
                self.client.put_object(Bucket=self.bucket, Key=self._full(key), Body=data, IfNoneMatch="*")
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code not in EXISTS | BUSY:
                    raise
                return code, error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        return "", False

    def _upload(self, path: Path, key: str, sha256: str) -> None:
        """Upload a file unless the very same is there already."""
        try:
            with self._errors(key):
                there = self.client.head_object(Bucket=self.bucket, Key=self._full(key))
        except FileNotFoundError:
            there = None
        if there and there["ContentLength"] == path.stat().st_size and there["Metadata"].get("sha256") == sha256:
            return
        with self._errors(key):
            extra = {"Metadata": {"sha256": sha256}}
            self.client.upload_file(str(path), self.bucket, self._full(key), ExtraArgs=extra)

    def _download(self, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._errors(key):
                self.client.download_file(self.bucket, self._full(key), str(path))
        except FileNotFoundError as error:
            raise FolderDamaged(f"{error}, though its {MANIFEST} lists it") from None

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn boto3's errors into OSErrors: FileNotFoundError where the key is absent, else StoreUnavailable."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        place = f"s3://{self.bucket}/{self._full(key)}"
        try:
            yield
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                raise FileNotFoundError(f"there is no {place}") from None
            raise StoreUnavailable(f"{place}: {error}") from None
        except (BotoCoreError, Boto3Error) as error:
            raise StoreUnavailable(f"{place}: {error}") from None
