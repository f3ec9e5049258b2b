"""The acquired dataset: canonical rows with ids, malformed lines set aside, and a page on where all came from."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

from tasks.acquire.config import DataConfig
from tasks.acquire.sources import Acquired, acquire_split
from tasks.acquire.table import Malformed
from tasks.datasets.folder import empty_rows, keep_dataset, set_aside, with_all_columns
from tasks.errors import DataRejected, UserInputError
from tasks.records import DatasetRef
from tasks.store import workspace


def acquire_dataset(config: DataConfig) -> DatasetRef:
    """Read all sources and store them as one dataset; the same bytes give the same digest.

    Raises UserInputError for a source that cannot be read, and DataRejected for one with too many malformed lines.
    """
    sources = {"train": config.train, "holdout": config.holdout, "unlabelled": config.unlabelled}
    with workspace("acquire") as folder:
        parts = [
            acquire_split(split, source, config, folder) for split, source in sources.items() if source is not None
        ]
        for part in parts:
            _refuse_malformed(part, config.max_malformed_share)
        if config.id_column is not None:
            _refuse_unclear_ids(parts)
        report = folder / "report"
        report.mkdir()
        (report / "sources.md").write_text(sources_page(parts), encoding="utf-8")
        aside = [rows for rows in map(_malformed_rows, parts) if len(rows)]
        return keep_dataset(
            {part.split: _kept_rows(part) for part in parts},
            pd.concat(aside, ignore_index=True) if aside else empty_rows(),
            rows_in=sum(len(part.table.rows) + len(part.table.malformed) for part in parts),
            merged=0,
            origin={"sources": [_origin(part) for part in parts]},
            report=report,
        )


def sources_page(parts: list[Acquired]) -> str:
    """The table for people, in Markdown: what was read from where, and how much of it was malformed."""
    lines = [
        "# Sources",
        "",
        "| Split | Kind | Name | Rows | Malformed | Bytes | SHA-256 |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for part in parts:
        name = part.name.replace("|", "\\|")
        counts = f"{len(part.table.rows):,} | {len(part.table.malformed):,} | {part.size_bytes:,}"
        lines.append(f"| {part.split} | {part.kind} | {name} | {counts} | `{part.sha256}` |")
    malformed = [(part, line) for part in parts for line in part.table.malformed]
    if malformed:
        lines += [
            "",
            "Malformed lines, set aside in `quarantined.parquet`:",
            "",
            "| Split | Line | Reason | Detail |",
            "|---|--:|---|---|",
        ]
        lines += [f"| {part.split} | {line.row:,} | {line.reason} | {line.detail} |" for part, line in malformed[:50]]
    if len(malformed) > 50:
        lines += ["", f"and {len(malformed) - 50:,} more."]
    return "\n".join(lines) + "\n"


def row_id(split: str, row: int, text: str | None) -> str:
    """Sixteen hexadecimal digits that name a row by its place and its text."""
    return hashlib.sha256(json.dumps([split, row, text]).encode()).hexdigest()[:16]


def _kept_rows(part: Acquired) -> pd.DataFrame:
    table = part.table
    ids = [
        values.get("id") or row_id(part.split, row, values["text"])
        for row, values in zip(table.rows, table.values, strict=True)
    ]
    columns = {name: [values.get(name) for values in table.values] for name in ("text", "label", "group")}
    return _frame(part, ids, table.rows, columns)


def _malformed_rows(part: Acquired) -> pd.DataFrame:
    lines: list[Malformed] = part.table.malformed
    nothing: list[str | None] = [None] * len(lines)
    ids = [row_id(part.split, line.row, line.raw) for line in lines]
    columns: dict[str, list[str | None]] = {
        "text": [f"{line.detail}: {line.raw}" for line in lines],
        "label": nothing,
        "group": nothing,
    }
    rows = _frame(part, ids, [line.row for line in lines], columns)
    return set_aside(rows, part.split, "acquire", pd.Series([line.reason for line in lines], dtype="str"))


def _frame(part: Acquired, ids: list[str], rows: list[int], columns: dict[str, list[str | None]]) -> pd.DataFrame:
    """A frame with COLUMNS, typed as `empty_rows` types them."""
    content = {"id": ids, **columns, "source": [part.name] * len(ids)}
    series = {name: pd.Series(cells, dtype="str") for name, cells in content.items()}
    return with_all_columns(pd.DataFrame({**series, "row": pd.Series(rows, dtype="int64")}))


def _origin(part: Acquired) -> dict[str, str | int]:
    return {
        "split": part.split,
        "kind": part.kind,
        "name": part.name,
        "sha256": part.sha256,
        "bytes": part.size_bytes,
        "rows": len(part.table.rows),
    }


def _refuse_malformed(part: Acquired, max_share: float) -> None:
    bad, total = part.table.malformed, len(part.table.rows) + len(part.table.malformed)
    if len(bad) <= max_share * total and part.table.rows:
        return
    first = bad[0]
    raise DataRejected(
        f"{part.origin}: {len(bad):,} of {total:,} lines ({len(bad) / total:.1%}) are malformed, and "
        f"data.max_malformed_share allows {max_share:.1%}. The first is line {first.row:,} "
        f"({first.reason}: {first.detail}). "
        "Mend the file, or raise the share if these lines may be left out"
    )


def _refuse_unclear_ids(parts: list[Acquired]) -> None:
    """Raise UserInputError for a row without an id, or two rows, in whichever source, with the same one."""
    seen: dict[str, tuple[Acquired, int]] = {}
    for part in parts:
        for row, values in zip(part.table.rows, part.table.values, strict=True):
            name = values["id"]
            if name is None:
                raise UserInputError(
                    f"{part.origin}: row {row:,} has no id in data.id_column; give it one, or unset id_column"
                )
            if name in seen:
                other, other_row = seen[name]
                raise UserInputError(
                    f"the id {name!r} stands twice: in row {other_row:,} of {other.origin} and in row {row:,} of "
                    f"{part.origin}. Ids must be unique over all sources; mend them, or unset data.id_column"
                )
            seen[name] = (part, row)
