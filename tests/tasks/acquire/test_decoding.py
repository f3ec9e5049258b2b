"""Bytes that are not in the encoding that the config says: where, and what to do."""

from __future__ import annotations

import pytest

from tasks.acquire.decoding import decode
from tasks.acquire.table import Origin
from tasks.errors import UserInputError


def test_a_byte_order_mark_is_accepted(origin: Origin) -> None:
    assert decode("\ufefftext,label\n".encode(), "utf-8", origin) == "text,label\n"
    assert decode("text,label\n".encode("utf-16"), "utf-16", origin) == "text,label\n"


def test_bytes_that_are_not_utf_8_are_located(origin: Origin) -> None:
    data = b"text,label\ngood,a\ncaf\xe9,b\n"
    with pytest.raises(UserInputError) as caught:
        decode(data, "utf-8", origin)
    message = str(caught.value)
    for part in ("/data/train.csv", "UTF-8", "0xE9", "offset 21", "line 3", "data.encoding", "cp1252"):
        assert part in message


def test_the_right_encoding_reads_them(origin: Origin) -> None:
    assert decode(b"caf\xe9", "cp1252", origin) == "café"


def test_utf_16_and_packed_files_are_recognised(origin: Origin) -> None:
    with pytest.raises(UserInputError, match=r"set data\.encoding to utf-16"):
        decode("text".encode("utf-16"), "utf-8", origin)
    with pytest.raises(UserInputError, match="compressed: unpack it first"):
        decode(b"\x1f\x8b\x08\x00\xff", "utf-8", origin)


@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_encoding_that_is_none_is_refused(origin: Origin, encoding: str) -> None:
    with pytest.raises(UserInputError, match=f"data.encoding is '{encoding}'.*no text encoding"):
        decode(b"abc", encoding, origin)
