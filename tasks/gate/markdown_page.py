"""The page of a verdict in Markdown: all that the page in HTML says, with pictures named by where they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tasks.gate.shown import GateRow, Shown
from tasks.gate.sides import SHOWN, Row, Sides

TAG = re.compile(r"<(?=[A-Za-z/!?])")
"""Where HTML would begin."""


def markdown_page(page: Shown) -> str:
    """The whole page, the verdict first."""
    return "\n\n".join(_parts(page)) + "\n"


def _parts(page: Shown) -> Iterator[str]:
    yield f"# Verdict{f' on {page.model}' if page.model else ''}"
    yield f"{page.sign} **{page.word}**: {page.follows}"
    yield _rests_on_rows(page)
    yield "## Gates"
    yield _gates(page)
    yield from _compared(page.gates)
    yield "## What to do next"
    yield "\n".join(f"- {_plain(step)}" for step in page.steps)
    if page.sides:
        yield from _sides(page.sides)
    drawn = [(gate.name, picture) for gate in page.gates for picture in gate.pictures]
    if drawn:
        yield "## Pictures"
        yield "They are in `verdict.html` beside this page, and in the folder `report/` of what they were drawn for."
        yield _table(["Gate", "Picture", "Of"], [[gate, each.name, each.digest] for gate, each in drawn])
    yield "## The candidate beside the champion" if page.beside_champion else "## The candidate's figures"
    yield _figures(page)
    if page.not_measured:
        yield "\n".join(f"- Not measured: {part}, because {_plain(why)}." for part, why in page.not_measured)
    yield "## What it rests on"
    yield page.looked
    if page.warning:
        yield f"**Warning.** {_plain(page.warning)}"
    yield "\n".join(f"- {name}: `{digest}`" for name, digest in page.bound)
    yield page.signed


def _rests_on_rows(page: Shown) -> str:
    missed = "".join(f" {word}: **{', '.join(names)}**." for word, names in page.missed)
    beside = ", and beside the champion on the same rows" if page.beside_champion else ""
    return f"Judged on {page.rows:,} holdout rows{beside}.{missed}"


def _gates(page: Shown) -> str:
    header = ["Gate", "State", "Measured", "Interval", "Limit", *(["Champion"] if page.beside_champion else [])]
    rows = []
    for gate in page.gates:
        theirs = f"{gate.champion} [{gate.champion_interval}]" if gate.champion else "-"
        row = [gate.name, f"{gate.sign} {gate.state}", gate.measured, gate.interval, gate.limit]
        rows.append([*row, *([theirs] if page.beside_champion else []), gate.reason])
    return _table([*header, "Reason"], rows)


def _compared(gates: Sequence[GateRow]) -> Iterator[str]:
    lines = [f"- {gate.name}: {gate.compared}" for gate in gates if gate.compared]
    if lines:
        yield "\n".join(lines)


def _sides(sides: Sides) -> Iterator[str]:
    yield "## Rows that changed sides"
    yield (
        f"Right on a row means that {sides.right}. Both right: {sides.both_right:,}; both wrong: {sides.both_wrong:,}; "
        f"only the candidate: {sides.won:,}; only the champion: {sides.lost:,}. Personal data is masked and long texts "
        "are cut."
    )
    for heading, rows, every in (
        ("Only the champion is right", sides.first_lost, sides.lost),
        ("Only the candidate is right", sides.first_won, sides.won),
    ):
        if rows:
            yield f"### {heading}{f': the first {SHOWN} of {every:,}' if every > len(rows) else ''}"
            yield _rows(rows)


def _rows(rows: Sequence[Row]) -> str:
    cells = [[row.id, row.text, row.wanted, row.champion, row.candidate] for row in rows]
    header = ["Row", "Text", "Wanted", "Champion", "Candidate"]
    said = [place for place in range(len(header)) if any(row[place] for row in cells)]
    return _table([header[place] for place in said], [[row[place] for place in said] for row in cells])


def _figures(page: Shown) -> str:
    if page.beside_champion:
        return _table(["Figure", "Candidate", "Interval", "Champion", "Interval"], page.figures)
    return _table(["Figure", "Candidate", "Interval"], [row[:3] for row in page.figures])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(header), ["---"] * len(header), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Words of others as text in one line: they make no HTML, code, link or picture of the page."""
    line = " ".join(text.replace("\\", "\\\\").replace("`", "'").split())
    return TAG.sub("&lt;", line.replace("](", "]\\(").replace("*", "\\*"))
