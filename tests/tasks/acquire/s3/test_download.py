"""Downloads over a network that breaks: what came is kept, nothing is taken for whole that is not, and it ends."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.settings import settings
from tasks.acquire.config import S3Source
from tasks.acquire.s3 import download
from tasks.acquire.s3.checksum import has_etag
from tasks.acquire.s3.source import s3_files
from tasks.acquire.source_file import SourceFile
from tasks.errors import StorageError
from tests.tasks.acquire.conftest import BUCKET
from tests.tasks.acquire.s3.cutting_proxy import CuttingProxy, proxy_before

KIB = 1 << 10
PART = 128 * KIB
DATA = random.Random(5).randbytes(5 * PART + 77)
FORBIDDEN = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


@pytest.fixture
def proxy(bucket: Any, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CuttingProxy]:
    """A proxy that S3 is reached through, and an object `a.csv` of more than five parts."""
    monkeypatch.setattr(download, "PART_BYTES", PART)
    monkeypatch.setattr(download, "CHUNK_BYTES", 8 * KIB)
    monkeypatch.setattr(download, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(download, "PARALLEL_PARTS", 2)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=DATA)
    with proxy_before(s3_server) as proxy:
        monkeypatch.setenv("REFIT_S3_ENDPOINT", proxy.url)
        settings.cache_clear()
        yield proxy


def listed(bucket: str = BUCKET) -> SourceFile:
    (file,) = s3_files(S3Source(uri=f"s3://{bucket}/a.csv"), "data.train")
    return file


def kept() -> list[Path]:
    """What is kept of downloads that are not finished."""
    return [path for path in (settings().home_path / "cache" / "s3-partial").iterdir() if path.suffix != ".lock"]


def test_an_object_comes_in_parts_that_are_bound_to_its_etag(proxy: CuttingProxy, tmp_path: Path) -> None:
    assert listed().fetch(tmp_path).read_bytes() == DATA
    assert sorted(start for start, _ in proxy.ranges()) == [part * PART for part in range(6)]
    assert all(b"if-match:" in head.lower() for head in proxy.heads if b"range:" in head.lower())
    assert kept() == []


def test_a_connection_that_breaks_goes_on_where_it_broke_off(proxy: CuttingProxy, tmp_path: Path) -> None:
    breaks = iter([40 * KIB, 100 * KIB])
    proxy.rule = lambda head: next(breaks, None) if b"range:" in head.lower() else None
    assert listed().fetch(tmp_path).read_bytes() == DATA
    within = [start % PART for start, _ in proxy.ranges() if start % PART]
    assert len(within) == 2, "each broken part goes on in its middle"
    assert all(start >= 32 * KIB for start in within)


def test_an_outage_ends_in_one_error_and_the_next_run_brings_only_what_is_missing(
    proxy: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TRIES", 2)
    proxy.rule = lambda head: 0 if f"bytes={4 * PART}-".encode() in head else None
    with pytest.raises(StorageError, match="the connection broke 2 times.*the next run goes on from there"):
        listed().fetch(tmp_path)
    assert list(tmp_path.glob("*a.csv")) == []
    proxy.rule = lambda _head: None
    proxy.heads.clear()
    assert listed().fetch(tmp_path).read_bytes() == DATA
    again = {start for start, _ in proxy.ranges()}
    assert {4 * PART} <= again <= {4 * PART, 5 * PART}
    assert kept() == []


def test_what_was_kept_of_another_version_is_not_mixed_in(
    bucket: Any, proxy: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TRIES", 1)
    proxy.rule = lambda head: 0 if f"bytes={4 * PART}-".encode() in head else None
    with pytest.raises(StorageError):
        listed().fetch(tmp_path)
    proxy.rule = lambda _head: None
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=DATA[::-1])
    assert listed().fetch(tmp_path).read_bytes() == DATA[::-1]


def test_bytes_that_do_not_match_the_checksum_are_thrown_away(
    proxy: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TRIES", 1)
    proxy.rule = lambda head: 0 if f"bytes={4 * PART}-".encode() in head else None
    with pytest.raises(StorageError, match="broke"):
        listed().fetch(tmp_path)
    (partial,) = (path for path in kept() if path.suffix == ".partial")
    with partial.open("r+b") as file:
        file.write(b"altered")
    proxy.rule = lambda _head: None
    with pytest.raises(StorageError, match="did not arrive as it is in S3.*run again to fetch it anew"):
        listed().fetch(tmp_path)
    assert listed().fetch(tmp_path).read_bytes() == DATA


def test_an_object_uploaded_in_parts_is_checked_by_the_sums_of_its_parts(
    bucket: Any, proxy: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from boto3.s3.transfer import TransferConfig

    monkeypatch.setattr(download, "PART_BYTES", 4 << 20)
    data = DATA * 9
    (tmp_path / "up").write_bytes(data)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    bucket.upload_file(str(tmp_path / "up"), BUCKET, "a.csv", Config=parts)
    file = listed()
    assert file.version.endswith("-2")
    assert file.fetch(tmp_path).read_bytes() == data


def test_parts_of_any_sizes_are_followed_and_another_byte_is_noticed(tmp_path: Path) -> None:
    pieces = [b"8 bytes.", b"five5", b"5five"]
    (tmp_path / "a").write_bytes(b"".join(pieces))
    sums = b"".join(hashlib.md5(piece, usedforsecurity=False).digest() for piece in pieces)
    etag = f'"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-3"'
    assert has_etag(tmp_path / "a", etag, lambda number: len(pieces[number - 1]))
    (tmp_path / "a").write_bytes(b"".join(pieces)[:-1] + b"!")
    assert not has_etag(tmp_path / "a", etag, lambda number: len(pieces[number - 1]))


def test_who_may_not_read_versions_reads_the_same_bytes_by_their_etag(
    bucket: Any, proxy: CuttingProxy, tmp_path: Path
) -> None:
    bucket.create_bucket(Bucket="versions-denied")
    bucket.put_bucket_versioning(Bucket="versions-denied", VersioningConfiguration={"Status": "Enabled"})
    bucket.put_object(Bucket="versions-denied", Key="a.csv", Body=DATA)
    denied = b"HTTP/1.1 403 Forbidden\r\ncontent-length: %d\r\n\r\n%s" % (len(FORBIDDEN), FORBIDDEN)
    proxy.rule = lambda head: denied if b"versionId=" in head.partition(b"\r\n")[0] else None
    file = listed("versions-denied")
    assert file.version.startswith("version:")
    assert file.fetch(tmp_path).read_bytes() == DATA


def test_two_downloads_of_one_version_at_a_time_do_not_disturb_each_other(proxy: CuttingProxy, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    file = listed()
    with ThreadPoolExecutor(len(folders)) as pool:
        paths = list(pool.map(file.fetch, folders))
    assert [path.read_bytes() == DATA for path in paths] == [True] * len(folders)


def test_an_empty_object_is_an_empty_file(bucket: Any, proxy: CuttingProxy, tmp_path: Path) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"")
    assert listed().fetch(tmp_path).read_bytes() == b""
