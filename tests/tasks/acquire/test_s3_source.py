"""S3 over HTTP: what is there comes whole, and what is not is one clear message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.settings import settings
from tasks.acquire.config import S3Source
from tasks.acquire.s3_source import download
from tasks.errors import MissingSecret, StorageError, UserInputError
from tests.tasks.acquire.conftest import BUCKET


def test_an_object_is_downloaded_whole(bucket: Any, tmp_path: Path) -> None:
    data = bytes(range(256)) * 12_000
    bucket.put_object(Bucket=BUCKET, Key="exports/2026 #1/train?.csv", Body=data)
    source = S3Source(uri=f"s3://{BUCKET}/exports/2026 #1/train?.csv")
    assert download(source, "data.train", tmp_path).read_bytes() == data


def test_named_secrets_are_used(bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.csv", Body=b"text")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHOP_KEY", "one")
    monkeypatch.setenv("SHOP_SECRET", "two")
    source = S3Source(uri=f"s3://{BUCKET}/a.csv", access_key_secret="SHOP_KEY", secret_key_secret="SHOP_SECRET")
    assert download(source, "data.train", tmp_path).read_bytes() == b"text"


def test_a_secret_that_is_not_set_is_named(tmp_path: Path) -> None:
    source = S3Source(uri="s3://bucket/a.csv", access_key_secret="NOT_SET", secret_key_secret="NOT_SET_EITHER")
    with pytest.raises(MissingSecret, match=r"data\.holdout\.access_key_secret names the secret 'NOT_SET'.*`?not-set"):
        download(source, "data.holdout", tmp_path)


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
        download(S3Source(uri=f"s3://{BUCKET}/a.csv"), "data.train", tmp_path)


def test_a_missing_object_and_a_missing_bucket_are_told_apart(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="holds no object of that key"):
        download(S3Source(uri=f"s3://{BUCKET}/nowhere.csv"), "data.train", tmp_path)
    with pytest.raises(UserInputError, match="there is no such bucket"):
        download(S3Source(uri="s3://no-such-bucket/a.csv"), "data.train", tmp_path)


def test_an_unreachable_server_is_a_storage_error_worth_another_try(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFIT_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    settings.cache_clear()
    with pytest.raises(StorageError, match=r"s3://customer-data/a\.csv\) cannot be fetched.*REFIT_S3_ENDPOINT"):
        download(S3Source(uri=f"s3://{BUCKET}/a.csv"), "data.train", tmp_path)


def test_an_endpoint_that_is_no_address_is_the_users_to_mend(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFIT_S3_ENDPOINT", "not an address")
    settings.cache_clear()
    with pytest.raises(UserInputError, match="REFIT_S3_ENDPOINT is 'not an address'"):
        download(S3Source(uri=f"s3://{BUCKET}/a.csv"), "data.train", tmp_path)
