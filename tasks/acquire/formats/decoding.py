"""From a file's bytes to UTF-8, or to a message that says where the bytes are not what the config says."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from tasks.acquire.formats.expanded import BLOCK_BYTES, Readable
from tasks.acquire.table import Origin
from tasks.errors import UserInputError

HEAD_BYTES = 1024


def utf8_blocks(source: Readable, encoding: str, origin: Origin) -> Iterator[bytes]:
    """The text as blocks of UTF-8 that end at whole characters, without a byte order mark.

    Raises UserInputError naming the byte and the line that do not fit the encoding.
    """
    decoder = _decoder(encoding)
    lines, offset, begun = 1, 0, False
    while True:
        data = source.read(BLOCK_BYTES)
        if offset == 0:
            _refuse_unmarked_utf16(data[:HEAD_BYTES], encoding, origin)
        try:
            text: str = decoder.decode(data, not data)
            block = (text if begun else text.removeprefix("\ufeff")).encode()
        except UnicodeDecodeError as error:
            kept_bytes = len(error.object) - len(data)
            place = offset - kept_bytes + error.start
            line = lines + error.object.count(b"\n", kept_bytes, error.start)
            raise UserInputError(
                f"{origin} is not {encoding.upper()}: byte 0x{error.object[error.start]:02X} at offset {place:,} "
                f"(line {line:,}) has no meaning there. {_advice(data if offset == 0 else b'')}"
            ) from None
        except UnicodeError as error:
            raise UserInputError(f"{origin} is not {encoding.upper()} near line {lines:,}: {error}") from None
        if block:
            yield block
        if not data:
            return
        begun = begun or bool(text)
        lines, offset = lines + data.count(b"\n"), offset + len(data)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        "a".encode(encoding)  # refuses what is a codec but none of text, such as hex
        return codecs.getincrementaldecoder(encoding)()
    except (LookupError, ValueError):
        raise UserInputError(
            f"data.encoding is {encoding!r}, which is no text encoding that Python knows; "
            "usual ones are utf-8, latin-1, cp1252 and utf-16"
        ) from None


def _refuse_unmarked_utf16(head: bytes, encoding: str, origin: Origin) -> None:
    """UTF-16 without a byte order mark is valid UTF-8 where all is ASCII: every second byte is then a NUL."""
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")) or head.count(0) * 5 < max(len(head), 5):
        return
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return  # the decoder's message names the byte
    likely = "utf-16-be" if head[:64:2].count(0) > head[1:64:2].count(0) else "utf-16-le"
    raise UserInputError(
        f"{origin} is full of NUL bytes, as UTF-16 without a byte order mark is or a file that was never written to "
        f"its end: set data.encoding to {likely}, or get the file again"
    )


def _advice(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "The file begins like UTF-16: set data.encoding to utf-16"
    return "Save the file as UTF-8, or set data.encoding to what it is (often cp1252 or latin-1)"
