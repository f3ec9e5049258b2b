"""The answers that people gave with the model's help and without, read from a CSV, every fault named by its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tasks.errors import UserInputError

COLUMNS = ("person", "id", "help", "answer", "advice")
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
SETTING = "evaluation.people.path"


def read_answers(path: Path, truth: dict[str, str], labels: frozenset[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers with help and without: `person`, `item`, `answer`, `truth`, and `advice` where there was help.

    `truth` gives the label of every holdout row by id, `labels` are the answers that are possible. Commas, semicolons
    or tabs, with or without a byte order mark. Raises UserInputError, naming file, line, column and what to do.
    """
    rows: dict[bool, list[dict[str, str]]] = {True: [], False: []}
    seen: dict[tuple[str, str, bool], int] = {}
    for line, cells in _lines(path):
        helped = _help(path, line, cells["help"])
        row = _row(path, line, cells, helped, truth, labels)
        before = seen.setdefault((row["person"], row["item"], helped), line)
        if before != line:
            raise UserInputError(
                f"{path}, line {line}: {row['person']} has answered the row {row['item']} "
                f"{'with' if helped else 'without'} help in line {before} already: keep one of the two"
            )
        rows[helped].append(row)
    for helped, found in rows.items():
        if not found:
            raise UserInputError(
                f"{path} has no answer with help = {'yes' if helped else 'no'}: it takes answers with the model's help "
                "and without, which are compared"
            )
    with_help = pd.DataFrame(rows[True], columns=["person", "item", "answer", "truth", "advice"])
    return with_help, pd.DataFrame(rows[False], columns=["person", "item", "answer", "truth"])


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each row that is not empty."""
    content = _content(path)
    heading = content.split("\n", 1)[0]
    separator = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    header: list[str] = []
    try:
        for values in reader:
            cells = [value.strip() for value in values]
            if not any(cells):
                continue
            if header:
                yield reader.line_num, _cells(path, reader.line_num, header, cells)
            else:
                header = _header(path, cells)
    except csv.Error as error:
        raise UserInputError(
            f"{path}, line {reader.line_num}: {error}; a cell that holds quotes or line breaks must be in quotes. Mend "
            "the line, or save the file again as CSV UTF-8"
        ) from None
    if not header:
        raise UserInputError(
            f"{path} ({SETTING}) is empty: it takes the header {','.join(COLUMNS)} and a row an answer"
        )


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserInputError(f"{path} ({SETTING}) is not UTF-8: save it again as 'CSV UTF-8'") from None
    except OSError as error:
        raise UserInputError(
            f"{path} ({SETTING}) cannot be read ({error.strerror}): name a CSV with the columns {', '.join(COLUMNS)}, "
            "or leave the setting out"
        ) from None


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise UserInputError(
            f"{path}: the header has no column {', '.join(missing)}; it must have {','.join(COLUMNS)}, and has "
            f"{','.join(names)}"
        )
    return names


def _cells(path: Path, line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise UserInputError(
            f"{path}, line {line}: {len(cells)} cells where the header has {len(header)}: put a value that holds the "
            "separator in quotes"
        )
    return dict(zip(header, cells, strict=True))


def _help(path: Path, line: int, value: str) -> bool:
    if value.lower() in YES:
        return True
    if value.lower() in NO:
        return False
    raise UserInputError(f"{path}, line {line}: help is {value!r}, but must be yes or no")


def _row(
    path: Path, line: int, cells: dict[str, str], helped: bool, truth: dict[str, str], labels: frozenset[str]
) -> dict[str, str]:
    if not cells["person"]:
        raise UserInputError(f"{path}, line {line}: person is empty: give each person a name or number of their own")
    if cells["id"] not in truth:
        raise UserInputError(
            f"{path}, line {line}: id is {cells['id']!r}, which is no row of the holdout (its {len(truth):,} rows have "
            "ids as in predictions.parquet): answers are judged by the holdout's labels, so take the rows from there"
        )
    if cells["answer"] not in labels:
        raise UserInputError(f"{path}, line {line}: answer is {cells['answer']!r}, but must be {_some(labels)}")
    if helped and not cells["advice"]:
        raise UserInputError(
            f"{path}, line {line}: advice is empty, but help is yes: give the label that the model advised at the time"
        )
    if not helped and cells["advice"]:
        raise UserInputError(
            f"{path}, line {line}: advice is {cells['advice']!r}, but help is no: leave it empty, or write help yes if "
            "the advice was shown"
        )
    names = {"person": cells["person"], "item": cells["id"], "answer": cells["answer"], "truth": truth[cells["id"]]}
    return {**names, "advice": cells["advice"]} if helped else names


def _some(labels: frozenset[str]) -> str:
    shown = sorted(labels)[:5]
    more = f", or one of {len(labels) - len(shown)} more labels" if len(labels) > len(shown) else ""
    return f"one of the labels {', '.join(shown)}{more}"
