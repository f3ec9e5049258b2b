"""Which store a URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from infra.storage import LocalStore, Store


def open_store(url: str, cache: Path, s3_endpoint: str | None = None) -> Store:
    """Open the store at `file:///folder` or `s3://bucket/prefix`. Raises ValueError for any other URL."""
    parts = urlparse(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        from infra.storage_s3 import S3Store

        return S3Store(parts.netloc, parts.path, cache, s3_endpoint)
    raise ValueError(f"the store's URL is {url!r}; allowed are file:///folder and s3://bucket/prefix (set REFIT_STORE)")
