"""An object in S3, streamed to a local file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from infra.settings import settings
from infra.storage import s3_client
from tasks.acquire.config import S3Source
from tasks.acquire.credentials import named_secret
from tasks.errors import RefitError, StorageError, UserInputError

CHUNK_BYTES = 1 << 20
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "401", "403"}


def download(source: S3Source, section: str, folder: Path) -> Path:
    """Stream the object into `folder` and return the file's path.

    Raises MissingSecret; UserInputError for an object or bucket that is not there or may not be read; StorageError,
    which is worth another try, where the server cannot be reached or breaks off.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        ParamValidationError,
        PartialCredentialsError,
        ProfileNotFound,
    )

    where = f"{section} ({source.uri})"
    target = folder / f"{section}.download"
    try:
        _stream(_client(source, section), source.uri, target)
    except ClientError as error:
        raise _explained(error.response["Error"], where) from None
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise UserInputError(
            f"{where} needs credentials ({error}): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name secrets in "
            f"{section}.access_key_secret and {section}.secret_key_secret"
        ) from None
    except ParamValidationError as error:
        raise UserInputError(f"{where} is not an object's address: {' '.join(str(error).split())}") from None
    except BotoCoreError as error:
        raise StorageError(f"{where} cannot be fetched: {error}. Check the network and REFIT_S3_ENDPOINT") from None
    return target


def _stream(client: Any, uri: str, target: Path) -> None:
    parts = urlparse(uri, allow_fragments=False)
    key = uri.removeprefix(f"s3://{parts.netloc}/")
    body = client.get_object(Bucket=parts.netloc, Key=key)["Body"]
    with target.open("wb") as file:
        for chunk in body.iter_chunks(CHUNK_BYTES):
            file.write(chunk)


def _client(source: S3Source, section: str) -> Any:
    access_key = _secret(source.access_key_secret, f"{section}.access_key_secret")
    secret_key = _secret(source.secret_key_secret, f"{section}.secret_key_secret")
    try:
        return s3_client(settings().s3_endpoint, access_key, secret_key)
    except ValueError as error:
        raise UserInputError(f"REFIT_S3_ENDPOINT is {settings().s3_endpoint!r}: {error}") from None


def _secret(name: str | None, field: str) -> str | None:
    return None if name is None else named_secret(name, field)


def _explained(problem: dict[str, str], where: str) -> RefitError:
    code, words = problem.get("Code", ""), problem.get("Message", "")
    if code in {"NoSuchKey", "404"}:
        return UserInputError(f"{where} does not exist: the bucket holds no object of that key")
    if code == "NoSuchBucket":
        return UserInputError(f"{where} does not exist: there is no such bucket")
    if code in REFUSED:
        return UserInputError(f"{where} may not be read with these credentials ({code}: {words})")
    return StorageError(f"{where} cannot be fetched: the server answered {code} {words}")
