"""The page of a verdict: what it says, that it takes nothing from the network, and that a browser shows it."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from infra.storage import file_sha256
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.gate.config import GatesConfig
from tasks.gate.looks import count_look
from tasks.gate.verdict import Judging, keep_verdict
from tasks.records import DatasetRef, GateResult, Measurement, Report, SideBySide
from tasks.store import fetch, keep, workspace
from tests.tasks.gate.stored_report import GOOD, evidence_of, predictions, stored_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NASTY = "<script>alert(1)</script> & a \\| pipe"


def gate(name: str, state: str, measured: float | None = 0.85, **more: Any) -> GateResult:
    ends = (None, None) if measured is None else (measured - 0.05, measured + 0.05)
    fields = {"name": name, "state": state, "measured": measured, "low": ends[0], "high": ends[1], "limit": 0.8}
    return GateResult.model_validate({**fields, "reason": f"{name} is {state}", **more})


GATES = [
    gate("quality", "inconclusive", plots=("latency.png", "not_drawn.png")),
    gate("fairness", "fail", 0.5, reason=NASTY),
    gate("energy", "fail", None, plots=("energy.png",)),
    gate("calibration", "pass", 0.02),
]
THEIRS = {**GOOD, "ece": Measurement(value=0.031, low=0.012, high=0.043)}


def with_picture(report: Report) -> Report:
    with workspace("report") as folder:
        shutil.copytree(fetch(report), folder / "copy", ignore=shutil.ignore_patterns("manifest.json"))
        (folder / "copy/report").mkdir()
        (folder / "copy/report/latency.png").write_bytes(PIXEL)
        stored = keep("reports", folder / "copy")
    return report.model_copy(update={"uri": stored.uri, "digest": stored.digest})


def measured_in_turns() -> SideBySide:
    with workspace("side-by-side") as folder:
        (folder / "report").mkdir()
        (folder / "report/energy.png").write_bytes(PIXEL + b"energy")
        stored = keep("side-by-side", folder)
    figures = {"joules_per_1000": 8.0, "joules_per_1000_champion": 10.0, "energy_is_modelled": 1.0}
    return SideBySide(
        uri=stored.uri, digest=stored.digest, candidate_digest="a" * 64, champion_digest="b" * 64,
        metrics={name: Measurement(value=value) for name, value in figures.items()},
    )  # fmt: skip


def holdout_of(rows: int) -> tuple[DatasetRef, str]:
    """A dataset whose holdout has a text with a telephone number for each row, and the digest of that holdout."""
    texts = [f"row {number}: call me on +49 30 901820 | <b>now</b>" for number in range(rows)]
    frame = pd.DataFrame({"id": [f"r{number}" for number in range(rows)], "text": texts, "row": range(rows)})
    dataset = keep_dataset({"holdout": frame}, empty_rows(), rows_in=rows, merged=0, origin={})
    return dataset, file_sha256(fetch(dataset) / "holdout.parquet")


def written(
    gates: list[GateResult],
    champion: bool = True,
    model: str = "intents",
    dataset: DatasetRef | None = None,
    holdout: str = "h" * 64,
) -> Path:
    """The report folder of a verdict."""
    ours = with_picture(stored_report(predictions([True] * 40 + [False] * 30 + [True]), "a", holdout=holdout))
    theirs = stored_report(predictions([False] * 25 + [True] * 46), "b", THEIRS, holdout) if champion else None
    both = measured_in_turns() if champion else None
    evidence = evidence_of(ours, champion_report=theirs, both=both, dataset=dataset)
    kept = keep_verdict(gates, Judging(evidence, GatesConfig(), model, "c" * 64))
    return Path(str(kept["uri"]).removeprefix("file://")) / "report"


class Outline(HTMLParser):
    """Every attribute that could make a browser ask for something, and the elements that the page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}]


def test_the_verdict_comes_first_in_words_and_then_a_row_for_each_gate() -> None:
    text = (written(GATES) / "verdict.html").read_text(encoding="utf-8")
    first = text.index("✗ Fail: a gate failed, so the candidate is not released.")
    places = [text.index(f'<td class="name">{each.name}</td>') for each in GATES]
    assert [first, *places] == sorted([first, *places])
    assert text.count("<svg") == 3
    assert text.count("nothing to draw") == 1
    for word in ("✓ Pass", "✗ Fail", "? Inconclusive"):
        assert word in text


def test_nothing_is_asked_from_the_network_and_nothing_of_a_reason_is_run() -> None:
    text = (written(GATES) / "verdict.html").read_text(encoding="utf-8")
    outline = Outline(text)
    assert "script" not in outline.tags
    assert "&lt;script&gt;" in text
    assert outline.asked
    assert all(address.startswith("data:") for address in outline.asked)


def test_pictures_of_the_report_are_embedded_under_their_gate_and_one_that_was_not_drawn_is_left_out() -> None:
    text = (written(GATES) / "verdict.html").read_text(encoding="utf-8")
    quality = text[text.index('<td class="name">quality') : text.index('<td class="name">fairness')]
    assert f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}" in quality
    assert "1 picture: latency<" in quality
    assert "not_drawn" not in text


def test_pictures_of_the_comparison_side_by_side_are_embedded_and_the_markdown_says_where_they_lie() -> None:
    folder = written(GATES)
    text = (folder / "verdict.html").read_text(encoding="utf-8")
    energy = text[text.index('<td class="name">energy') : text.index('<td class="name">calibration')]
    assert f"data:image/png;base64,{base64.b64encode(PIXEL + b'energy').decode()}" in energy
    assert f"| energy | energy.png | {measured_in_turns().digest} |" in (folder / "verdict.md").read_text("utf-8")


def test_the_champion_stands_beside_the_candidate_where_both_were_measured() -> None:
    folder = written(GATES)
    text, markdown = (folder / "verdict.html").read_text("utf-8"), (folder / "verdict.md").read_text("utf-8")
    calibration = text[text.index('<td class="name">calibration') :]
    assert "0.031<" in calibration
    assert "champion 0.031, interval 0.012 to 0.043" in calibration
    assert 'class="theirs"' in calibration
    assert "| 0.031 [0.012 to 0.043] |" in markdown
    for said in (text, markdown):
        assert "joules of a thousand predictions (modelled): candidate 8, champion 10" in said


def test_rows_that_changed_sides_are_quoted_masked_where_the_holdout_is_at_hand() -> None:
    dataset, holdout = holdout_of(71)
    folder = written(GATES, dataset=dataset, holdout=holdout)
    text, markdown = (folder / "verdict.html").read_text("utf-8"), (folder / "verdict.md").read_text("utf-8")
    assert "row 40: call me on &lt;PHONE&gt; |" in text
    assert "row 40: call me on &lt;PHONE> \\|" in markdown
    for said in (text, markdown):
        assert "901820" not in said
        assert "<b>now" not in said
    assert "row 40" not in (written(GATES, dataset=dataset) / "verdict.html").read_text("utf-8"), "another holdout"


def test_rows_that_changed_sides_are_counted_and_the_first_are_named() -> None:
    folder = written(GATES)
    text = (folder / "verdict.html").read_text(encoding="utf-8")
    assert "<b>25</b>only the candidate is right" in text
    assert "<b>30</b>only the champion is right" in text
    assert "the first 20 of 30" in text
    assert '<td class="digest">r40</td>' in text
    assert '<td class="digest">r60</td>' not in text, "the twenty-first is counted and not named"
    assert "only the champion: 30" in (folder / "verdict.md").read_text(encoding="utf-8")


def test_a_first_candidate_has_no_champion_beside_it() -> None:
    text = (written([gate("quality", "pass")], champion=False) / "verdict.html").read_text(encoding="utf-8")
    assert "✓ Pass: every gate passed, so the candidate may be released." in text
    assert "Rows that changed sides" not in text
    assert "Champion</th>" not in text


def test_what_to_do_next_follows_from_the_gates_and_failures_come_first() -> None:
    text = (written(GATES) / "verdict.md").read_text(encoding="utf-8")
    steps = text[text.index("## What to do next") : text.index("## What it rests on")]
    assert steps.index("fairness failed") < steps.index("energy could not be judged") < steps.index("quality is not")
    assert "calibration" not in steps
    assert "python -m flows.override" in steps


def test_looks_and_signature_are_said_openly() -> None:
    for digest in "xyz":
        count_look("intents", "h" * 64, digest)
    for name in ("verdict.html", "verdict.md"):
        text = (written([gate("quality", "pass", 0.851)]) / name).read_text(encoding="utf-8")
        assert "This holdout was looked at 4 times" in text
        assert "The holdout wears out" in text
        assert "Not signed: whoever can write to the store" in text


def test_the_markdown_keeps_its_table_whatever_a_reason_says() -> None:
    text = (written(GATES) / "verdict.md").read_text(encoding="utf-8")
    gates = text[text.index("## Gates") : text.index("## What to do next")]
    rows = [line for line in gates.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(GATES)
    assert all(line.replace("\\\\", "").replace("\\|", "").count("|") == 8 for line in rows)
    assert "<script>" not in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian's package chromium, for example)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra dev)")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"), [(1100, "light"), (1100, "dark"), (900, "light"), (720, "light"), (360, "dark")]
)
def test_a_browser_shows_the_page_without_an_error_or_a_request(browser: Any, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    dataset, holdout = holdout_of(71)
    address = (written(GATES, dataset=dataset, holdout=holdout) / "verdict.html").as_uri()
    page.goto(address)
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.evaluate("document.documentElement.scrollWidth") == width, "nothing sticks out to the side"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(18, 22, 28)") == (scheme == "dark")
    for word in ("✓ Pass", "✗ Fail", "? Inconclusive"):
        assert page.get_by_text(word, exact=True).first.is_visible(), "a state is told by words and not by colour alone"
    page.close()
