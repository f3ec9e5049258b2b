"""The screen that a plan ends with: what a training would take, stage by stage, and where it is unwise."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.records import TrainingPlan
from tasks.store import fetch
from tasks.train.estimate.page import Rows, memory_rows, stage_rows
from tasks.train.estimate.record import Estimate


def show_plan(console: Console, plan: TrainingPlan) -> None:
    """Print the plan's facts, its stages, its memory by part, and every warning."""
    report = fetch(plan) / "report"
    found = Estimate.model_validate_json((report / "plan.json").read_bytes())
    console.print()
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True, style="dim")
    facts.add_column()
    for name, value in plan.facts:
        facts.add_row(name, value)
    _show(console, facts)
    for rows in (stage_rows(found), memory_rows(found)):
        _show(console, _table(rows))
    for warning in plan.warnings:
        console.print(Text.assemble(("! ", "yellow"), warning))
    if not plan.warnings:
        console.print(Text("Nothing speaks against it.", "green"))
    console.print()
    console.print(Text.assemble((f"{'plan':<12}", "dim"), str(_near(plan.uri))), soft_wrap=True)


def _table(rows: Rows) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", border_style="dim")
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows[1:]:
        table.add_row(*row, style="bold" if row[0] == "all" else None)
    return table


def _show(console: Console, part: Table) -> None:
    """Print a part above a blank line, without the blanks that pad it."""
    with console.capture() as capture:
        console.print(part)
    for line in capture.get().splitlines():
        console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)
    console.print()


def _near(uri: str) -> str | Path:
    parts = urlparse(uri)
    path = Path(unquote(parts.path)) / "report/plan.md"
    if parts.scheme != "file":
        return f"{uri}/report/plan.md"
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
