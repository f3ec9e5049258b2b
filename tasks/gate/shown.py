"""What the page of a verdict shows, in words and figures, whichever form it is written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from infra.storage import file_sha256
from tasks.datasets.folder import read_split
from tasks.gate.beside import Beside, beside
from tasks.gate.config import GatesConfig
from tasks.gate.evidence import Evidence
from tasks.gate.interval_drawing import Drawing, drawing_of
from tasks.gate.looks import Looks
from tasks.gate.next_steps import next_steps
from tasks.gate.pictures import Picture, pictures_of
from tasks.gate.sides import Sides, changed_sides
from tasks.records import Artefact, GateResult, Measurement, State
from tasks.store import fetch, fetch_whole

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
OF_THE_CHAMPION = "_champion"
"""How names end under which the comparison side by side gives the champion's figures."""


@dataclass(frozen=True)
class Page:
    """What the page is made from. `said` holds the verdict's fields as they are stored."""

    gates: Sequence[GateResult]
    said: dict[str, Any]
    evidence: Evidence
    policy: GatesConfig
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
    champion: str
    """What the champion was measured at; empty where it was not measured by this gate."""
    champion_interval: str
    reason: str
    compared: str
    """Of a gate that compares the two, the figures that it compared; else empty."""
    drawing: Drawing | None
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Shown:
    """Everything on the page, in its order."""

    title: str
    model: str
    state: State
    sign: str
    word: str
    follows: str
    rows: int
    beside_champion: bool
    missed: list[tuple[str, list[str]]]
    """The gates that did not pass, by what became of them."""
    gates: list[GateRow]
    steps: list[str]
    sides: Sides | None
    figures: list[tuple[str, str, str, str, str]]
    """Name, value and interval of the candidate's figures, and value and interval of the champion's."""
    not_measured: list[tuple[str, str]]
    """Part of the section evaluation, and why its figures are not there."""
    looked: str
    warning: str | None
    signed: str
    bound: list[tuple[str, str]]


def shown(page: Page) -> Shown:
    """The words and figures of a page."""
    state: State = page.said["state"]
    sign, word, follows = SENTENCES[state]
    evidence = page.evidence
    report, champion, both = evidence.report, evidence.predecessor, evidence.both
    theirs = beside(page.gates, report, champion, both, page.policy)
    drawn_in = [report, *([both] if both else [])]
    pictures = pictures_of(page.gates, drawn_in)
    bound = [(name, str(page.said[field] or "none")) for field, name in BOUND.items()]
    return Shown(
        title=f"{page.said['model'] or 'Verdict'}: {word.lower()}",
        model=str(page.said["model"] or ""),
        state=state,
        sign=sign,
        word=word,
        follows=follows,
        rows=report.rows,
        beside_champion=champion is not None,
        missed=_missed(page.gates),
        gates=[_gate_row(gate, theirs.get(gate.name, Beside()), pictures[gate.name]) for gate in page.gates],
        steps=next_steps(state, page.gates, page.looks),
        sides=_sides(evidence),
        figures=_figures(evidence),
        not_measured=sorted(report.missing.items()),
        looked=page.looks.sentence,
        warning=page.looks.warning,
        signed=_signed(page.said),
        bound=bound + [(name, each.digest) for name, each in _measured_in(evidence).items()],
    )


def _measured_in(evidence: Evidence) -> dict[str, Artefact]:
    found: dict[str, Artefact | None] = {
        "report": evidence.report,
        "champion's report": evidence.predecessor,
        "comparison side by side": evidence.both,
    }
    return {name: each for name, each in found.items() if each}


def _missed(gates: Sequence[GateResult]) -> list[tuple[str, list[str]]]:
    named = {
        word: [gate.name for gate in gates if gate.state == state]
        for state, word in (("fail", "Failed"), ("inconclusive", "Not settled"))
    }
    return [(word, names) for word, names in named.items() if names]


def _gate_row(gate: GateResult, theirs: Beside, pictures: tuple[Picture, ...]) -> GateRow:
    sign, word, _ = SENTENCES[gate.state]
    champion, champion_interval = _cells(theirs.theirs) if theirs.theirs else ("", "")
    return GateRow(
        name=gate.name,
        state=gate.state,
        sign=sign,
        word=word,
        measured=_number(gate.measured),
        interval=_interval(gate.low, gate.high),
        limit=_number(gate.limit),
        champion=champion,
        champion_interval=champion_interval,
        reason=gate.reason,
        compared=theirs.words,
        drawing=drawing_of(gate, theirs.theirs),
        pictures=pictures,
    )


def _figures(evidence: Evidence) -> list[tuple[str, str, str, str, str]]:
    both = evidence.both.metrics if evidence.both else {}
    of_champion = {name for name in both if name.endswith(OF_THE_CHAMPION)}
    ours = {**evidence.report.metrics, **{name: each for name, each in both.items() if name not in of_champion}}
    theirs: dict[str, Measurement] = {}
    if evidence.predecessor:
        beside_it = {name.removesuffix(OF_THE_CHAMPION): both[name] for name in both if name in of_champion}
        theirs = {**evidence.predecessor.metrics, **beside_it}
    names = [*ours, *(name for name in theirs if name not in ours)]
    return [(name, *_cells(ours.get(name)), *_cells(theirs.get(name))) for name in names]


def _cells(measured: Measurement | None) -> tuple[str, str]:
    return ("-", "") if measured is None else (_number(measured.value), _interval(measured.low, measured.high))


def _sides(evidence: Evidence) -> Sides | None:
    if evidence.predecessor is None:
        return None
    reports = (evidence.report, evidence.predecessor)
    ours, theirs = (pd.read_parquet(fetch_whole(each) / "predictions.parquet") for each in reports)
    return changed_sides(ours, theirs, _texts(evidence))


def _texts(evidence: Evidence) -> Mapping[str, str]:
    """The holdout's texts by id, where the dataset at hand has the very holdout that the report is about."""
    if evidence.dataset is None:
        return {}
    path = fetch(evidence.dataset) / "holdout.parquet"
    if not path.is_file() or file_sha256(path) != evidence.report.holdout_digest:
        return {}
    rows = read_split(evidence.dataset, "holdout")
    return dict(zip(rows["id"].astype(str), rows["text"].astype(str), strict=True))


def _signed(said: dict[str, Any]) -> str:
    if said["signed_by"]:
        return f"Signed with the ed25519 key whose fingerprint (SHA-256) is {said['signed_by']}."
    return (
        "Not signed: whoever can write to the store could have written this verdict. python -m flows.signing_key "
        "makes a key, and signing.private_key in the YAML names it."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.4g} to {high:.4g}"
