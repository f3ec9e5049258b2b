"""The picture of the prompt attacks: how many work, of all and of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tasks.evaluate.language.prompt_attacks.measure import SUCCESS
from tasks.evaluate.language.share_bars import plot_shares
from tasks.records import Measurement


def plot_prompt_attacks(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Shares with their exact intervals."""
    shares = {f"all ({len(table):,} attacks)": metrics[SUCCESS]}
    for kind, count in table.groupby("kind").size().items():
        shares[f"{str(kind).replace('_', ' ')} ({count:,})"] = metrics[f"{SUCCESS}.{kind}"]
    plot_shares(shares, "Prompt attacks that worked", "Share of the attacks, with exact interval", path)
