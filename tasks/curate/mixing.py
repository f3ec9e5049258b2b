"""The mix of the training rows: told beside real traffic's, and brought to a target where the config names one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tasks.curate.config import CurationConfig
from tasks.curate.coverage.covered import Covered, coverage_of
from tasks.curate.coverage.mix import Mixed, mix_to
from tasks.curate.coverage.page import write_coverage
from tasks.curate.ledger import Ledger
from tasks.curate.vectors import Vectors
from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_in_table
from tasks.records import TaskKind

TRAFFIC = {"unlabelled": "the unlabelled rows", "holdout": "the holdout that the data brings"}
"""What stands for real traffic, the best first."""


@dataclass(frozen=True)
class Told:
    """What the training rows cover, and what was done about their mix."""

    covered: Covered
    mixed: Mixed | None
    ids: pd.Series
    """Ids of the training rows before any left."""

    @property
    def weights(self) -> pd.DataFrame | None:
        """`id` and `weight` of the training rows; null where they count alike."""
        if self.mixed is None or self.mixed.weights is None:
            return None
        return pd.DataFrame({"id": self.ids, "weight": self.mixed.weights}).reset_index(drop=True)

    def page(self, folder: Path) -> str:
        """Write `coverage.md`, `.png` and `.csv` into the folder, and return the lines for the data page."""
        write_coverage(folder, self.covered)
        thin = len(self.covered.thin)
        cells = "1 cell of the mix is thin" if thin == 1 else f"{thin:,} cells of the mix are thin"
        lines = ["", "## What the training rows cover", "", f"{cells if thin else 'No cell of the mix is thin'}; see"]
        lines[-1] += " `coverage.md`, where each is named with the rows that are missing."
        return "\n".join([*lines, *self._mix_lines(), "", "![Coverage](coverage.png)"])

    def _mix_lines(self) -> list[str]:
        if self.mixed is None:
            return []
        table = self.mixed.table.round(4)
        out = f" {self.mixed.out_of_reach:.1%} of traffic is in cells without a training row." * (
            self.mixed.out_of_reach > 0
        )
        lines = ["", f"Brought to the target mix, {self.mixed.effective_rows:,.0f} effective rows.{out}", ""]
        lines += ["| Cell | Rows | Share | Target | Reached |", "|---|--:|--:|--:|--:|"]
        for row in table.to_dict("records"):
            shares = " | ".join(f"{row[name]:.1%}" for name in ("share", "target", "reached"))
            lines.append(f"| {shown_in_table(row['cell'])} | {row['rows']:,} | {shares} |")
        return lines


def tell_mix(
    ledger: Ledger, task: TaskKind, config: CurationConfig, vectors: Vectors | None, brought: set[str]
) -> Told:
    """Tell what the training rows cover, and thin them out or weigh them where `config.mix` asks for it.

    `brought` names the splits that came with the data. Raises UserInputError for a mix that cannot be reached.
    """
    train = ledger.splits["train"]
    traffic = next((name for name in TRAFFIC if name in brought and len(ledger.splits.get(name, ()))), None)
    rows = train if vectors is None else vectors.known(train)
    others = None if traffic is None else ledger.splits[traffic]
    if others is not None and vectors is not None:
        others = vectors.known(others)
    covered = coverage_of(
        rows,
        None if vectors is None else vectors.of(rows),
        others,
        None if vectors is None or others is None else vectors.of(others),
        task=task,
        settings=config.coverage,
        compared_with=None if traffic is None else TRAFFIC[traffic],
        total_rows=len(train),
        seed=config.seed,
    )
    return Told(covered, None if config.mix is None else _mix(ledger, covered, config), train["id"])


def _mix(ledger: Ledger, covered: Covered, config: CurationConfig) -> Mixed | None:
    train, mix = ledger.splits["train"], config.mix
    if mix is None:
        return None
    if mix.by not in covered.cells or len(covered.cells) < len(train):
        raise UserInputError(
            f"curation.mix.by: {mix.by} is not known of every training row: raise curation.max_embedded_rows above "
            f"{len(train):,}, or mix by another dimension"
        )
    traffic = (
        None if covered.traffic_cells is None or mix.by not in covered.traffic_cells else covered.traffic_cells[mix.by]
    )
    mixed = mix_to(covered.cells[mix.by], train["key"], mix, traffic_cells=traffic, seed=config.seed)
    ledger.flag("train", mixed.reasons)
    return mixed
