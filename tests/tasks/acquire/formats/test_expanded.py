"""Compressed files: known by their first bytes, whole or refused, and never larger than allowed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tasks.acquire.formats import expanded as room
from tasks.acquire.formats.expanded import expanded
from tasks.acquire.table import Origin
from tasks.errors import UserInputError

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}
TEXT = b"text,label\n" + b"".join(b"row %d,a\n" % number for number in range(5000))


def unpacked(folder: Path, data: bytes, name: str = "train.csv", most_bytes: int = 1 << 30, step: int = 1000) -> bytes:
    path = folder / name
    path.write_bytes(data)
    with expanded(path, most_bytes, Origin("data.train", name)) as source:
        parts = []
        while part := source.read(step):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize("kind", PACKERS)
def test_the_first_bytes_tell_the_compression_whatever_the_name(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    assert unpacked(tmp_path, packed) == TEXT
    assert unpacked(tmp_path, packed, "train.csv.gz") == TEXT
    assert unpacked(tmp_path, TEXT, f"train.csv.{kind}") == TEXT


@pytest.mark.parametrize("kind", PACKERS)
def test_files_that_were_joined_are_read_to_the_end(tmp_path: Path, kind: str) -> None:
    assert unpacked(tmp_path, PACKERS[kind](TEXT) + PACKERS[kind](b"more")) == TEXT + b"more"


@pytest.mark.parametrize("kind", PACKERS)
def test_a_file_that_breaks_off_is_named_as_such(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](TEXT)
    for keep in (8, len(packed) // 2, len(packed) - 3):
        with pytest.raises(UserInputError, match=r"train\.csv\) (breaks off in the middle|is damaged).*get it again"):
            unpacked(tmp_path, packed[:keep])


@pytest.mark.parametrize("kind", PACKERS)
def test_a_damaged_file_is_named_as_such(tmp_path: Path, kind: str) -> None:
    packed = bytearray(PACKERS[kind](TEXT))
    packed[len(packed) // 2 :] = b"\xff" * 40
    with pytest.raises(UserInputError, match=r"train\.csv\) (is damaged|breaks off)"):
        unpacked(tmp_path, bytes(packed))


@pytest.mark.parametrize("kind", PACKERS)
def test_growth_stops_at_the_limit(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UserInputError, match=r"grows beyond 2e-05 GB .*raise data\.max_expanded_gigabytes"):
        unpacked(tmp_path, PACKERS[kind](TEXT), most_bytes=20_000)


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_stopped_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(room, "RATIO_COUNTS_FROM_BYTES", 1 << 20)
    with pytest.raises(UserInputError, match=r"grows more than 1,000 times .* as a zip bomb does"):
        unpacked(tmp_path, PACKERS[kind](bytes(16 << 20)), step=1 << 20)


def test_what_is_compressed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="compressed twice: unpack one layer"):
        unpacked(tmp_path, gzip.compress(gzip.compress(TEXT)))


def test_archives_are_refused_with_advice(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("train.csv", TEXT)
    tar = b"train.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(248)
    for data, words in {
        archive.getvalue(): "zip archive or an Excel workbook",
        tar: "is a tar archive: unpack it",
    }.items():
        with pytest.raises(UserInputError, match=words):
            unpacked(tmp_path, data)
        with pytest.raises(UserInputError, match=words):
            unpacked(tmp_path, gzip.compress(data))


def test_what_is_called_compressed_but_is_noise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"does not begin as a file \.zst does: it is damaged"):
        unpacked(tmp_path, b"\x29\xb5\x2f\xfd" + bytes(range(200, 256)) * 9, "train.csv.zst")
