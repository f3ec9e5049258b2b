"""JSON lines: one object a line; a line that is something else is set aside and reading goes on."""

from __future__ import annotations

import json
from typing import Any

from tasks.acquire.table import Malformed, Origin, Table, Values, Wanted, as_text, row_values
from tasks.errors import UserInputError


def read_jsonl(text: str, wanted: Wanted, origin: Origin) -> Table:
    """Read one JSON object a line; blank lines do not count. A field that a line lacks is null there.

    Malformed are lines that are not JSON (`bad_json`), not an object (`not_an_object`), hold a list or an object where
    a value is wanted (`not_a_plain_value`), or half a surrogate pair (`not_unicode`).
    Raises UserInputError for an empty file, and where no line has a required field.
    """
    if text.lstrip().startswith("["):
        raise UserInputError(f"{origin} holds one JSON list; JSONL has one object a line, without brackets around them")
    table, found = Table(), dict[str, None]()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        read = _read(line)
        if isinstance(read, dict):
            found.update(dict.fromkeys(read))
            read = _values(read, wanted)
        if isinstance(read, tuple):
            table.malformed.append(Malformed(number, *read, line.rstrip()))
        else:
            table.rows.append(number)
            table.values.append(read)
    if not table.rows and not table.malformed:
        raise UserInputError(f"{origin} is empty: it needs one JSON object a line")
    if table.rows:
        wanted.found_in(found, origin)
    return table


def _read(line: str) -> dict[str, Any] | tuple[str, str]:
    """The line's object, or the reason why there is none with its explanation."""
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        return "bad_json", f"{error.msg} at character {error.pos + 1}"
    except (ValueError, RecursionError):
        return "bad_json", "a number too long or brackets too deep"
    if not isinstance(content, dict):
        return "not_an_object", "JSON, but not an object"
    return content


def _values(content: dict[str, Any], wanted: Wanted) -> Values | tuple[str, str]:
    try:
        cells = {canonical: as_text(content.get(column)) for canonical, column in wanted.columns.items()}
        "".join(cell for cell in cells.values() if cell).encode()
    except TypeError as error:
        return "not_a_plain_value", str(error)
    except UnicodeEncodeError:
        return "not_unicode", "half of a surrogate pair"
    return row_values(cells)
