"""The quick way through CSV: a block whose quoting is in order is cut up with numpy and parsed by pyarrow.

Whether it is in order is seen without a parser: between the first quote and the second lies a quoted field, and so on,
so an odd quote must open a field and an even one must close it (or be doubled). Line breaks and commas between the
second and the third quote are therefore real. Where that does not hold the block goes to `csv_reader`'s careful way.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from tasks.acquire.table import TEXT, Batch, Malformed

QUOTE, COMMA, NEWLINE, RETURN = 34, 44, 10, 13
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """What was made of the first bytes of a block."""

    batch: Batch
    used_bytes: int
    used_lines: int


@dataclass(frozen=True)
class _Records:
    starts: Places
    stops: Places
    """Exclusive, behind the line break."""
    blank: npt.NDArray[np.bool_]
    fields: Places
    """Fields of each."""
    lines: Places
    """Lines before each begins."""
    line_breaks: int
    """Up to the last stop."""


def ragged(line: int, fields: int, header: int, raw: str) -> Malformed:
    """The line with another number of fields than the header."""
    return Malformed(line, "ragged_row", f"{fields} fields, the header has {header}", raw)


def quick_piece(view: bytes, last: bool, line: int, width: int, places: dict[str, int]) -> Piece | None:
    """The whole records at the beginning of `view`, or None where its quoting is not in order.

    `last` says that nothing follows; `line` is the number of the first line; `width` the fields of the header, and
    `places` where the wanted columns are among them.
    """
    records = _records_of(view, last)
    if records is None:
        return None
    if not len(records.stops):
        return Piece(_batch(view, records, line, width, places, 0), 0, 0)
    fits = ~records.blank & (records.fields == width)
    batch = _batch(view, records, line, width, places, int(fits.sum()))
    if len(batch.rows) != fits.sum():
        return None  # pyarrow sees other records than we do: then neither is to be trusted
    return Piece(batch, int(records.stops[-1]), records.line_breaks)


def _records_of(view: bytes, last: bool) -> _Records | None:
    data = np.frombuffer(view, dtype=np.uint8)
    breaks = _line_breaks(data)
    quotes = np.flatnonzero(data == QUOTE)
    stops = breaks[np.searchsorted(quotes, breaks) % 2 == 0] + 1
    if last and len(view) and (not len(stops) or stops[-1] < len(view)):
        if len(quotes) % 2:
            return None
        stops = np.append(stops, len(view))
    end = int(stops[-1]) if len(stops) else 0
    if not _in_order(data, quotes[quotes < end]):
        return None
    commas = np.flatnonzero(data[:end] == COMMA)
    commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
    starts = np.concatenate(([0], stops[:-1])) if len(stops) else stops
    return _Records(
        starts=starts,
        stops=stops,
        blank=_blank(data, starts, stops),
        fields=np.searchsorted(commas, stops) - np.searchsorted(commas, starts) + 1,
        lines=np.searchsorted(breaks, starts),
        line_breaks=int(np.searchsorted(breaks, end)),
    )


def _line_breaks(data: npt.NDArray[np.uint8]) -> Places:
    """The last byte of each line break: LF, CR LF, or CR alone."""
    breaks = data == NEWLINE
    returns = np.flatnonzero(data == RETURN)
    if len(returns):
        following = np.append(data, 0)[returns + 1]
        breaks[returns[following != NEWLINE]] = True
    return np.flatnonzero(breaks)


def _in_order(data: npt.NDArray[np.uint8], quotes: Places) -> bool:
    before = data[np.maximum(quotes[0::2] - 1, 0)]
    opens = np.isin(before, (COMMA, NEWLINE, RETURN, QUOTE)) | (quotes[0::2] == 0)
    closing = quotes[1::2]
    after = data[np.minimum(closing + 1, len(data) - 1)]
    closes = np.isin(after, (COMMA, NEWLINE, RETURN, QUOTE)) | (closing == len(data) - 1)
    return bool(opens.all() and closes.all())


def _blank(data: npt.NDArray[np.uint8], starts: Places, stops: Places) -> npt.NDArray[np.bool_]:
    first, lengths = data[starts], stops - starts
    blank: npt.NDArray[np.bool_] = (lengths == 1) & np.isin(first, (NEWLINE, RETURN))
    blank |= (lengths == 2) & (first == RETURN)
    return blank


def _batch(view: bytes, records: _Records, line: int, width: int, places: dict[str, int], fitting: int) -> Batch:
    wrong = np.flatnonzero(~records.blank & (records.fields != width))
    malformed = [
        ragged(
            line + int(records.lines[at]),
            int(records.fields[at]),
            width,
            view[records.starts[at] : records.stops[at]].decode().rstrip("\r\n"),
        )
        for at in wrong
    ]
    fits = ~records.blank & (records.fields == width)
    numbers = pa.array(records.lines[fits] + line, pa.int64())
    if not fitting:
        return Batch(pa.table({"row": numbers, **{name: pa.array([], TEXT) for name in places}}), malformed)
    content = _parsed(view[: int(records.stops[-1])], width, list(places.values()))
    if len(content) != fitting:
        return Batch(content)
    return Batch(pa.table({"row": numbers} | {name: content.column(str(at)) for name, at in places.items()}), malformed)


def _parsed(data: bytes, width: int, places: list[int]) -> pa.Table:
    """The fields at `places` of the records that have `width` fields; the columns are called by their place."""
    return arrow_csv.read_csv(
        io.BytesIO(data),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=len(data) + 1, column_names=[str(place) for place in range(width)]
        ),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _row: "skip"),
        convert_options=arrow_csv.ConvertOptions(
            check_utf8=False,  # it is UTF-8 by the time that it comes here
            include_columns=[str(place) for place in places],
            column_types={str(place): TEXT for place in places},
        ),
    )
