"""CSV as strings, never guessed into numbers or nulls; a line that does not fit is set aside and reading goes on.

Blocks in order go the quick way (`csv_quick`); this is the careful way for the others, record by record. Both give the
same rows, and hold a block and one record in memory, whatever the file's size.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.acquire.formats.csv_quick import Piece, quick_piece, ragged
from tasks.acquire.table import Batch, Malformed, Origin, Wanted, batch_of
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text

MOST_RECORD_BYTES = 16 << 20
"""A record that goes on for longer was opened by a stray quote."""


@dataclass(frozen=True)
class _Record:
    first: int
    """Place of its first line, from 0."""
    stop: int
    """Place of the line after it."""
    fields: list[str] | None
    """None where the quoting cannot be made sense of."""


@dataclass(frozen=True)
class _Header:
    width: int
    """Number of fields."""
    places: dict[str, int]
    """Canonical column to its place among them."""


def read_csv(blocks: Iterator[bytes], wanted: Wanted, origin: Origin) -> Iterator[Batch]:
    """Read RFC 4180 text with a header: quoted commas, quotes and line breaks, cells of any length up to 16 MiB.

    Lines with another number of fields than the header (`ragged_row`) or broken quoting (`bad_quoting`) are malformed.
    Raises UserInputError for a header that is not there, cannot be read, or lacks a required column.
    """
    header: _Header | None = None
    rest, line = b"", 1
    for block, last in _with_last(blocks):
        rest += block
        while rest:
            if header is None:
                found = _header(rest, last, wanted, origin)
                if found is None:
                    break
                header, used_bytes, used_lines = found
            else:
                piece = _piece(rest, last, line, header, origin)
                if piece is None:
                    break
                yield piece.batch
                used_bytes, used_lines = piece.used_bytes, piece.used_lines
            rest, line = rest[used_bytes:], line + used_lines
    if header is None:
        raise UserInputError(f"{origin} is empty: it needs a header line and rows")


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last one."""
    block = next(blocks, b"")
    for following in blocks:
        yield block, False
        block = following
    yield block, True


def _header(view: bytes, last: bool, wanted: Wanted, origin: Origin) -> tuple[_Header, int, int] | None:
    """The header with the bytes and lines up to its end; None where more must be read."""
    lines = _lines(view, last)
    records, _ = _records(lines, last, most=1)
    if not records:
        if len(view) > MOST_RECORD_BYTES:
            raise _too_long(1, origin)
        return None
    head = records[0]
    if head.fields is None:
        shown = shown_text(lines[head.first])
        raise UserInputError(f"the header of {origin}, line {head.first + 1}, has broken quoting: {shown!r}")
    names = [name.strip() for name in head.fields]
    places = {canonical: names.index(column) for canonical, column in wanted.found_in(names, origin).items()}
    return _Header(len(names), places), _bytes_of(lines, head.stop), head.stop


def _piece(view: bytes, last: bool, line: int, header: _Header, origin: Origin) -> Piece | None:
    """What the records at the beginning of the view hold; None where more must be read to know."""
    whole = view[:-1] if view.endswith(b"\r") and not last else view  # see `_lines`
    piece = quick_piece(whole, last, line, header.width, header.places)
    if piece is None:
        piece = _careful_piece(whole, last, line, header)
    if piece.used_bytes:
        return piece
    return _given_up(whole, line, header, origin) if len(view) > MOST_RECORD_BYTES else None


def _careful_piece(view: bytes, last: bool, line: int, header: _Header) -> Piece:
    lines = _lines(view, last)
    records, used = _records(lines, last)
    rows: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name in header.places}
    malformed: list[Malformed] = []
    for record in records:
        number = line + record.first
        if record.fields is None:
            malformed.append(_bad_quoting(number, lines[record.first]))
        elif len(record.fields) != header.width:
            raw = "".join(lines[record.first : record.stop]).rstrip("\r\n")
            malformed.append(ragged(number, len(record.fields), header.width, raw))
        else:
            rows.append(number)
            for name, place in header.places.items():
                columns[name].append(record.fields[place])
    return Piece(batch_of(rows, columns, malformed), _bytes_of(lines, used), used)


def _given_up(view: bytes, line: int, header: _Header, origin: Origin) -> Piece:
    """The first line alone, as malformed, where no record ends within MOST_RECORD_BYTES."""
    lines = _lines(view, False)
    if not lines:
        raise _too_long(line, origin)
    batch = batch_of([], {name: [] for name in header.places}, [_bad_quoting(line, lines[0])])
    return Piece(batch, _bytes_of(lines, 1), 1)


def _records(lines: list[str], last: bool, most: int | None = None) -> tuple[list[_Record], int]:
    """The records in order, at most `most`, blank lines left out; and how many lines they and the blank ones take.

    A stray quote makes the parser swallow lines up to the next quote. So where the quoting breaks, only the record's
    first line is given up, and parsing begins again on the line after it. Unless this is the `last` of the file, a
    record that is still open where the lines end is left for later.
    """
    records: list[_Record] = []
    start = 0
    limit = csv.field_size_limit(MOST_RECORD_BYTES * 2)
    try:
        while start < len(lines):
            reader = csv.reader((lines[place] for place in range(start, len(lines))), strict=True)
            done = 0
            try:
                for fields in reader:
                    if fields:
                        records.append(_Record(start + done, start + reader.line_num, fields))
                    done = reader.line_num
                    if len(records) == most:
                        return records, start + done
            except csv.Error:
                if not last and start + reader.line_num >= len(lines):
                    return records, start + done
                start += done + 1
                records.append(_Record(start - 1, start, None))
                if len(records) == most:
                    return records, start
            else:
                return records, len(lines)
        return records, len(lines)
    finally:
        csv.field_size_limit(limit)


def _lines(view: bytes, last: bool) -> list[str]:
    """The lines with their ends; unless this is the last of the file, one whose end is not sure is left out.

    Whether a CR at the very end is a line break of its own is known only with the character after it.
    """
    lines = io.StringIO(view.decode(), newline="").readlines()
    return lines if last or not lines or lines[-1].endswith("\n") else lines[:-1]


def _bytes_of(lines: list[str], count: int) -> int:
    return len("".join(lines[:count]).encode())


def _bad_quoting(line: int, raw: str) -> Malformed:
    return Malformed(line, "bad_quoting", "a quote is not closed or not doubled", raw.rstrip("\r\n"))


def _too_long(line: int, origin: Origin) -> UserInputError:
    return UserInputError(
        f"line {line:,} of {origin} is longer than {MOST_RECORD_BYTES >> 20} MiB: is it a CSV file? "
        "Cut its texts, or name the format in the source's `format`"
    )
