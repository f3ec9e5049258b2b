"""Bytes that are not in the encoding that the config says: where, and what to do."""

from __future__ import annotations

import io

import pytest

from tasks.acquire.formats import decoding
from tasks.acquire.formats.decoding import utf8_blocks
from tasks.acquire.table import Origin
from tasks.errors import UserInputError


def decode(data: bytes, encoding: str, origin: Origin) -> str:
    return b"".join(utf8_blocks(io.BytesIO(data), encoding, origin)).decode()


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


def test_utf_16_is_recognised_with_and_without_its_mark(origin: Origin) -> None:
    with pytest.raises(UserInputError, match=r"set data\.encoding to utf-16"):
        decode("text".encode("utf-16"), "utf-8", origin)
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(UserInputError, match=rf"NUL bytes.*set data\.encoding to {encoding}"):
            decode("text,label\n".encode(encoding), "utf-8", origin)


def test_a_character_cut_by_the_end_of_a_block_is_whole(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 3)
    text = "\ufeffé€𝄞 naïve\n" * 5
    for encoding in ("utf-8", "utf-16", "utf-16-le"):
        assert decode(text.encode(encoding), encoding, origin) == text.removeprefix("\ufeff")
    with pytest.raises(UserInputError, match=r"byte 0xE9 at offset 21 \(line 3\)"):
        decode(b"text,label\ngood,a\ncaf\xe9,b\n", "utf-8", origin)


@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_encoding_that_is_none_is_refused(origin: Origin, encoding: str) -> None:
    with pytest.raises(UserInputError, match=f"data.encoding is '{encoding}'.*no text encoding"):
        decode(b"abc", encoding, origin)
