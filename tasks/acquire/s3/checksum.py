"""MD5 sums as S3 makes its ETags of them: of the whole object, or of the sums of the parts it was uploaded in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

CHUNK_BYTES = 1 << 20
MD5_ETAG = re.compile(r'"?([0-9a-f]{32})(?:-([0-9]+))?"?')


def has_etag(path: Path, etag: str, part_bytes: Callable[[int], int]) -> bool:
    """Whether a file's bytes have this ETag; True for an ETag that is not made of MD5 sums.

    The ETag of an object uploaded in parts is the MD5 of the parts' binary MD5 sums, and their count. `part_bytes`
    gives the size of part 1, 2, …. Programs nearly always cut parts of one size, the last one shorter, so that the
    first tells all; the others are asked for only where that does not fit.
    """
    found = MD5_ETAG.fullmatch(etag)
    if found is None:
        return True
    if found[2] is None:
        return _digests(path, [path.stat().st_size]).hex() == found[1]
    parts, size, first = int(found[2]), path.stat().st_size, part_bytes(1)
    if -(-size // first) == parts:
        alike = [first] * (parts - 1) + [size - first * (parts - 1)]
        if _md5(_digests(path, alike)) == found[1]:
            return True
    sizes = [first, *(part_bytes(number) for number in range(2, parts + 1))]
    return sum(sizes) == size and _md5(_digests(path, sizes)) == found[1]


def _digests(path: Path, sizes: list[int]) -> bytes:
    """The binary MD5 sums of consecutive pieces of a file, one after the other."""
    digests = b""
    with path.open("rb") as file:
        for size in sizes:
            digest, left = hashlib.md5(usedforsecurity=False), size
            while left and (chunk := file.read(min(CHUNK_BYTES, left))):
                digest.update(chunk)
                left -= len(chunk)
            digests += digest.digest()
    return digests


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
