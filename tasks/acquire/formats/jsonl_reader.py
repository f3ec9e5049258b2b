"""JSON lines: one object a line; a line that is something else is set aside and reading goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tasks.acquire.table import Batch, Malformed, Origin, Wanted, as_text, batch_of
from tasks.errors import UserInputError

MOST_LINE_BYTES = 64 << 20
WHITE = " \t\r\n"
MOST_FOUND = 1000
"""Names of fields that are remembered for the message about one that is missing."""


@dataclass(frozen=True)
class _Problem:
    reason: str
    detail: str


TOO_DEEP = _Problem("bad_json", "a number too long or infinite, or brackets too deep")


def read_jsonl(blocks: Iterator[bytes], wanted: Wanted, origin: Origin) -> Iterator[Batch]:
    """Read one JSON object a line; blank lines do not count. A field that a line lacks is null there.

    Malformed are lines that are not JSON (`bad_json`), not an object (`not_an_object`), hold a list or an object where
    a value is wanted (`not_a_plain_value`), or half a surrogate pair (`not_unicode`).
    Raises UserInputError for an empty file, for one JSON list, and where no line has a required field.
    """
    reading = _Reading(wanted)
    rest, begun = b"", False
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        begun = begun or _refuse_list(b"\n".join([*lines, rest]), origin)
        if len(rest) > MOST_LINE_BYTES:
            raise UserInputError(
                f"line {reading.line + len(lines):,} of {origin} is longer than {MOST_LINE_BYTES >> 20} MiB: JSONL has "
                "one object a line"
            )
        yield reading.batch(lines)
    yield reading.batch([rest])
    if not reading.rows and not reading.malformed:
        raise UserInputError(f"{origin} is empty: it needs one JSON object a line")
    if reading.rows:
        wanted.found_in(reading.found, origin)


def _refuse_list(text: bytes, origin: Origin) -> bool:
    """Whether anything but white space has come; raises UserInputError where it begins with a bracket."""
    text = text.lstrip()
    if text.startswith(b"["):
        raise UserInputError(f"{origin} holds one JSON list; JSONL has one object a line, without brackets around them")
    return bool(text)


@dataclass
class _Reading:
    wanted: Wanted
    line: int = 1
    """Number of the next line."""
    rows: int = 0
    malformed: int = 0
    found: dict[str, None] = field(default_factory=dict)
    """Names of the fields, in the order in which they came up."""

    def batch(self, lines: list[bytes]) -> Batch:
        rows: list[int] = []
        cells: list[tuple[str | None, ...]] = []
        malformed: list[Malformed] = []
        for number, data in enumerate(lines, start=self.line):
            line = data.decode().strip(WHITE)
            if not line:
                continue
            read = self._cells(line)
            if isinstance(read, _Problem):
                malformed.append(Malformed(number, read.reason, read.detail, line))
            else:
                rows.append(number)
                cells.append(read)
        self.line += len(lines)
        self.rows += len(rows)
        self.malformed += len(malformed)
        columns = zip(*cells, strict=True) if cells else ((),) * len(self.wanted.columns)
        return batch_of(rows, dict(zip(self.wanted.columns, map(list, columns), strict=True)), malformed)

    @cached_property
    def _columns(self) -> list[tuple[str, bool]]:
        """Each wanted column's name in the file, and whether it may hold a conversation."""
        return [(column, name in self.wanted.conversations) for name, column in self.wanted.columns.items()]

    def _cells(self, line: str) -> tuple[str | None, ...] | _Problem:
        """The wanted cells of a line, or the reason why there are none with its explanation."""
        content = _read(line)
        if isinstance(content, _Problem):
            return content
        if not self.found.keys() >= content.keys():
            names = content if len(self.found) < MOST_FOUND else content.keys() & self.wanted.columns.values()
            self.found.update(dict.fromkeys(names))
        try:
            cells = tuple([_cell(content.get(column), conversation) for column, conversation in self._columns])
            if "\\u" in line:  # the line is UTF-8, so only an escape can bring half a pair
                "".join(cell for cell in cells if cell).encode()
        except TypeError as error:
            return _Problem("not_a_plain_value", str(error))
        except UnicodeEncodeError:
            return _Problem("not_unicode", "half of a surrogate pair")
        except RecursionError:
            return TOO_DEEP
        return cells


def _cell(value: Any, conversation: bool) -> str | None:
    if type(value) is str:
        return value
    if conversation and isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return as_text(value)


def _constant(name: str) -> None:
    if name != "NaN":
        raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_constant)


def _read(line: str) -> dict[str, Any] | _Problem:
    """The line's object, or the reason why there is none with its explanation."""
    try:
        content, end = _JSON.raw_decode(line)
    except json.JSONDecodeError as error:
        return _Problem("bad_json", f"{error.msg} at character {error.pos + 1}")
    except (ValueError, RecursionError):
        return TOO_DEEP
    if end < len(line):
        return _Problem("bad_json", f"Extra data at character {end + 1}")
    if not isinstance(content, dict):
        return _Problem("not_an_object", "JSON, but not an object")
    return content
