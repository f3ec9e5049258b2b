"""The store keeps what it is given, once, whole or not at all: on a disk, and on S3 over real HTTP."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from infra.storage import (
    MANIFEST,
    FolderDamaged,
    LocalStore,
    Store,
    manifest_of,
    s3_client,
    verify_folder,
)
from infra.storage_s3 import S3Store
from infra.stores import open_store

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}


class QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Say nothing of each request."""


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    # One request at a time: S3 decides conditional writes one after the other, moto's threads would not.
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=False, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "file":
        return open_store((tmp_path / "a store").as_uri(), tmp_path / "cache")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    endpoint, bucket = request.getfixturevalue("s3_endpoint"), f"refit-{uuid.uuid4().hex}"
    s3_client(endpoint).create_bucket(Bucket=bucket)
    return open_store(f"s3://{bucket}/some/prefix", tmp_path / "cache", endpoint)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "rows.parquet").write_bytes(bytes(range(256)) * 100)
    (source / "deep" / "er" / "ünï cödé #1?.txt").write_text("grün", encoding="utf-8")
    (source / "empty").touch()
    return source


def overwrite(store: Store, uri: str, name: str, data: bytes | None) -> None:
    """Alter a stored file behind the store's back; None removes it."""
    if isinstance(store, S3Store):
        key = uri.removeprefix(f"s3://{store.bucket}/") + f"/{name}"
        if data is None:
            store.client.delete_object(Bucket=store.bucket, Key=key)
        else:
            store.client.put_object(Bucket=store.bucket, Key=key, Body=data)
    else:
        path = store.fetch_folder(uri) / name
        path.unlink()
        if data is not None:
            path.write_bytes(data)


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_comes_back_as_it_went_in(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    fetched = store.fetch_folder(stored.uri)
    verify_folder(fetched, stored.digest)
    assert {name: data for name, data in files_in(fetched).items() if name != MANIFEST} == files_in(folder)
    assert stored.uri.endswith(f"/models/{stored.digest}")


def test_the_digest_is_the_hash_of_the_manifest(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    manifest = (store.fetch_folder(stored.uri) / MANIFEST).read_bytes()
    assert stored.digest == hashlib.sha256(manifest).hexdigest()
    entry = json.loads(manifest)["files"]["rows.parquet"]
    assert entry == {"bytes": 25600, "sha256": hashlib.sha256((folder / "rows.parquet").read_bytes()).hexdigest()}


def test_the_same_content_is_stored_once_and_other_content_elsewhere(store: Store, folder: Path) -> None:
    first = store.put_folder("models", folder)
    before = store.keys("models/")
    os.utime(folder / "rows.parquet", (1, 1))
    assert store.put_folder("models", folder) == first
    assert store.keys("models/") == before
    (folder / "empty").write_text("no longer")
    assert store.put_folder("models", folder).digest != first.digest


def test_a_stored_folder_can_be_stored_again_elsewhere_and_stays_untouched(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    again = store.put_folder("reports", store.fetch_folder(stored.uri))
    assert again.digest == stored.digest
    verify_folder(store.fetch_folder(stored.uri), stored.digest)
    verify_folder(store.fetch_folder(again.uri), stored.digest)


def test_the_source_is_copied_and_not_shared(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    with (folder / "rows.parquet").open("r+b") as file:
        file.write(b"changed later")
    verify_folder(store.fetch_folder(stored.uri), stored.digest)


@pytest.mark.parametrize("data", [b"short", bytes(25600), None], ids=["resized", "same size", "removed"])
def test_a_tampered_file_is_found_and_putting_the_folder_again_mends_it(
    store: Store, folder: Path, data: bytes | None
) -> None:
    stored = store.put_folder("models", folder)
    overwrite(store, stored.uri, "rows.parquet", data)
    with pytest.raises(FolderDamaged):
        verify_folder(store.fetch_folder(stored.uri), stored.digest)
    assert store.put_folder("models", folder) == stored
    verify_folder(store.fetch_folder(stored.uri), stored.digest)


def test_a_tampered_manifest_is_found_and_mended(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    overwrite(store, stored.uri, MANIFEST, b'{"files": {"../../outside": {}}}')
    with pytest.raises(FolderDamaged):
        verify_folder(store.fetch_folder(stored.uri), stored.digest)
    store.put_folder("models", folder)
    verify_folder(store.fetch_folder(stored.uri), stored.digest)


def test_a_folder_without_a_manifest_does_not_exist(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    overwrite(store, stored.uri, MANIFEST, None)
    with pytest.raises(FolderDamaged, match="manifest"):
        store.fetch_folder(stored.uri)
    store.put_folder("models", folder)
    verify_folder(store.fetch_folder(stored.uri), stored.digest)


def test_an_added_file_is_found(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    fetched = store.fetch_folder(stored.uri)
    (fetched / "more").touch()
    with pytest.raises(FolderDamaged, match="altered"):
        verify_folder(fetched, stored.digest)
    assert not (store.fetch_folder(store.put_folder("models", folder).uri) / "more").exists()


def test_a_folder_that_is_not_there_says_so(store: Store, folder: Path) -> None:
    stored = store.put_folder("models", folder)
    with pytest.raises(FolderDamaged):
        store.fetch_folder(stored.uri.replace(stored.digest, "0" * 64))
    with pytest.raises(FolderDamaged, match=r"another store|not in this store"):
        store.fetch_folder("s3://elsewhere/models/" + stored.digest)
    with pytest.raises(NotADirectoryError):
        store.put_folder("models", folder / "nowhere")


def test_many_writers_of_one_folder_all_get_it_whole(store: Store, folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = set(pool.map(lambda _: store.put_folder("models", folder), range(16)))
        assert len(stored) == 1
        fetched = set(pool.map(lambda _: store.fetch_folder(next(iter(stored)).uri), range(8)))
    verify_folder(fetched.pop(), stored.pop().digest)
    assert not fetched
    assert [key for key in store.keys("") if ".incoming-" in key] == []


def _put_and_verify(root: str, folder: str, times: int) -> None:
    store = LocalStore(Path(root))
    for _ in range(times):
        stored = store.put_folder("models", Path(folder))
        verify_folder(store.fetch_folder(stored.uri), stored.digest)


def test_processes_that_write_one_folder_never_take_it_from_each_other(tmp_path: Path, folder: Path) -> None:
    fresh = multiprocessing.get_context("spawn")
    arguments = (str(tmp_path / "store"), str(folder), 20)
    writers = [fresh.Process(target=_put_and_verify, args=arguments) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]


def test_what_a_killed_writer_left_behind_is_swept_after_a_day(tmp_path: Path, folder: Path) -> None:
    store = LocalStore(tmp_path / "store")
    old, young = (tmp_path / "store" / "models" / f".incoming-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.mkdir(parents=True)
    os.utime(old, (1, 1))
    store.put_folder("models", folder)
    assert not old.exists()
    assert young.exists()


def test_only_one_of_many_creates_an_object(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: store.put_if_absent("releases/m/000001.json", f"{n}".encode()), range(32)))
    assert won.count(True) == 1
    assert store.read("releases/m/000001.json") == f"{won.index(True)}".encode()


def test_an_object_is_never_replaced_even_by_the_same_bytes(store: Store) -> None:
    assert store.put_if_absent("a/b", b"first")
    assert not store.put_if_absent("a/b", b"second")
    assert not store.put_if_absent("a/b", b"first")
    assert store.read("a/b") == b"first"


def test_an_absent_object_reads_as_none(store: Store) -> None:
    assert store.read("releases/none/000001.json") is None


def test_keys_are_listed_by_prefix_and_sorted(store: Store) -> None:
    for key in ("releases/m/000002.json", "releases/m/000001.json", "releases/m2/000001.json", "other/x"):
        store.put_if_absent(key, b"{}")
    assert store.keys("releases/m/") == ["releases/m/000001.json", "releases/m/000002.json"]
    assert store.keys("releases/m") == [*store.keys("releases/m/"), "releases/m2/000001.json"]
    assert store.keys("") == ["other/x", *store.keys("releases/")]
    assert store.keys("nothing/") == []


def test_a_store_that_cannot_be_written_raises_an_os_error(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a file").touch()
    store = LocalStore(tmp_path / "a file" / "store")
    with pytest.raises(OSError, match="Not a directory"):
        store.put_folder("models", folder)
    with pytest.raises(OSError, match="Not a directory"):
        store.put_if_absent("a/b", b"")


def test_a_missing_bucket_and_a_dead_server_raise_an_os_error(
    tmp_path: Path, folder: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for store in (
        open_store("s3://no-such-bucket/x", tmp_path, s3_endpoint),
        open_store("s3://bucket/x", tmp_path, "http://127.0.0.1:9"),
    ):
        with pytest.raises(OSError, match="s3://"):
            store.put_folder("models", folder)
        with pytest.raises(OSError, match="s3://"):
            store.put_if_absent("a/b", b"")
        with pytest.raises(OSError, match="s3://"):
            store.read("a/b")
        with pytest.raises(OSError, match="s3://"):
            store.keys("a/")


@pytest.mark.parametrize("url", ["", "store", "ftp://host/x", "file://host/x", "s3://", "s3:///x"])
def test_other_urls_are_refused_with_what_is_allowed(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed are file:///folder and s3://bucket/prefix"):
        open_store(url, tmp_path)


def test_a_manifest_does_not_depend_on_where_or_when(folder: Path, tmp_path: Path) -> None:
    first = manifest_of(folder)
    moved = folder.rename(tmp_path / "moved")
    os.utime(moved / "empty", (1, 1))
    assert manifest_of(moved) == first
