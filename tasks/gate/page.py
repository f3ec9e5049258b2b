"""The verdict for people: `verdict.html`, one file that needs no network, and `verdict.md`, the same in Markdown."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.gate.interval_drawing import WIDTH, Drawing, drawing_of
from tasks.gate.looks import Looks
from tasks.gate.next_steps import next_steps
from tasks.gate.sides import SHOWN, Row, Sides, changed_sides
from tasks.records import GateResult, Measurement, Report, State
from tasks.store import fetch, fetch_whole

TEMPLATE = "verdict_page.html"
SENTENCES: dict[State, tuple[str, str, str]] = {
    "pass": ("✓", "Pass", "every gate passed, so the candidate may be released."),
    "fail": ("✗", "Fail", "a gate failed, so the candidate is not released."),
    "inconclusive": (
        "?",
        "Inconclusive",
        "no gate failed, but the data cannot settle every one, so nothing is released.",
    ),
}
BOUND = {
    "candidate_digest": "candidate",
    "champion_digest": "champion",
    "holdout_digest": "holdout",
    "policy_digest": "policy",
    "code_digest": "code",
}
PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Page:
    """What the page shows. `said` holds the verdict's fields as they are stored."""

    gates: Sequence[GateResult]
    said: dict[str, Any]
    report: Report
    champion_report: Report | None
    looks: Looks


@dataclass(frozen=True)
class GateRow:
    """One gate as it is shown."""

    name: str
    state: State
    sign: str
    word: str
    measured: str
    interval: str
    limit: str
    reason: str
    drawing: Drawing | None
    pictures: tuple[tuple[str, str], ...]
    """Name and data URI of each picture; an empty URI where the report does not have it."""


def write_pages(folder: Path, page: Page) -> None:
    """Write both files into `folder`, which exists."""
    state: State = page.said["state"]
    sides = _sides(page)
    steps, signed, looked = next_steps(state, page.gates, page.looks), _signed(page.said), page.looks.sentence
    bound = [(name, page.said[field] or "none") for field, name in BOUND.items()]
    sign, word, follows = SENTENCES[state]
    html = _template().render(
        title=f"{page.said['model'] or 'Verdict'}: {word.lower()}",
        model=page.said["model"],
        state=state,
        sign=sign,
        word=word,
        follows=follows,
        missed=_missed(page.gates),
        gates=[_gate_row(gate, page.report) for gate in page.gates],
        width=WIDTH,
        figures=_figures(page.report, page.champion_report),
        champion=page.champion_report is not None,
        rows=page.report.rows,
        sides=sides,
        shown=SHOWN,
        steps=steps,
        looked=looked,
        warning=page.looks.warning,
        bound=[*bound, ("report", page.report.digest)],
        signed=signed,
    )
    (folder / "verdict.html").write_text(html, encoding="utf-8")
    markdown = [
        "# Verdict",
        f"{sign} **{word}**: {follows}",
        _gate_table(page.gates),
        *([_sides_words(sides)] if sides else []),
        "## What to do next",
        "\n".join(f"- {step}" for step in steps),
        "## What it rests on",
        looked,
        "\n".join(f"- {name}: `{digest}`" for name, digest in bound),
        signed,
    ]
    (folder / "verdict.md").write_text("\n\n".join(markdown) + "\n", encoding="utf-8")


def _missed(gates: Sequence[GateResult]) -> list[tuple[str, list[str]]]:
    """The gates that did not pass, by what became of them."""
    named = {
        word: [gate.name for gate in gates if gate.state == state]
        for state, word in (("fail", "Failed"), ("inconclusive", "Not settled"))
    }
    return [(word, names) for word, names in named.items() if names]


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    places = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=places, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(TEMPLATE)


def _gate_row(gate: GateResult, report: Report) -> GateRow:
    sign, word, _ = SENTENCES[gate.state]
    folder = fetch(report) / "report" if gate.plots else Path()
    return GateRow(
        name=gate.name,
        state=gate.state,
        sign=sign,
        word=word,
        measured=_number(gate.measured),
        interval=_interval(gate.low, gate.high),
        limit=_number(gate.limit),
        reason=gate.reason,
        drawing=drawing_of(gate),
        pictures=tuple((name, _data_uri(folder / name)) for name in gate.plots),
    )


def _data_uri(path: Path) -> str:
    kind = PICTURES.get(path.suffix)
    if kind is None or not path.is_file():
        return ""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _figures(report: Report, champion_report: Report | None) -> list[tuple[str, str, str, str, str]]:
    """Name, value and interval of the candidate's figures, and the champion's beside them."""
    theirs = champion_report.metrics if champion_report else {}
    names = [*report.metrics, *(name for name in theirs if name not in report.metrics)]
    return [(name, *_shown(report.metrics.get(name)), *_shown(theirs.get(name))) for name in names]


def _shown(measured: Measurement | None) -> tuple[str, str]:
    return ("-", "") if measured is None else (_number(measured.value), _interval(measured.low, measured.high))


def _sides(page: Page) -> Sides | None:
    if page.champion_report is None or page.champion_report.model_digest == page.report.model_digest:
        return None
    ours, theirs = (
        pd.read_parquet(fetch_whole(each) / "predictions.parquet") for each in (page.report, page.champion_report)
    )
    return changed_sides(ours, theirs)


def _signed(said: dict[str, Any]) -> str:
    if said["signed_by"]:
        return f"Signed with the ed25519 key whose fingerprint (SHA-256) is {said['signed_by']}."
    return (
        "Not signed: whoever can write to the store could have written this verdict. python -m flows.signing_key "
        "makes a key, and signing.private_key in the YAML names it."
    )


def _gate_table(gates: Sequence[GateResult]) -> str:
    lines = ["| Gate | Measured | Interval | Limit | State | Reason |", "|---|---:|---:|---:|---|---|"]
    for gate in gates:
        reason = gate.reason.replace("|", "\\|")
        interval = _interval(gate.low, gate.high)
        lines.append(
            f"| {gate.name} | {_number(gate.measured)} | {interval} | {_number(gate.limit)} | {gate.state} | {reason} |"
        )
    return "\n".join(lines)


def _sides_words(sides: Sides) -> str:
    counts = (
        f"Right on a row means that {sides.right}. Both right: {sides.both_right:,}; both wrong: {sides.both_wrong:,}; "
        f"only the candidate: {sides.won:,}; only the champion: {sides.lost:,}."
    )
    named = [
        f"- only the candidate, first: {_ids(sides.first_won)}",
        f"- only the champion, first: {_ids(sides.first_lost)}",
    ]
    return f"## Rows that changed sides\n\n{counts}\n\n" + "\n".join(named)


def _ids(rows: Sequence[Row]) -> str:
    return ", ".join(f"`{row.id}`" for row in rows) or "none"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.4g} to {high:.4g}"
