"""JSON lines: one object a line, the rest set aside with its reason."""

from __future__ import annotations

import pytest

from tasks.acquire.formats import jsonl_reader
from tasks.acquire.table import Origin, Wanted
from tasks.errors import UserInputError
from tests.tasks.acquire.conftest import Read, collected


def read_jsonl(content: str, wanted: Wanted, origin: Origin) -> Read:
    return collected(jsonl_reader.read_jsonl(iter([content.encode()]), wanted, origin))


def test_values_become_text_and_missing_ones_null(origin: Origin, wanted: Wanted) -> None:
    content = "\n".join(
        ['{"text": "a", "label": 7}', '{"label": null, "text": "b"}', '{"text": "c", "label": NaN}',
         '{"text": "d"}', '{"text": 1.0, "label": true}', '{"text": "e", "label": ""}']
    )  # fmt: skip
    table = read_jsonl(content, wanted, origin)
    assert [(values["text"], values["label"]) for values in table.values] == [
        ("a", "7"), ("b", None), ("c", None), ("d", None), ("1", "true"), ("e", None),
    ]  # fmt: skip


def test_lines_that_are_no_objects_are_set_aside_with_their_reason(origin: Origin, wanted: Wanted) -> None:
    lines = ['{"text": "fine", "label": "a"}', '{"text": "cut o', '"a string"', "", '{"text": ["x"], "label": "a"}',
             '{"text": "\\ud800", "label": "a"}', "[" * 100_000, '{"text": "fine", "label": "b"}']  # fmt: skip
    table = read_jsonl("\n".join(lines), wanted, origin)
    assert table.rows == [1, 8]
    assert [(line.row, line.reason) for line in table.malformed] == [
        (2, "bad_json"), (3, "not_an_object"), (5, "not_a_plain_value"), (6, "not_unicode"), (7, "bad_json"),
    ]  # fmt: skip
    assert "at character 10" in table.malformed[0].detail


def test_a_line_separator_inside_a_string_does_not_end_the_line(origin: Origin, wanted: Wanted) -> None:
    table = read_jsonl('{"text": "one\u2028two", "label": "a"}\r\n', wanted, origin)
    assert [values["text"] for values in table.values] == ["one\u2028two"]


def test_a_file_that_is_one_json_list_is_explained(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="one JSON list; JSONL has one object a line"):
        read_jsonl('[\n{"text": "a"}\n]', wanted, origin)


def test_a_field_that_no_line_has_is_a_missing_column(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="no column 'label'; its columns are 'text', 'intent'"):
        read_jsonl('{"text": "a", "intent": "b"}\n', wanted, origin)


def test_blank_lines_alone_are_an_empty_file(origin: Origin, wanted: Wanted) -> None:
    with pytest.raises(UserInputError, match="is empty"):
        read_jsonl("\n\n  \n", wanted, origin)
