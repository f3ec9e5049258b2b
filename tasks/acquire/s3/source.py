"""Objects in S3 or a compatible server: listed with the version that pins their bytes, fetched when they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from infra.settings import settings
from infra.storage import s3_client
from tasks.acquire.config import S3Source
from tasks.acquire.s3.download import S3Object, fetch_object
from tasks.acquire.source_file import SourceFile
from tasks.errors import RefitError, StorageError, UserInputError
from tasks.secrets import named_secret

REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "401", "403"}
ABSENT = {"NoSuchKey", "404", "NotFound"}
NO_SUCH_VERSION = {"NoSuchVersion", "400", "404", "405", "NoSuchKey", "MethodNotAllowed", "InvalidArgument"}
LISTS_NO_VERSIONS = {"AccessDenied", "403", "NotImplemented", "501", "MethodNotAllowed", "405"}


def s3_files(source: S3Source, section: str) -> list[SourceFile]:
    """The object, or all objects below a prefix that ends with `/`, sorted by key; nothing is downloaded yet.

    Below a prefix, what programs leave behind is no data: "folders" (keys that end with `/`) and everything in or
    under a name that begins with `.`, or with `_` and holds no `=`. A version is `version:<id>` in a bucket that keeps
    versions, else `etag:<ETag>`, and `fetch` brings just that one.

    Raises MissingSecret; UserInputError for an object, version, bucket or prefix that is not there or may not be read;
    StorageError, which is worth another try, where the server cannot be reached.
    """
    bucket, _, key = source.uri.removeprefix("s3://").partition("/")
    where = f"{section} ({source.uri})"
    client = _client(source, section)
    with s3_errors(where, section):
        if key and not key.endswith("/"):
            found = [(PurePosixPath(key).name, _one(client, bucket, key, source, where))]
        else:
            found = [(item.key.removeprefix(key), item) for item in _below(client, bucket, key, where)]
    return [_source_file(client, source, section, name, item) for name, item in found]


def _source_file(client: Any, source: S3Source, section: str, name: str, item: S3Object) -> SourceFile:
    where = f"s3://{item.bucket}/{item.key}"

    def fetch(folder: Path) -> Path:
        with s3_errors(f"{section} ({where})", section):
            return fetch_object(client, item, folder, f"{section} ({where})")

    return SourceFile(name, where, item.version, item.size_bytes, source.format, fetch)


def _one(client: Any, bucket: str, key: str, source: S3Source, where: str) -> S3Object:
    from botocore.exceptions import ClientError

    pin = {"VersionId": source.version_id} if source.version_id else {}
    try:
        head = client.head_object(Bucket=bucket, Key=key, **pin)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            client.head_bucket(Bucket=bucket)  # a HEAD has no body, and so does not tell which of the two is missing
        if pin and code in NO_SUCH_VERSION:
            raise UserInputError(
                f"{where} has no version {source.version_id!r} (any more): pin another in version_id, or none"
            ) from None
        raise
    wanted = source.etag.strip('"') if source.etag else None
    if wanted is not None and wanted != head["ETag"].strip('"'):
        raise UserInputError(
            f"{where} is not there any more as etag {wanted!r} pins it: the object now has {head['ETag']}. "
            "Restore it, or pin the new ETag"
        )
    is_pinned = source.etag is not None or source.version_id is not None
    version_id = source.version_id or _known(head.get("VersionId"))
    return S3Object(bucket, key, head["ContentLength"], head["ETag"], version_id, is_pinned)


def _below(client: Any, bucket: str, prefix: str, where: str) -> list[S3Object]:
    from botocore.exceptions import ClientError

    try:
        items = _listed(client, "list_object_versions", "Versions", bucket, prefix)
    except ClientError as error:
        # Reading needs no right to see old versions, and some servers keep none: the ETag pins the bytes as well.
        if error.response["Error"]["Code"] not in LISTS_NO_VERSIONS:
            raise
        items = _listed(client, "list_objects_v2", "Contents", bucket, prefix)
    found = [item for item in items if not _is_hidden(item.key.removeprefix(prefix))]
    if not found:
        hidden = f"; {len(items):,} folders and hidden objects do not count" if items else ""
        raise UserInputError(f"{where} holds no files: no object's key begins with {prefix!r}{hidden}")
    return sorted(found, key=lambda item: item.key)


def _listed(client: Any, call: str, field: str, bucket: str, prefix: str) -> list[S3Object]:
    pages = client.get_paginator(call).paginate(Bucket=bucket, Prefix=prefix)
    return [
        S3Object(bucket, item["Key"], item["Size"], item["ETag"], _known(item.get("VersionId")), is_pinned=False)
        for page in pages
        for item in page.get(field, ())
        if item.get("IsLatest", True)
    ]


def _known(version_id: str | None) -> str | None:
    """A version's id; the id `null` is what an object has that can still be replaced under it."""
    return None if version_id in {None, "null"} else version_id


def _is_hidden(name: str) -> bool:
    """Whether a key below the prefix is a folder or hidden; `_day=1` is a partition (the convention of Hive)."""
    parts = name.split("/")
    return not parts[-1] or any(part.startswith(".") or (part[:1] == "_" and "=" not in part) for part in parts)


def _client(source: S3Source, section: str) -> Any:
    access_key = _secret(source.access_key_secret, f"{section}.access_key_secret")
    secret_key = _secret(source.secret_key_secret, f"{section}.secret_key_secret")
    try:
        return s3_client(settings().s3_endpoint, access_key, secret_key)
    except ValueError as error:
        raise UserInputError(f"REFIT_S3_ENDPOINT is {settings().s3_endpoint!r}: {error}") from None


def _secret(name: str | None, field: str) -> str | None:
    return None if name is None else named_secret(name, field)


@contextmanager
def s3_errors(where: str, section: str) -> Iterator[None]:
    """Turn boto3's errors into UserInputError (what the user can mend) and StorageError (worth another try)."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
        ProfileNotFound,
    )

    try:
        yield
    except ClientError as error:
        raise _explained(error, where) from None
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise UserInputError(
            f"{where} needs credentials ({error}): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name secrets in "
            f"{section}.access_key_secret and {section}.secret_key_secret"
        ) from None
    except ParamValidationError as error:
        raise UserInputError(f"{where} is not an object's address: {' '.join(str(error).split())}") from None
    except BotoCoreError as error:
        raise StorageError(f"{where} cannot be fetched: {error}. Check the network and REFIT_S3_ENDPOINT") from None


def _explained(error: Any, where: str) -> RefitError:
    problem = error.response["Error"]
    code, words = str(problem.get("Code", "")), problem.get("Message", "")
    if code == "NoSuchBucket" or (code == "404" and error.operation_name == "HeadBucket"):
        return UserInputError(f"{where} does not exist: there is no such bucket")
    if code in ABSENT:
        return UserInputError(f"{where} does not exist: the bucket holds no object of that key")
    if code == "InvalidObjectState":
        return UserInputError(f"{where} is archived and cannot be read: restore it in S3 first")
    if code in REFUSED:
        return UserInputError(
            f"{where} may not be read with these credentials ({code}: {words}); S3 says the same of an object that is "
            "not there to who may not list the bucket"
        )
    return StorageError(f"{where} cannot be fetched: the server answered {code} {words}")
