"""One batch of questions as a CSV that people fill in with any spreadsheet, and whatever spreadsheets make of it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.errors import StorageError, UserInputError

COLUMNS = ("id", "text", "suggested", "confidence", "label", "annotator")
REQUIRED = ("id", "text", "label")
FORMULA = ("=", "+", "-", "@")
CELL_CHARACTERS = 10_000_000


@dataclass(frozen=True)
class Question:
    """A row of the queue. `label` is empty until a person has answered."""

    id: str
    text: str
    suggested: str
    confidence: str
    label: str = ""
    annotator: str = ""

    @property
    def answered(self) -> bool:
        """Whether a person has given a label."""
        return bool(self.label)

    def answer(self, label: str, annotator: str) -> Question:
        """The same question with an answer."""
        return replace(self, label=label, annotator=annotator)


def question_id(text: str) -> str:
    """The id of a text: the hash of its words, so that white space does not matter.

    It begins with a letter, since a spreadsheet would turn digits alone into a rounded number.
    """
    return "q" + hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:20]


def write_questions(path: Path, questions: list[Question], *, new: bool) -> bool:
    """Write a batch whole; where `new`, only if there is no such file: else False, and nothing is written.

    UTF-8 with a byte order mark, which is what makes spreadsheets read it as UTF-8.
    """
    descriptor, name = tempfile.mkstemp(prefix=".incoming-", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            rows.writerows([_guarded(getattr(question, column)) for column in COLUMNS] for question in questions)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)
        if not new:
            aside.replace(path)
            return True
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}): close it elsewhere") from None
    finally:
        aside.unlink(missing_ok=True)
    return True


def read_questions(path: Path) -> list[Question]:
    """All rows of a batch, answered or not, white space trimmed and empty lines left out.

    Reads commas, semicolons or tabs, with or without a byte order mark. Raises UserInputError, naming file and line.
    """
    content = _content(path)
    csv.field_size_limit(CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=_separator(content), strict=True)
    header: list[str] | None = None
    questions = []
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if header is None:
                if values[0].lower().startswith("sep="):
                    continue
                header = _header(path, values)
                continue
            questions.append(_question(path, reader.line_num, header, values))
    except csv.Error as error:
        raise UserInputError(
            f"{path}, line {reader.line_num}: {error}; a cell that holds quotes or line breaks must be in quotes. "
            "Mend the line, or save the file again as CSV UTF-8"
        ) from None
    if header is None:
        raise UserInputError(f"{path} is empty: put its header back ({','.join(COLUMNS)}), or delete the file")
    return questions


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserInputError(f"{path}, line {line}: not UTF-8; save the file again as 'CSV UTF-8'") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror})") from None


def _separator(content: str) -> str:
    for line in content.splitlines():
        if line.strip() and not line.lower().startswith("sep="):
            return max(",;\t", key=line.count)
    return ","


def _header(path: Path, values: list[str]) -> list[str]:
    names = [value.lower() for value in values]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UserInputError(
            f"{path}: the header has no column {', '.join(missing)}; "
            f"it must be {','.join(COLUMNS)}, not {','.join(names)}"
        )
    return names


def _question(path: Path, line: int, header: list[str], values: list[str]) -> Question:
    if any(values[len(header) :]):
        raise UserInputError(
            f"{path}, line {line}: {len(values)} cells where the header has {len(header)}; "
            "put a text that holds the separator in quotes"
        )
    row = dict(zip(header, values, strict=False))
    text = _plain(row.get("text", ""), row.get("id", ""))
    if not text:
        raise UserInputError(f"{path}, line {line}: the column text is empty; put the text back, or delete the line")
    return Question(
        id=row.get("id") or question_id(text),
        text=text,
        suggested=_unguarded(row.get("suggested", "")),
        confidence=row.get("confidence", ""),
        label=_unguarded(row.get("label", "")),
        annotator=_unguarded(row.get("annotator", "")),
    )


def _guarded(value: str) -> str:
    """With an apostrophe in front where a spreadsheet would take the text for a formula, and run it."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _unguarded(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value


def _plain(text: str, known_id: str) -> str:
    """The text without a guard; an apostrophe that was there from the start stays, as the id shows."""
    return text if question_id(text) == known_id else _unguarded(text)
