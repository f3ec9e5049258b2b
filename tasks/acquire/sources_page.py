"""The page for people about where the rows come from, and the same for programs, as `dataset.json` holds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from tasks.acquire.splits import Acquired

MOST_FILES, MOST_MALFORMED = 200, 50
NOT_STATED = "not stated"


def origin_of(file: Acquired) -> dict[str, str | int | None]:
    """What is recorded of one file. `sha256` pins its bytes, whatever the version was called where they came from."""
    return {
        "split": file.split,
        "kind": file.kind,
        "name": file.name,
        "sha256": file.part.sha256,
        "bytes": file.part.size_bytes,
        "rows": file.part.rows,
        "malformed": file.part.malformed,
        "licence": file.licence,
        "origin": file.described_origin,
    }


def sources_page(files: list[Acquired]) -> str:
    """What was read from where and under which licence, and how much of it was malformed, in Markdown."""
    counts = [
        (
            file.split + (" (public test set)" if file.test_set else ""),
            file.kind,
            file.name,
            f"{file.part.rows:,}",
            f"{file.part.malformed:,}",
            f"{file.part.size_bytes:,}",
            f"`{file.part.sha256}`",
        )
        for file in files
    ]
    lines = ["# Sources", "", f"{len(files):,} {'file' if len(files) == 1 else 'files'}.", ""]
    lines += _table(["Split", "Kind", "Name", "Rows", "Malformed", "Bytes", "SHA-256"], "lllrrrl", counts[:MOST_FILES])
    lines += _more(len(counts) - MOST_FILES, "files, all in `dataset.json`")
    described = dict.fromkeys(
        (file.split, file.kind, file.licence or NOT_STATED, file.described_origin or NOT_STATED) for file in files
    )
    lines += ["", "## Licence and origin", "", *_table(["Split", "Kind", "Licence", "Origin"], "llll", list(described))]
    return "\n".join([*lines, *_malformed(files)]) + "\n"


def _malformed(files: list[Acquired]) -> list[str]:
    total = sum(file.part.malformed for file in files)
    if not total:
        return []
    first = islice(
        ((file, line) for file in files for line in file.part.malformed_lines(MOST_MALFORMED)), MOST_MALFORMED
    )
    shown = [(file.split, file.name, f"{line.row:,}", line.reason, line.detail) for file, line in first]
    return [
        "",
        "## Malformed lines",
        "",
        "Set aside in `quarantined.parquet`, but for those of public test sets:",
        "",
        *_table(["Split", "Name", "Line", "Reason", "Detail"], "llrll", shown),
        *_more(total - MOST_MALFORMED, "lines"),
    ]


def _table(headings: list[str], sides: str, rows: Sequence[tuple[str, ...]]) -> list[str]:
    rules = "|".join("--:" if side == "r" else "---" for side in sides)
    return [_row(headings), f"|{rules}|", *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _more(count: int, what: str) -> list[str]:
    return ["", f"and {count:,} more {what}."] if count > 0 else []
