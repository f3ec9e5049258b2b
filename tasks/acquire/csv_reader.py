"""CSV as strings, never guessed into numbers or nulls; a line that does not fit is set aside and reading goes on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.acquire.table import Malformed, Origin, Table, Wanted, row_values
from tasks.errors import UserInputError


@dataclass(frozen=True)
class _Record:
    first: int
    """Line on which it begins, from 1."""
    raw: str
    fields: list[str] | None
    """None where the quoting cannot be made sense of."""


def read_csv(text: str, wanted: Wanted, origin: Origin) -> Table:
    """Read RFC 4180 text with a header: quoted commas, quotes and line breaks, cells of any length.

    Lines with another number of fields than the header (`ragged_row`) or broken quoting (`bad_quoting`) are malformed.
    Raises UserInputError for a header that is not there, cannot be read, or lacks a required column.
    """
    limit = csv.field_size_limit(len(text) + 1)
    try:
        records = _records(list(io.StringIO(text, newline="")))
        head = next(records, None)
        if head is None:
            raise UserInputError(f"{origin} is empty: it needs a header line and rows")
        if head.fields is None:
            raise UserInputError(f"the header of {origin}, line {head.first}, has broken quoting: {_shown(head.raw)}")
        header = [name.strip() for name in head.fields]
        return _table(records, header, wanted.found_in(header, origin))
    finally:
        csv.field_size_limit(limit)


def _table(records: Iterator[_Record], header: list[str], found: dict[str, str]) -> Table:
    places = {canonical: header.index(column) for canonical, column in found.items()}
    table = Table()
    for record in records:
        fields = record.fields
        if fields is None:
            detail = "a quote is not closed or not doubled"
            table.malformed.append(Malformed(record.first, "bad_quoting", detail, record.raw))
        elif len(fields) != len(header):
            detail = f"{len(fields)} fields, the header has {len(header)}"
            table.malformed.append(Malformed(record.first, "ragged_row", detail, record.raw))
        else:
            table.rows.append(record.first)
            table.values.append(row_values({name: fields[place] for name, place in places.items()}))
    return table


def _records(lines: list[str]) -> Iterator[_Record]:
    """The records in order, blank lines left out.

    A stray quote makes the parser swallow lines up to the next quote. So where the quoting breaks, only the record's
    first line is given up, and parsing begins again on the line after it.
    """
    start = 0
    while start < len(lines):
        reader = csv.reader((lines[place] for place in range(start, len(lines))), strict=True)
        done = 0
        try:
            for fields in reader:
                if fields:
                    yield _Record(start + done + 1, _joined(lines[start + done : start + reader.line_num]), fields)
                done = reader.line_num
        except csv.Error:
            start += done
            yield _Record(start + 1, _joined(lines[start : start + 1]), None)
            start += 1
        else:
            return


def _joined(lines: list[str]) -> str:
    return "".join(lines).rstrip("\r\n")


def _shown(raw: str) -> str:
    return repr(raw if len(raw) <= 80 else raw[:77] + "…")
