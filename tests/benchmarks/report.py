"""The one form of every benchmark's result: a table for people, and `build/bench/NAME.json` for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/bench")


@dataclass(frozen=True)
class Comparison:
    """What we and a peer needed for the same work, measured in the same run."""

    benchmark: str
    peer: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    """Above 1 means that ours is better."""
    quality: dict[str, Any] = field(default_factory=dict)
    """That both did the work well, and how the figures came about."""


def compare(
    benchmark: str,
    peer: str,
    *,
    ours: float,
    theirs: float,
    unit: str,
    quality: dict[str, Any],
    less_is_better: bool = True,
) -> Comparison:
    """A comparison with its ratio. Raises ValueError unless both figures are above zero."""
    if ours <= 0 or theirs <= 0:
        raise ValueError(f"{benchmark} against {peer}: {ours} and {theirs} {unit} cannot be compared")
    ratio = theirs / ours if less_is_better else ours / theirs
    return Comparison(benchmark, peer, ours, theirs, unit, ratio, quality)


def write_report(name: str, comparisons: list[Comparison], folder: Path = FOLDER) -> Path:
    """Print the comparisons, write them to `folder/NAME.json` and return its path."""
    table = Table(title=f"benchmark {name}", title_justify="left")
    for heading in ("benchmark", "peer", "ours", "theirs", "unit", "ratio"):
        table.add_column(heading, justify="left" if heading in {"benchmark", "peer", "unit"} else "right")
    for item in comparisons:
        figures = (f"{item.ours:.2f}", f"{item.theirs:.2f}", item.unit, f"{item.ratio:.2f}")
        table.add_row(item.benchmark, item.peer, *figures)
    console = Console()
    console.print(table)
    for item in comparisons:
        for key, value in item.quality.items():
            console.print(f"  {key}: {_readable(value)}", highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps([asdict(item) for item in comparisons], indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {path}", highlight=False)
    return path


def _readable(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_readable(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(_readable(part) for part in value)
    return str(value)
