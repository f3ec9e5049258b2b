"""CSV: everything stays a string, odd cells are read, and lines that do not fit are set aside with their reason."""

from __future__ import annotations

import csv
import random

import pytest

from tasks.acquire.formats import csv_reader
from tasks.acquire.formats.csv_quick import quick_piece
from tasks.acquire.table import Origin, Wanted
from tasks.errors import UserInputError
from tests.tasks.acquire.conftest import Read, collected


def read_csv(content: str, wanted: Wanted, origin: Origin) -> Read:
    return collected(csv_reader.read_csv(iter([content.encode()]), wanted, origin))


def texts(content: str, wanted: Wanted, origin: Origin) -> list[str | None]:
    return [values["text"] for values in read_csv(content, wanted, origin).values]


def test_cells_are_never_guessed_into_numbers_or_nulls(origin: Origin, wanted: Wanted) -> None:
    table = read_csv("text,label\n007,1\nNA,2.50\nnull,NaN\n", wanted, origin)
    assert [tuple(values.values()) for values in table.values] == [("007", "1"), ("NA", "2.50"), ("null", "NaN")]


def test_an_empty_label_is_null_and_an_empty_text_stays_for_validation(origin: Origin, wanted: Wanted) -> None:
    table = read_csv("text,label\nhello,\n,greeting\nbye,  \n", wanted, origin)
    assert [(values["text"], values["label"]) for values in table.values] == [
        ("hello", None), ("", "greeting"), ("bye", None),
    ]  # fmt: skip


def test_quoted_commas_quotes_and_line_breaks_are_part_of_the_text(origin: Origin, wanted: Wanted) -> None:
    content = 'text,label\r\n"Hi,\r\nmy ""new"" lamp, broken",damage\r\nthanks,other\r\n'
    table = read_csv(content, wanted, origin)
    assert [values["text"] for values in table.values] == ['Hi,\r\nmy "new" lamp, broken', "thanks"]
    assert table.rows == [2, 4]


def test_a_cell_of_200_kilobytes_is_read_whole(origin: Origin, wanted: Wanted) -> None:
    limit, long = csv.field_size_limit(), "word " * 40_000
    assert texts(f"text,label\n{long},a\n", wanted, origin) == [long]
    assert csv.field_size_limit() == limit


def test_a_unicode_line_separator_does_not_end_a_row(origin: Origin, wanted: Wanted) -> None:
    assert texts("text,label\none\u2028two\x85three,a\n", wanted, origin) == ["one\u2028two\x85three"]


def test_blank_lines_are_no_rows(origin: Origin, wanted: Wanted) -> None:
    table = read_csv("text,label\n\na,b\n\n", wanted, origin)
    assert (table.rows, table.malformed) == ([3], [])


def test_ragged_lines_are_set_aside_with_their_line_and_both_counts(origin: Origin, wanted: Wanted) -> None:
    table = read_csv("text,label\ngood,a\nwell, thanks,a\nshort\ngood too,b\n", wanted, origin)
    assert table.rows == [2, 5]
    assert [(line.row, line.reason, line.detail, line.raw) for line in table.malformed] == [
        (3, "ragged_row", "3 fields, the header has 2", "well, thanks,a"),
        (4, "ragged_row", "1 fields, the header has 2", "short"),
    ]


def test_a_stray_quote_costs_its_own_line_and_no_other(origin: Origin, wanted: Wanted) -> None:
    content = 'text,label\n"never closed,a\nfine,b\n"quoted, fine",c\n"a"b,d\nlast,e\n"open to the end,f\nafter,g\n'
    table = read_csv(content, wanted, origin)
    assert [values["label"] for values in table.values] == ["b", "c", "e", "g"]
    assert [(line.row, line.reason) for line in table.malformed] == [
        (2, "bad_quoting"), (5, "bad_quoting"), (7, "bad_quoting"),
    ]  # fmt: skip
    assert table.malformed[0].raw == '"never closed,a'


def test_a_missing_column_is_named_beside_those_that_are_there(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(
        UserInputError, match=r"no column 'label'; its columns are 'text', 'category'.*data\.label_column"
    ):
        read_csv("text,category\na,b\n", wanted, origin)


def test_a_file_separated_by_semicolons_is_recognised(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="separated by semicolons: save it with commas"):
        read_csv("text;label\na;b\n", wanted, origin)


def test_a_column_that_stands_twice_is_refused(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="2 columns called 'text'"):
        read_csv("text,label,text\na,b,c\n", wanted, origin)


def test_a_header_with_broken_quoting_is_refused(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match=r"header of .*train\.csv.*line 1, has broken quoting"):
        read_csv('"text,label\na,b\n', wanted, origin)


CELLS = ("x", "", "two words", "a,b", 'q"q', "l1\nl2", "l\r\nm", "é€𝄞", "\r", "  ", '""', "one\u2028two")


def odd_file(dice: random.Random) -> str:
    """Good rows, ragged and blank lines, stray quotes, and line ends of all three kinds."""
    lines = ["text,label" + dice.choice(("\n", "\r\n", "\r"))]
    for _ in range(dice.randint(0, 12)):
        kind, end = dice.random(), dice.choice(("\n", "\r\n", "\n", "\r"))
        if kind < 0.8:
            cells = [dice.choice(CELLS) for _ in range(2 if dice.random() < 0.9 else dice.randint(1, 4))]
            quoted = ['"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in cells]
            lines.append(",".join(quoted) + end)
        elif kind < 0.9:
            lines.append(end)
        else:
            lines.append("".join(dice.choice('",ab \n\r') for _ in range(dice.randint(1, 8))) + end)
    text = "".join(lines)
    return text.rstrip("\r\n") if dice.random() < 0.3 else text


def test_the_quick_way_and_any_cut_into_blocks_give_the_rows_of_the_careful_way(
    origin: Origin, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, quick = random.Random(3), quick_piece
    for _ in range(120):
        text, size = odd_file(dice), dice.randint(1, 9)
        monkeypatch.setattr(csv_reader, "quick_piece", lambda *_: None)
        careful = read_csv(text, wanted, origin)
        monkeypatch.setattr(csv_reader, "quick_piece", quick)
        assert read_csv(text, wanted, origin) == careful, text
        blocks = [text[at : at + size].encode() for at in range(0, len(text), size)]
        assert collected(csv_reader.read_csv(iter(blocks), wanted, origin)) == careful, (size, text)


def test_most_files_never_need_the_careful_way(origin: Origin, wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "_careful_piece", None)
    table = read_csv('text,label\r\n"a ""b"", c\r\nd",x\r\n\r\nplain,y\r\ntoo,many,z\r\n"",q', wanted, origin)
    assert (table.rows, table.column("text")) == ([2, 5, 7], ['a "b", c\r\nd', "plain", ""])
    assert [(line.row, line.raw) for line in table.malformed] == [(6, "too,many,z")]


def test_a_quote_that_is_never_closed_costs_its_line_and_bounded_memory(
    origin: Origin, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_reader, "MOST_RECORD_BYTES", 1000)
    text = 'text,label\n"open,a\n' + "fine,b\n" * 1000
    blocks = [text[at : at + 100].encode() for at in range(0, len(text), 100)]
    table = collected(csv_reader.read_csv(iter(blocks), wanted, origin))
    assert len(table.rows) == 1000
    assert [(line.row, line.reason) for line in table.malformed] == [(2, "bad_quoting")]
    endless = csv_reader.read_csv(iter([b"text,label\n", *([b"x" * 100] * 50)]), wanted, origin)
    with pytest.raises(UserInputError, match="line 2 of .* is longer than"):
        collected(endless)
