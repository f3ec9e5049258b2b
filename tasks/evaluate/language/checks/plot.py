"""The picture of the checks: the share of answers that keep all rules, and each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tasks.evaluate.language.checks.measure import PASSED
from tasks.evaluate.language.share_bars import plot_shares
from tasks.records import Measurement


def plot_checks(table: pd.DataFrame, metrics: Mapping[str, Measurement], path: Path) -> None:
    """Shares with their exact intervals; a rule's rows are those that are asked it."""
    counts = table.groupby("rule").size()
    shares = {f"all rules ({table['id'].nunique():,} answers)": metrics[PASSED]} if PASSED in metrics else {}
    shares |= {f"{rule} ({count:,})": metrics[f"{PASSED}.{rule}"] for rule, count in counts.items()}
    plot_shares(
        shares, "Answers that keep the rules that are asked of them", "Share of the answers, with interval", path
    )
