"""The section `curation` of the YAML: the six qualities, the mix, how rows are split, and where all of it runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.curate.coverage.covered import Coverage
from tasks.curate.coverage.mix import Mix
from tasks.curate.executors import Executor, OneProcess
from tasks.curate.quality.alignment import Alignment
from tasks.curate.quality.compliance import Compliance
from tasks.curate.quality.consistency import Consistency
from tasks.curate.quality.formatting import Formatting
from tasks.curate.quality.relevance import Relevance
from tasks.curate.quality.uniqueness import Uniqueness
from tasks.section import Section


class CurationConfig(Section):
    """Six qualities of the rows, each with a measure and an optional gate (`min`); their mix; how rows are split."""

    compliance: Compliance = Compliance()
    """Personal data and secrets."""
    formatting: Formatting = Formatting()
    """The form that a row must have."""
    consistency: Consistency = Consistency()
    """Rows that contradict one another."""
    uniqueness: Uniqueness = Uniqueness()
    """Repeats, exact and near, within the rows and of what they are judged on."""
    relevance: Relevance = Relevance()
    """Rows that are not about the task."""
    alignment: Alignment = Alignment()
    """Rows whose label is likely wrong."""
    coverage: Coverage = Coverage()
    """How the mix of the rows is told."""
    mix: Mix | None = None
    """A target mix of the training rows; without it they stay as they are."""
    embedding_model: str = "bundled:minilm-l6"
    """The encoder whose embeddings stand for what a text means: `bundled:minilm-l6`, a hub id, or a local folder."""
    embedding_tokens: int = Field(default=128, ge=8)
    """A longer text is cut to this many tokens before it is embedded."""
    max_embedded_rows: int = Field(default=20_000, ge=0)
    """Of a split with more rows a sample is embedded, and what looks at meaning looks at that sample and says so; with
    0 nothing is embedded, and relevance and alignment are not measured."""
    executor: Executor = OneProcess()
    """Where what is done row by row runs."""
    validation_share: float = Field(default=0.10, gt=0, lt=0.5)
    """Share of each label's training rows that steers training and calibration, where the data brings none."""
    holdout_share: float = Field(default=0.20, gt=0, lt=0.5)
    """Share of each label's rows held out, where the data brings no holdout of its own."""
    held_out: Literal["drawn", "newest"] = "drawn"
    """Which rows of a label are held out: drawn by their text, or the newest by `data.date_column`, and then the next
    newest for validation, so that a model is judged on rows from after those that it learns."""
    seed: int = Field(default=0, ge=0)
    """Moves rows between splits; keep it, so that champion and candidate meet on the same rows."""
