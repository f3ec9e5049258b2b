"""A file's bytes as they were before they were compressed, streamed, and stopped before they fill disk or memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from tasks.acquire.table import Origin
from tasks.errors import UserInputError

BLOCK_BYTES = 4 << 20
MOST_RATIO = 1000
RATIO_COUNTS_FROM_BYTES = 100 << 20
"""A text never shrinks a thousandfold; below this size even one that did would do no harm."""
MOST_WINDOW_BYTES = 128 << 20
"""Memory that a file may ask its decompressor for; usual ones ask for 64 MiB at most."""
PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")
MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
REFUSED = {
    b"PK\x03\x04": "is a zip archive or an Excel workbook: unpack it, or save the sheet as CSV",
    b"PK\x05\x06": "is an empty zip archive",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook: save the sheet as CSV",
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive: unpack it, or compress the one file with gzip or zstd",
    b"Rar!": "is a rar archive: unpack it, or compress the one file with gzip or zstd",
    b"\x04\x22\x4d\x18": "is compressed with lz4: compress it with gzip, bzip2, xz or zstd",
    b"\x1f\x9d": "is compressed with compress: compress it with gzip, bzip2, xz or zstd",
}
TAR_MAGIC, TAR_PLACE = b"ustar", 257
HEAD_BYTES = 1024


class Readable(Protocol):
    """What gives at most `size` bytes a call, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


class Expanded:
    """The expanded bytes of one file."""

    def __init__(self, file: BinaryIO, most_bytes: int, origin: Origin) -> None:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        self.packed = _packing(head, origin)
        self._file, self._most_bytes, self._origin = file, most_bytes, origin
        self._source = _reader(self.packed, file)
        self._expanded_bytes = 0
        self._ahead = b""
        self._ahead = self.read(HEAD_BYTES)
        if self.packed and _packing(self._ahead, origin):
            raise UserInputError(f"{origin} is compressed twice: unpack one layer")

    @property
    def head(self) -> bytes:
        """The first bytes, which `read` still gives: at most HEAD_BYTES."""
        return self._ahead

    def read(self, size: int, /) -> bytes:
        """Exactly `size` bytes, or fewer at the end.

        Raises UserInputError for a damaged or broken-off file, and for one that grows beyond its limits.
        """
        parts, missing = [self._ahead[:size]], size - len(self._ahead[:size])
        self._ahead = self._ahead[size:]
        while missing:
            part = self._more(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _more(self, size: int) -> bytes:
        try:
            part = self._source.read(size)
        except EOFError:
            raise UserInputError(f"{self._origin} breaks off in the middle ({self.packed}): get it again") from None
        except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            raise UserInputError(f"{self._origin} is damaged ({self.packed}: {error}): get it again") from None
        self._expanded_bytes += len(part)
        if self.packed:
            refuse_growth(self._expanded_bytes, self._file.tell(), self._most_bytes, self._origin)
        return part


def refuse_growth(expanded_bytes: int, packed_bytes: int, most_bytes: int, origin: Origin) -> None:
    """Raise UserInputError where a file has grown beyond `most_bytes`, or as no text does."""
    if expanded_bytes > most_bytes:
        raise UserInputError(
            f"{origin} grows beyond {most_bytes / 1e9:g} GB when it is expanded: "
            "raise data.max_expanded_gigabytes if it is meant to be that large"
        )
    if expanded_bytes > max(RATIO_COUNTS_FROM_BYTES, MOST_RATIO * packed_bytes):
        raise UserInputError(
            f"{origin} grows more than {MOST_RATIO:,} times when it is expanded, as a zip bomb does and no text: "
            "check where it comes from, or unpack it yourself"
        )


@contextmanager
def expanded(path: Path, most_bytes: int, origin: Origin) -> Iterator[Expanded]:
    """Open a file for reading, expanded where its first bytes say that it is compressed, whatever its name.

    Raises UserInputError for archives, and for what is called compressed but is neither that nor text.
    """
    with path.open("rb") as file:
        source = Expanded(file, most_bytes, origin)
        ending = PurePosixPath(origin.name).suffix.lower()
        if not source.packed and ending in PACKED_ENDINGS and not _is_plain(source.head):
            raise UserInputError(f"{origin} does not begin as a file {ending} does: it is damaged; get it again")
        yield source


def _packing(head: bytes, origin: Origin) -> str | None:
    for magic, words in REFUSED.items():
        if head.startswith(magic):
            raise UserInputError(f"{origin} {words}")
    if head[TAR_PLACE : TAR_PLACE + len(TAR_MAGIC)] == TAR_MAGIC:
        raise UserInputError(f"{origin} is a tar archive: unpack it, and name its files, for example as folder/*.csv")
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)


def _is_plain(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return head.startswith(b"PAR1") or error.start > len(head) - 4
    return b"\0" not in head


def _reader(packed: str | None, file: BinaryIO) -> Readable:
    if packed is None:
        return file
    if packed == "gzip":
        return gzip.GzipFile(fileobj=file, mode="rb")
    if packed == "zstd":
        import zstandard

        return _Frames(file, zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW_BYTES).decompressobj, ZSTD_BYTES)
    if packed == "bzip2":
        return _Streams(file, bz2.BZ2Decompressor)
    return _Streams(file, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_WINDOW_BYTES))


ZSTD_BYTES = 2048
"""What is given to zstd at once: four bytes of it can stand for 128 KiB, so that this can become 64 MiB."""


class _Streams:
    """Concatenated bzip2 or xz streams, never more than asked for at once. (`LZMAFile` knows no limit of memory.)"""

    def __init__(self, file: BinaryIO, begin: Callable[[], Any]) -> None:
        self._file, self._begin = file, begin
        self._one, self._fed = begin(), b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises EOFError where a stream breaks off."""
        while True:
            if self._one.eof:
                self._fed = self._one.unused_data.lstrip(b"\0") or self._file.read(1 << 16).lstrip(b"\0")
                if not self._fed:
                    return b""
                self._one = self._begin()
            elif self._one.needs_input and not self._fed:
                self._fed = self._file.read(1 << 16)
                if not self._fed:
                    raise EOFError
            part: bytes = self._one.decompress(self._fed, size)
            self._fed = b""
            if part:
                return part


class _Frames:
    """Concatenated zstd frames. (`stream_reader` takes a frame that breaks off for its end.)"""

    def __init__(self, file: BinaryIO, begin: Callable[[], Any], step_bytes: int) -> None:
        self._file, self._begin, self._step_bytes = file, begin, step_bytes
        self._one, self._made = begin(), memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises EOFError where a frame breaks off, OSError for damage."""
        import zstandard

        try:
            while not self._made and self._step():
                pass
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from None
        part, self._made = bytes(self._made[:size]), self._made[size:]
        return part

    def _step(self) -> bool:
        fed = self._one.unused_data if self._one.eof else b""
        fed = fed or self._file.read(self._step_bytes)
        if not fed:
            if not self._one.eof:
                raise EOFError
            return False
        if self._one.eof:
            self._one = self._begin()
        self._made = memoryview(self._one.decompress(fed))
        return True
