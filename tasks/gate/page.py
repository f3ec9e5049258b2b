"""The verdict for people: `verdict.html`, one file that needs no network, and `verdict.md`, the same in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tasks.gate.interval_drawing import WIDTH
from tasks.gate.markdown_page import markdown_page
from tasks.gate.shown import Page, shown
from tasks.gate.sides import SHOWN
from tasks.records import Verdict
from tasks.store import fetch

TEMPLATE = "verdict_page.html"
HTML, MARKDOWN = "verdict.html", "verdict.md"


def write_pages(folder: Path, page: Page) -> None:
    """Write both files into `folder`, which exists."""
    words = shown(page)
    (folder / HTML).write_text(_template().render(page=words, width=WIDTH, most_rows=SHOWN), encoding="utf-8")
    (folder / MARKDOWN).write_text(markdown_page(words), encoding="utf-8")


def page_for_prefect(verdict: Verdict) -> str:
    """The page of a stored verdict in Markdown, with the way to the one that has its pictures in it."""
    text = (fetch(verdict) / "report" / MARKDOWN).read_text(encoding="utf-8")
    title, _, rest = text.partition("\n")
    return f"{title}\n\nWith every picture in one file: `{verdict.uri}/report/{HTML}`\n{rest}"


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    places = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=places, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(TEMPLATE)
