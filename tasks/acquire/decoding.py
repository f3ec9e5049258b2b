"""From a file's bytes to text, or to a message that says where the bytes are not what the config says."""

from __future__ import annotations

import codecs

from tasks.acquire.table import Origin
from tasks.errors import UserInputError


def decode(data: bytes, encoding: str, origin: Origin) -> str:
    """The text, without a byte order mark. Raises UserInputError naming the byte and the line that do not fit."""
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise UserInputError(
            f"data.encoding is {encoding!r}, which is no text encoding that Python knows; "
            "usual ones are utf-8, latin-1, cp1252 and utf-16"
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserInputError(
            f"{origin} is not {encoding.upper()}: byte 0x{data[error.start]:02X} at offset {error.start:,} "
            f"(line {line:,}) has no meaning there. {_advice(data)}"
        ) from None


def _advice(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "The file begins like UTF-16: set data.encoding to utf-16"
    if data.startswith(b"\x1f\x8b") or data.startswith(b"PK"):
        return "The file is compressed: unpack it first"
    return "Save the file as UTF-8, or set data.encoding to what it is (often cp1252 or latin-1)"
