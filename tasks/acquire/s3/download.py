"""One version of an S3 object brought to a file: in parts side by side, resumed where a connection broke, and verified.

What has come is kept outside the run's own folder, under the version that it belongs to, so that the next try goes on
from there, also one in another process. Memory stays bounded: a chunk for each part under way.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from infra.settings import settings
from tasks.acquire.s3.checksum import has_etag
from tasks.errors import StorageError, UserInputError

PART_BYTES = 16 << 20
CHUNK_BYTES = 256 << 10
PARALLEL_PARTS = 4
TRIES, BACKOFF_SECONDS = 6, 0.5
ABANDONED_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class S3Object:
    """One version of an object, as it was listed."""

    bucket: str
    key: str
    size_bytes: int
    etag: str
    """With its quotes, as the server gives it."""
    version_id: str | None
    """Null in a bucket that keeps no versions."""
    is_pinned: bool
    """Whether the config names this version, so that no other will do."""

    @property
    def version(self) -> str:
        """What pins the bytes, for the lineage."""
        quotes_removed = self.etag.strip('"')
        return f"version:{self.version_id}" if self.version_id else f"etag:{quotes_removed}"

    def fingerprint(self, endpoint: str) -> str:
        """A file name for what has come of this version."""
        parts = (endpoint, self.bucket, self.key, self.version, self.etag, self.size_bytes, PART_BYTES)
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def fetch_object(client: Any, item: S3Object, folder: Path, where: str) -> Path:
    """Bring the object's bytes to a file in `folder`; the file is there only when it is whole.

    Raises StorageError, which is worth another try, where the object was replaced or removed since it was listed, the
    connection broke `TRIES` times in one part, or the bytes are not those of the ETag; UserInputError where a version
    that the config pins is gone; botocore's errors for the rest.
    """
    name = item.fingerprint(client.meta.endpoint_url)
    target = folder / f"{name[:8]}-{_safe(PurePosixPath(item.key).name)}"
    try:
        with _place(name, folder) as partial:
            _Download(client, item, partial, where).run()
            shutil.move(partial, target)
            _journal(partial).unlink(missing_ok=True)
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{where} cannot be kept on this machine ({error.strerror or error}): make room") from None
    return target


class _Download:
    """What has come of one object. The journal lists the parts that are on the disk, one number a line."""

    def __init__(self, client: Any, item: S3Object, partial: Path, where: str) -> None:
        self.client, self.item, self.partial, self.where = client, item, partial, where
        self.address = {"Bucket": item.bucket, "Key": item.key}
        self.pin = {"VersionId": item.version_id} if item.version_id else {"IfMatch": item.etag}
        self.is_md5: bool | None = None
        """Whether the ETag can be one, null until the server was asked."""

    def run(self) -> None:
        """Fill the partial file and compare its checksum with the object's."""
        if not self.partial.exists():
            _journal(self.partial).unlink(missing_ok=True)
        with _opened(self.partial, os.O_RDWR) as file, _opened(_journal(self.partial), os.O_RDWR | os.O_APPEND) as done:
            os.ftruncate(file, self.item.size_bytes)
            self._fill(file, done)
        self._verify()

    def _fill(self, file: int, journal: int) -> None:
        known = set(_journal(self.partial).read_text(encoding="ascii").split("\n")[:-1])
        parts = [part for part in range(-(-self.item.size_bytes // PART_BYTES)) if str(part) not in known]
        pool = ThreadPoolExecutor(PARALLEL_PARTS, thread_name_prefix="s3-part")
        try:
            for future in as_completed([pool.submit(self._bring, part, file, journal) for part in parts]):
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _bring(self, part: int, file: int, journal: int) -> None:
        """Write one part, going on after a broken connection where it broke off."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError
        from urllib3.exceptions import HTTPError

        at, end = part * PART_BYTES, min((part + 1) * PART_BYTES, self.item.size_bytes)
        for failures in range(TRIES):
            try:
                for chunk in self._chunks(at, end):
                    at += os.pwrite(file, chunk, at)
                break
            except (HTTPClientError, IncompleteReadError, HTTPError) as error:
                if failures == TRIES - 1:
                    raise StorageError(
                        f"{self.where} cannot be fetched: the connection broke {TRIES} times, at last with {error}. "
                        "What has come is kept, and the next run goes on from there"
                    ) from None
                time.sleep(BACKOFF_SECONDS * 2**failures)
        os.fsync(file)
        os.write(journal, f"{part}\n".encode("ascii"))

    def _chunks(self, start: int, end: int) -> Iterator[bytes]:
        if start == end:
            return
        answer = self._get(start, end)
        if answer["ContentLength"] != end - start:
            raise StorageError(f"{self.where} cannot be fetched: the server does not answer requests for a range")
        self.is_md5 = _etag_is_md5(answer)
        yield from answer["Body"].iter_chunks(CHUNK_BYTES)

    def _get(self, start: int, end: int) -> Any:
        from botocore.exceptions import ClientError

        pin, span = self.pin, f"bytes={start}-{end - 1}"
        try:
            return self.client.get_object(**self.address, **pin, Range=span)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"PreconditionFailed", "412", "NoSuchVersion", "NoSuchKey", "404"}:
                raise self._gone() from None
            if code != "AccessDenied" or "VersionId" not in pin:
                raise
        # Who may read the object but no versions of it reads it by its ETag, which pins the bytes as well.
        self.pin = {"IfMatch": self.item.etag}
        return self._get(start, end)

    def _gone(self) -> Exception:
        if self.item.is_pinned:
            return UserInputError(
                f"{self.where} is not there any more as {self.item.version} pins it: restore it, or pin another"
            )
        return StorageError(
            f"{self.where} was replaced or removed between listing and reading: run again to read what is there now"
        )

    def _verify(self) -> None:
        """Raise StorageError where the file's size or checksum is not the object's, and forget what has come.

        Where the ETag is no checksum (objects encrypted with a key of KMS or their own, directory buckets), the size
        counts, and that every part was read under the same version.
        """
        if self.item.size_bytes and self.is_md5 is None:
            self.is_md5 = _etag_is_md5(self.client.head_object(**self.address, **self.pin))
        checkable = self.is_md5 and not self.item.bucket.endswith("--x-s3")
        if self.partial.stat().st_size == self.item.size_bytes and (
            not checkable or has_etag(self.partial, self.item.etag, self._part_bytes)
        ):
            return
        self.partial.unlink()
        raise StorageError(
            f"{self.where} did not arrive as it is in S3: its checksum is not that of the ETag {self.item.etag}. "
            "What has come was removed; run again to fetch it anew"
        )

    def _part_bytes(self, number: int) -> int:
        version = {"VersionId": self.item.version_id} if "VersionId" in self.pin else {}
        return int(self.client.head_object(**self.address, **version, PartNumber=number)["ContentLength"])


def _etag_is_md5(answer: Any) -> bool:
    return answer.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in answer


@contextmanager
def _place(name: str, folder: Path) -> Iterator[Path]:
    """Where the bytes of one version are gathered; in `folder` while another process gathers the same ones."""
    home = settings().home_path / "cache" / "s3-partial"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in home.iterdir():
        with suppress(FileNotFoundError):  # another process has just finished with it
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
    with (home / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield folder / f"{name}.partial"
        else:
            yield home / f"{name}.partial"


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _journal(partial: Path) -> Path:
    return partial.with_suffix(".parts")


def _safe(name: str) -> str:
    """The name with its endings, short enough for any file system."""
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)[-80:]
