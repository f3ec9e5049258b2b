"""S3 over HTTP: what is there comes whole, and what is not is one clear message."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.settings import settings
from tasks.acquire.config import S3Source
from tasks.acquire.s3.source import s3_files
from tasks.acquire.source_file import SourceFile
from tasks.errors import MissingSecret, StorageError, UserInputError
from tests.tasks.acquire.conftest import BUCKET

MANY = 1001


def fetched(source: S3Source, folder: Path) -> dict[str, bytes]:
    """The bytes of the source's files by name."""
    return {file.name: file.fetch(folder).read_bytes() for file in s3_files(source, "data.train")}


def one(uri: str, **fields: Any) -> SourceFile:
    (file,) = s3_files(S3Source(uri=uri, **fields), "data.train")
    return file


@pytest.fixture
def versioned(bucket: Any) -> str:
    """The name of a bucket of this test's own that keeps versions."""
    name = f"versioned-{uuid.uuid4()}"
    bucket.create_bucket(Bucket=name)
    bucket.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_an_object_is_fetched_whole_and_known_by_its_etag(bucket: Any, tmp_path: Path) -> None:
    data = bytes(range(256)) * 12_000
    etag = bucket.put_object(Bucket=BUCKET, Key="exports/2026 #1/train?.csv", Body=data)["ETag"]
    file = one(f"s3://{BUCKET}/exports/2026 #1/train?.csv")
    assert (file.name, file.version, file.size_bytes) == ("train?.csv", f"etag:{etag}".replace('"', ""), len(data))
    assert file.where == f"s3://{BUCKET}/exports/2026 #1/train?.csv"
    assert file.fetch(tmp_path).read_bytes() == data


def test_all_below_a_prefix_comes_in_order_without_folders_and_hidden_files(bucket: Any, tmp_path: Path) -> None:
    shown = {"b.csv": b"1", "a.csv": b"", "_day=1/c.csv": b"3"}
    hidden = ("", "sub/", "_SUCCESS", "sub/.crc", "_temporary/0/part.csv", ".git/d.csv")
    for name, data in {**shown, **dict.fromkeys(hidden, b"")}.items():
        bucket.put_object(Bucket=BUCKET, Key=f"exports/{name}", Body=data)
    bucket.put_object(Bucket=BUCKET, Key="exports-of-others.csv", Body=b"")
    found = fetched(S3Source(uri=f"s3://{BUCKET}/exports/"), tmp_path)
    assert found == shown
    assert list(found) == ["_day=1/c.csv", "a.csv", "b.csv"]


def test_a_prefix_with_more_objects_than_one_page_lists_them_all(bucket: Any) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    held = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]  # the server's own memory: a thousand uploads would take seconds
    for number in range(MANY):
        held.put_object(BUCKET, f"many/{number:04}.csv", b"text")
    try:
        assert bucket.list_objects_v2(Bucket=BUCKET)["IsTruncated"]
        files = s3_files(S3Source(uri=f"s3://{BUCKET}/many/"), "data.train")
        assert [file.name for file in files] == [f"{number:04}.csv" for number in range(MANY)]
    finally:
        for number in range(MANY):
            held.delete_object(BUCKET, f"many/{number:04}.csv")


def test_an_empty_prefix_is_the_users_to_mend(bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="exports/_SUCCESS", Body=b"")
    with pytest.raises(UserInputError, match=r"holds no files.*begins with 'exports/'; 1 folders and hidden"):
        s3_files(S3Source(uri=f"s3://{BUCKET}/exports/"), "data.train")


@pytest.mark.parametrize("by_prefix", [True, False])
def test_an_object_of_a_versioned_bucket_is_read_as_it_was_listed(
    bucket: Any, versioned: str, tmp_path: Path, by_prefix: bool
) -> None:
    bucket.put_object(Bucket=versioned, Key="in/a.csv", Body=b"first")
    listed = bucket.put_object(Bucket=versioned, Key="in/a.csv", Body=b"second")["VersionId"]
    file = one(f"s3://{versioned}/in/{'' if by_prefix else 'a.csv'}")
    bucket.put_object(Bucket=versioned, Key="in/a.csv", Body=b"third!")
    assert file.version == f"version:{listed}"
    assert file.fetch(tmp_path).read_bytes() == b"second"


def test_a_deleted_object_of_a_versioned_bucket_is_not_listed(bucket: Any, versioned: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        bucket.put_object(Bucket=versioned, Key=f"in/{name}.csv", Body=b"text")
    bucket.delete_object(Bucket=versioned, Key="in/a.csv")
    assert fetched(S3Source(uri=f"s3://{versioned}/in/"), tmp_path) == {"b.csv": b"text"}


def test_a_pinned_version_comes_back_and_one_that_is_gone_is_named(bucket: Any, versioned: str, tmp_path: Path) -> None:
    old = bucket.put_object(Bucket=versioned, Key="a.csv", Body=b"old")["VersionId"]
    bucket.put_object(Bucket=versioned, Key="a.csv", Body=b"newer")
    file = one(f"s3://{versioned}/a.csv", version_id=old)
    assert (file.version, file.fetch(tmp_path).read_bytes()) == (f"version:{old}", b"old")
    bucket.delete_object(Bucket=versioned, Key="a.csv", VersionId=old)
    with pytest.raises(UserInputError, match=r"not there any more as version:.* pins it"):
        file.fetch(tmp_path)
    with pytest.raises(UserInputError, match=rf"has no version '{old}' \(any more\)"):
        one(f"s3://{versioned}/a.csv", version_id=old)


def test_a_pinned_etag_lets_no_other_bytes_in(bucket: Any, tmp_path: Path) -> None:
    etag = bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"old")["ETag"]
    file = one(f"s3://{BUCKET}/a.csv", etag=etag.strip('"'))
    assert file.fetch(tmp_path).read_bytes() == b"old"
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"newer")
    with pytest.raises(UserInputError, match="not there any more as etag:"):
        file.fetch(tmp_path)
    with pytest.raises(UserInputError, match=r"not there any more as etag .* the object now has"):
        one(f"s3://{BUCKET}/a.csv", etag=etag)


def test_a_version_of_an_object_in_a_bucket_without_versions_is_the_users_to_mend(bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"text")
    with pytest.raises(UserInputError, match=r"has no version 'abc'"):
        one(f"s3://{BUCKET}/a.csv", version_id="abc")


@pytest.mark.parametrize("removed", [True, False])
def test_an_object_that_changed_after_it_was_listed_is_worth_another_try(
    bucket: Any, tmp_path: Path, removed: bool
) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"old")
    file = one(f"s3://{BUCKET}/a.csv")
    if removed:
        bucket.delete_object(Bucket=BUCKET, Key="a.csv")
    else:
        bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"new")
    with pytest.raises(StorageError, match="replaced or removed between listing and reading: run again"):
        file.fetch(tmp_path)
    assert not list(tmp_path.glob("*.csv"))


def test_named_secrets_are_used(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"text")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHOP_KEY", "one")
    monkeypatch.setenv("SHOP_SECRET", "two")
    file = one(f"s3://{BUCKET}/a.csv", access_key_secret="SHOP_KEY", secret_key_secret="SHOP_SECRET")
    assert file.fetch(tmp_path).read_bytes() == b"text"


def test_a_secret_that_is_not_set_is_named() -> None:
    source = S3Source(uri="s3://bucket/a.csv", access_key_secret="NOT_SET", secret_key_secret="NOT_SET_EITHER")
    with pytest.raises(MissingSecret, match=r"data\.holdout\.access_key_secret names the secret 'NOT_SET'.*`?not-set"):
        s3_files(source, "data.holdout")


def test_one_secret_of_the_two_is_refused_by_the_config() -> None:
    with pytest.raises(ValueError, match="go together: set both or neither"):
        S3Source(uri="s3://bucket/a.csv", access_key_secret="ONE")


def test_no_credentials_at_all_is_explained(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials that it found first
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(UserInputError, match=r"needs credentials.*AWS_ACCESS_KEY_ID"):
        one(f"s3://{BUCKET}/a.csv")


def test_a_missing_object_and_a_missing_bucket_are_told_apart(bucket: Any) -> None:
    with pytest.raises(UserInputError, match="holds no object of that key"):
        one(f"s3://{BUCKET}/nowhere.csv")
    for key in ("a.csv", "exports/"):
        with pytest.raises(UserInputError, match="there is no such bucket"):
            one(f"s3://no-such-bucket/{key}")


def test_an_unreachable_server_is_a_storage_error_worth_another_try(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFIT_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    settings.cache_clear()
    with pytest.raises(StorageError, match=r"s3://customer-data/a\.csv\) cannot be fetched.*REFIT_S3_ENDPOINT"):
        one(f"s3://{BUCKET}/a.csv")


def test_an_endpoint_that_is_no_address_is_the_users_to_mend(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFIT_S3_ENDPOINT", "not an address")
    settings.cache_clear()
    with pytest.raises(UserInputError, match="REFIT_S3_ENDPOINT is 'not an address'"):
        one(f"s3://{BUCKET}/a.csv")
