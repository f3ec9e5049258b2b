"""The last screen of a retrain: rows, gates, verdict, release, and where to look next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from infra.settings import settings
from tasks.records import Advice, Artefact, DatasetRef, GateResult, Measurement, Outcome, Report, Verdict

_STYLES = {"pass": "green", "fail": "bold red", "inconclusive": "yellow"}
_REASONS_SHOWN = 6


def show_outcome(console: Console, outcome: Outcome, results: Mapping[str, Sequence[Any]]) -> None:
    """Print what a run came to. `results` are the stages' results by name, as `StageDisplay` gathered them."""
    for dataset in (results.get("synthesize") or results.get("curate") or [])[-1:]:
        if isinstance(dataset, DatasetRef):
            _show(console, _rows(dataset))
    if outcome.gates:
        _show(console, _gates(outcome.gates))
    _show(console, _verdict(outcome))
    if "answer_loss" in outcome.metrics:
        _show(console, _answers(outcome.metrics))
    console.print()
    for name, place in _next_steps(outcome, results):
        # Unbroken, however long, so that a path can be copied and clicked.
        console.print(Text.assemble((f"{name:<12}", "dim"), place), soft_wrap=True)


def show_dataset(console: Console, dataset: DatasetRef, results: Mapping[str, Sequence[Any]]) -> None:
    """Print what became of the rows, what they are good for, and where the reports are."""
    _show(console, _rows(dataset))
    console.print()
    for advice in (results.get("advise") or [])[-1:]:
        if isinstance(advice, Advice):
            console.print(Text(advice.sentence), soft_wrap=True, end="\n\n")
    for name, place in _data_reports(results):
        console.print(Text.assemble((f"{name:<12}", "dim"), place), soft_wrap=True)


def _data_reports(results: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
    for stage, page in (("validate", "data_docs/index.html"), ("curate", "data.html"), ("advise", "advice.md")):
        for artefact in (results.get(stage) or [])[-1:]:
            if isinstance(artefact, Artefact):
                yield stage, _folder(artefact.uri, f"report/{page}")


def _show(console: Console, part: RenderableType) -> None:
    """Print a part under a blank line, without the blanks that pad it."""
    console.print()
    with console.capture() as capture:
        console.print(part)
    for line in capture.get().splitlines():
        console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", border_style="dim")
    for name in columns:
        table.add_column(name)
    return table


def _rows(dataset: DatasetRef) -> Table:
    table = _table("Rows", "")
    table.columns[0].justify = "right"
    table.add_row(f"{dataset.rows_in:,}", "came in", style="bold")
    kept = ", ".join(f"{count:,} {split}" for split, count in dataset.rows.items())
    table.add_row(f"{sum(dataset.rows.values()):,}", f"kept: {kept}")
    table.add_row(f"{dataset.merged:,}", "merged into a row that they repeat")
    reasons = sorted(dataset.quarantined.items(), key=lambda item: -item[1])
    shown = [f"{count:,} {reason}" for reason, count in reasons[:_REASONS_SHOWN]]
    if len(reasons) > _REASONS_SHOWN:
        shown.append(f"{sum(count for _, count in reasons[_REASONS_SHOWN:]):,} for other reasons")
    table.add_row(f"{sum(dataset.quarantined.values()):,}", f"quarantined{': ' + ', '.join(shown) if shown else ''}")
    if dataset.made:
        table.add_row(f"{dataset.made:,}", "made: synthetic rows, all of them in train")
    if dataset.qualities:
        table.add_row("", "in order: " + ", ".join(f"{name} {value:.1%}" for name, value in dataset.qualities.items()))
    return table


def _gates(gates: Sequence[GateResult]) -> Table:
    table = _table("Gate", "Measured", "Interval", "Limit", "State", "Why")
    for column in table.columns[1:4]:
        column.justify = "right"
    for gate in gates:
        interval = "" if gate.low is None or gate.high is None else f"{_number(gate.low)} to {_number(gate.high)}"
        measured = "missing" if gate.measured is None else _number(gate.measured)
        state = Text(gate.state, _STYLES[gate.state])
        # Where a gate passed, the figures beside it say why; the comparison with the champion wants words.
        why = gate.reason if gate.state != "pass" or gate.name == "champion" else ""
        table.add_row(gate.name, measured, interval, _number(gate.limit), state, Text(why, "dim"))
    for column in table.columns[:5]:
        column.no_wrap = True
    return table


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _verdict(outcome: Outcome) -> Text:
    if outcome.candidate_digest is None:
        style = "bold red" if outcome.state == "rejected" else "bold yellow"
        return Text.assemble((outcome.state.capitalize(), style), f": {outcome.gates[0].reason} Nothing was trained.")
    short = [gate.name for gate in outcome.gates if gate.state == "fail"]
    unsure = [gate.name for gate in outcome.gates if gate.state == "inconclusive"]
    if outcome.state == "rejected":
        words = f": the candidate failed {_listed(short)}. Nothing was released."
        return Text.assemble(("Rejected", "bold red"), words)
    if outcome.state == "inconclusive":
        words = f": the holdout is too small to be sure of {_listed(unsure)}. Nothing was released."
        return Text.assemble(("Inconclusive", "bold yellow"), words)
    serves = f"{outcome.model} {outcome.release}"
    if outcome.unchanged:
        words = ": the candidate is the champion already, "
        return Text.assemble(("Unchanged", "bold green"), words, (serves, "bold"), ".")
    return Text.assemble(("Released", "bold green"), ": every gate passed; ", (serves, "bold"), " is the champion now.")


def _answers(metrics: Mapping[str, Measurement]) -> Text:
    """What a language model's answers are like, in a line; its gates look at one or two of these figures."""
    shares = {"token_f1": "token F1", "exact_match": "exact match", "preference_accuracy": "wanted answer preferred"}
    found = [f"{words} {metrics[name].value:.1%}" for name, words in shares.items() if name in metrics]
    found.append(f"perplexity {metrics['perplexity'].value:.2f}")
    found.append(f"{metrics['new_tokens_per_second'].value:.0f} tokens a second")
    if metrics["cut_answers"].value > 0:
        found.append(f"{metrics['cut_answers'].value:.1%} cut off")
    return Text.assemble(("Answers", "bold"), f": {', '.join(found)}.")


def _listed(names: Sequence[str]) -> str:
    gates = " and ".join(", ".join(names).rsplit(", ", 1))
    return f"the gate{'s' if len(names) > 1 else ''} {gates}" if names else "a gate"


def _next_steps(outcome: Outcome, results: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
    for data in (results.get("curate") or [])[-1:]:
        if isinstance(data, Artefact):
            yield "data", _folder(data.uri, "report/data.html")
    for report in (results.get("evaluate") or [])[:1]:
        if isinstance(report, Report):
            yield "report", _folder(report.uri, "report")
    for verdict in (results.get("gate") or [])[-1:]:
        if isinstance(verdict, Verdict):
            yield "verdict", _folder(verdict.uri, "report/verdict.html")
    if outcome.mlflow_run_id:
        yield "experiment", f"MLflow run {outcome.mlflow_run_id}; `make ui` opens it"
    for asked in (results.get("ask_for_labels") or [])[-1:]:
        if isinstance(asked, int) and asked:
            queue = _near(settings().queue / outcome.model)
            yield "questions", f"{asked} rows wait for a label in {queue}"
    if outcome.state == "released" and not outcome.unchanged:
        yield "undo", f"{python_command()} -m flows.rollback {shlex.quote(outcome.model)}"


def _folder(uri: str, below: str) -> str:
    parts = urlparse(uri)
    return _near(Path(unquote(parts.path)) / below) if parts.scheme == "file" else f"{uri}/{below}"


def _near(path: Path) -> str:
    """The path as seen from the working directory, where it lies below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def python_command() -> str:
    """How this Python is called from the working directory."""
    return shlex.quote(_near(Path(sys.executable)))
