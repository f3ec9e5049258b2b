"""The row-wise half of a curation: personal data treated, form judged, normal form and signature taken, each row alone.

It runs over shards, wherever the executor says; what compares rows with one another comes afterwards, in one place.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.curate.executors import Executor, OneProcess, run_over
from tasks.curate.normal_form import normal_form
from tasks.curate.personal_data import stand_in_key
from tasks.curate.quality.compliance import Compliance, treat_rows
from tasks.curate.quality.formatting import Formatting, flag_format
from tasks.curate.quality.signed_rows import SIGNATURES, sign_rows
from tasks.records import TaskKind
from tasks.store import workspace

SHARD_ROWS = 50_000
KEY, PII, FAULT = "key", "pii", "fault"
FOUND = b"personal_data"


@dataclass(frozen=True)
class RowRules:
    """What is done with each row. It names the secret of the stand-ins and never holds it."""

    task: TaskKind
    compliance: Compliance
    formatting: Formatting
    signed: bool
    """Whether rows get the signatures that near duplicates are found by."""


@dataclass(frozen=True)
class Passed:
    """Rows after the pass, with `key` (the text's normal form), `pii` and `fault` (reasons, null where in order)."""

    rows: pd.DataFrame
    found: Counter[str]
    """Personal data by kind."""


def pass_rows(rows: pd.DataFrame, rules: RowRules) -> Passed:
    """Treat rows with COLUMNS. Raises MissingSecret where the key of the stand-ins is needed and not set."""
    treated = treat_rows(rows, rules.compliance, stand_in_key(rules.compliance))
    faults = flag_format(treated.rows, rules.task, rules.formatting)
    keys = pd.Series([normal_form(text) for text in treated.rows["text"]], index=rows.index, dtype="str")
    passed = treated.rows.assign(**{KEY: keys, PII: treated.reasons, FAULT: faults})
    return Passed(sign_rows(passed, rules.task) if rules.signed else passed, treated.found)


def pass_splits(splits: Mapping[str, pd.DataFrame], rules: RowRules, executor: Executor) -> dict[str, Passed]:
    """`pass_rows` for every split; more rows than a shard has go through the executor, shard by shard."""
    if isinstance(executor, OneProcess):
        return {split: pass_rows(rows, rules) for split, rows in splits.items()}
    with workspace("rows") as folder:
        shards = {split: _write_shards(rows, split, folder / "in") for split, rows in splits.items()}
        listed = [shard for own in shards.values() for shard in own]
        done = dict(zip(listed, run_over(partial(pass_shard, rules), listed, folder / "out", executor), strict=True))
        return {split: _joined([_read(done[shard]) for shard in own]) for split, own in shards.items()}


def pass_shard(rules: RowRules, shard: Path, output: Path) -> None:
    """`pass_rows` from a Parquet file to another; the counts stand in the schema's metadata."""
    passed = pass_rows(pd.read_parquet(shard), rules)
    # The signatures go beside what pandas describes: it cannot read the description of such a column again.
    signed = [name for name in SIGNATURES if name in passed.rows]
    table = pa.Table.from_pandas(passed.rows.drop(columns=signed), preserve_index=False)
    for name in signed:
        table = table.append_column(name, pa.array(passed.rows[name]))
    counts = json.dumps(passed.found, sort_keys=True).encode()
    aside = output.with_suffix(".part")
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), FOUND: counts}), aside)
    aside.replace(output)


def _write_shards(rows: pd.DataFrame, split: str, folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for start in range(0, max(len(rows), 1), SHARD_ROWS):
        paths.append(folder / f"{split}-{start // SHARD_ROWS:05d}.parquet")
        rows.iloc[start : start + SHARD_ROWS].to_parquet(paths[-1], index=False)
    return paths


def _read(path: Path) -> Passed:
    table = pq.read_table(path)
    counts = Counter[str](json.loads(table.schema.metadata[FOUND]))
    signed = [name for name in SIGNATURES if name in table.column_names]
    columns = {name: pd.arrays.ArrowExtensionArray(table[name]) for name in signed}
    return Passed(table.drop_columns(signed).to_pandas().assign(**columns), counts)


def _joined(parts: list[Passed]) -> Passed:
    found = Counter[str]()
    for part in parts:
        found.update(part.found)
    return Passed(pd.concat([part.rows for part in parts], ignore_index=True), found)
