"""What the training rows cover: a table a dimension, from labels to topics and styles, beside real traffic's mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from tasks.curate.coverage.instructions import instruction_cells
from tasks.curate.coverage.ratios import compare_cells
from tasks.curate.coverage.spelling import misspelt
from tasks.curate.coverage.styles import LENGTHS, LONGEST, asked, style_cells
from tasks.curate.coverage.topics import Topics, Vectors, find_topics
from tasks.records import TaskKind
from tasks.section import Section

IN_ORDER = (*LENGTHS, LONGEST)
"""Cells that have an order of their own; all others stand by their number of rows."""


class Coverage(Section):
    """How what the rows cover is told, and when a part of it counts as thin."""

    topics: int | None = Field(default=None, ge=2, le=200)
    """Number of topics; without it, one for every 50 rows of training and traffic, up to max_topics."""
    max_topics: int = Field(default=24, ge=2, le=200)
    """The most topics that are told apart where their number is not given."""
    thin_ratio: float = Field(default=0.5, gt=0, le=1)
    """A cell is thin where its share of the training rows is surely below this part of its share of real traffic."""
    min_rows_per_cell: int = Field(default=10, ge=0)
    """A cell with fewer training rows than this is thin, unless real traffic is known and has none of it."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the intervals around the ratios of shares."""


@dataclass(frozen=True, eq=False)
class Covered:
    """What a set of rows covers, and what real traffic does."""

    tables: dict[str, pd.DataFrame]
    """By dimension: a row a cell, with RATIO_COLUMNS of ratios.py."""
    cells: pd.DataFrame
    """The cell of each row in each dimension, with the index of the rows; null where it has none."""
    traffic_cells: pd.DataFrame | None
    """The same of traffic's rows."""
    compared_with: str | None
    """What stands for real traffic, in words; null where nothing does."""
    total_rows: int
    """Rows of the set; more than `cells` has where it is a sample."""
    topics: Topics | None
    """The topics, to sort further vectors into; null without vectors or with too few."""

    @property
    def thin(self) -> pd.DataFrame:
        """The thin cells of all tables with `dimension` added, what is missed most first."""
        tables = [table[table["thin"]].assign(dimension=name) for name, table in self.tables.items()]
        found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"missing_rows": [], "dimension": []})
        return found.sort_values("missing_rows", ascending=False, kind="stable", ignore_index=True)


def coverage_of(
    rows: pd.DataFrame,
    vectors: Vectors | None,
    traffic_rows: pd.DataFrame | None = None,
    traffic_vectors: Vectors | None = None,
    *,
    task: TaskKind,
    settings: Coverage,
    compared_with: str | None = None,
    total_rows: int | None = None,
    seed: int = 0,
) -> Covered:
    """Tell which cells the rows with COLUMNS fall into, and compare their shares with traffic's.

    `vectors`, float32 of shape (rows, width), embed what `asked` gives for each row; without them there are no topics.
    Topics are found in rows and traffic together, so that one which only traffic has shows as a cell without rows.
    `compared_with` says in words what stands for traffic; `total_rows` is given where `rows` are a sample of the set.
    """
    sets = [rows] if traffic_rows is None else [rows, traffic_rows]
    texts = [asked(each["text"], task) for each in sets]
    slips = misspelt(*texts)
    told = [_cells(each, text, slip, task) for each, text, slip in zip(sets, texts, slips, strict=True)]
    found = [vectors] if traffic_rows is None else [vectors, traffic_vectors]
    topics = _topics_of(texts, found, settings, seed)
    if topics is not None:
        told = [
            cells.assign(topic=topics.of(each)) for cells, each in zip(told, found, strict=True) if each is not None
        ]
    total = len(rows) if total_rows is None else total_rows
    traffic_cells = told[1] if len(told) > 1 else None
    return Covered(
        tables=_tables(told[0], traffic_cells, settings, total / max(len(rows), 1)),
        cells=told[0],
        traffic_cells=traffic_cells,
        compared_with=compared_with if traffic_cells is not None else None,
        total_rows=total,
        topics=topics,
    )


def _topics_of(texts: list[pd.Series], vectors: list[Vectors | None], settings: Coverage, seed: int) -> Topics | None:
    embedded = [each for each in vectors if each is not None]
    if len(embedded) < len(texts):
        return None
    return find_topics(
        pd.concat(texts), np.concatenate(embedded), count=settings.topics, most=settings.max_topics, seed=seed
    )


def _cells(rows: pd.DataFrame, texts: pd.Series, slips: pd.Series, task: TaskKind) -> pd.DataFrame:
    cells = rows[["label", "group"]].join(style_cells(texts, slips))
    return cells if task == "classification" else cells.join(instruction_cells(texts, rows["answer"]))


def _tables(
    cells: pd.DataFrame, traffic: pd.DataFrame | None, settings: Coverage, rows_for_each: float
) -> dict[str, pd.DataFrame]:
    tables = {}
    for name in ("label", "group", "topic", *cells.columns.difference(["label", "group", "topic"], sort=False)):
        if name in cells and (cells[name].notna().any() or name == "topic"):
            table = compare_cells(
                cells[name],
                None if traffic is None else traffic[name],
                thin_ratio=settings.thin_ratio,
                min_rows=settings.min_rows_per_cell,
                confidence=settings.confidence,
                rows_for_each=rows_for_each,
            )
            places = table["cell"].map({cell: place for place, cell in enumerate(IN_ORDER)}).fillna(-1)
            tables[name] = table.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
    return tables
