"""Great Expectations' Data Docs as static pages: personal data masked, the same bytes for the same result."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.pii.shown_rows import shown_text
from tasks.validate.checked_set import CheckedSplit
from tasks.validate.library import great_expectations
from tasks.validate.suite import Outcome

CELLS_SHOWN = 20
ELEMENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FROM_ELSEWHERE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<footer\b.*?</footer>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL
)
"""What Great Expectations' pages load from other hosts, and what is of no use without it."""
SUITE_LINK = re.compile(r'<a href="\.\./[^"]*expectations/[^"]*"\s*>(.*?)</a>')
HOME_LINK = re.compile(r"(?:\.\./)+index\.html")
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem; border-bottom: 1px solid #ddd; }
td { overflow-wrap: anywhere; }
.ge-breadcrumbs { display: flex; gap: 1rem; list-style: none; padding: 0; }
.ge-navigation-sidebar-container ul { display: flex; gap: 1rem; list-style: none; padding: 0; }
.btn-group, a[data-toggle="collapse"] { display: none; }
.badge { background: #eef2f7; border-radius: 4px; padding: 0 .3rem; margin-right: .2rem; display: inline-block; }
.failed, .text-danger { color: #b00020; }
.text-success { color: #2e7d32; }
i { font-style: normal; }
i.text-danger::before { content: "✗ failed"; }
i.text-success::before { content: "✓ met"; }
</style>"""
PLAIN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "ignore_row_if")
LISTS = ("unexpected_list", "unexpected_index_list", "partial_unexpected_list", "partial_unexpected_index_list")
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data Docs</title>
{style}
</head><body>
<h1>Data Docs</h1>
<p>What Great Expectations {version} found in each split. Quoted cells are masked and cut.</p>
<table><tr><th>Split</th><th>Rows</th><th>Expectations met</th></tr>
{rows}
</table>
<h2>Reasons</h2>
<p>Rows are set aside under the reason of the first expectation that they fail; here each is counted under all.</p>
<table><tr><th>Reason</th><th>Expectation</th><th>If not met</th>{splits}</tr>
{reasons}
</table></body></html>
"""


def write_data_docs(splits: Sequence[CheckedSplit], folder: Path) -> None:
    """Write `<split>.html` for each split and `index.html`. The results are masked in place: read them before.

    Great Expectations puts cells into its pages as they are, so each is masked, cut and escaped first.
    """
    version = great_expectations().__version__
    from great_expectations.render.view import DefaultJinjaPageView

    view = DefaultJinjaPageView()
    folder.mkdir(parents=True)
    for one in splits:
        (folder / f"{one.split}.html").write_text(_split_page(one, version, view), encoding="utf-8")
    index = INDEX.format(
        style=STYLE,
        version=version,
        rows="\n".join(map(_split_row, splits)),
        splits="".join(f"<th>{one.split}</th>" for one in splits),
        reasons="\n".join(_reason_rows(splits)),
    )
    (folder / "index.html").write_text(index, encoding="utf-8")


def _split_page(one: CheckedSplit, version: str, view: Any) -> str:
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    for outcome in one.outcomes:
        _mask_result(outcome.result)
    met, asked = _met(one), len(one.outcomes)
    result = ExpectationSuiteValidationResult(
        success=met == asked,
        results=[outcome.result for outcome in one.outcomes],
        suite_name=one.split,
        statistics={
            "evaluated_expectations": asked,
            "successful_expectations": met,
            "unsuccessful_expectations": asked - met,
            "success_percent": 100 * met / asked,
        },
        meta={"great_expectations_version": version},
    )
    return _self_contained(view.render(ValidationResultsPageRenderer().render(result)))


def _mask_result(one: Any) -> None:
    one.result = {
        str(name): _masked(value[:CELLS_SHOWN] if name in LISTS and isinstance(value, list) else value)
        for name, value in one.result.items()
    }
    for name, value in one.expectation_config.kwargs.items():
        if name not in PLAIN_ARGUMENTS:
            one.expectation_config.kwargs[name] = _masked(value)


def _masked(value: Any) -> Any:
    """A value that may be shown: numbers as they are, and everything else as masked, cut and escaped text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_masked(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_masked(inner) for inner in value]
    return html.escape(shown_text(str(value)))


def _self_contained(page: str) -> str:
    """The page without random ids, and with nothing from other hosts: it can be read offline and tells nobody."""
    page = FROM_ELSEWHERE.sub("", page).replace("</head>", f"{STYLE}</head>", 1)
    page = HOME_LINK.sub("index.html", SUITE_LINK.sub(r"\1", page))
    names: dict[str, str] = {}
    return ELEMENT_ID.sub(lambda match: names.setdefault(match[0], f"part-{len(names) + 1}"), page)


def _met(one: CheckedSplit) -> int:
    return sum(outcome.met for outcome in one.outcomes)


def _split_row(one: CheckedSplit) -> str:
    kind = "" if _met(one) == len(one.outcomes) else ' class="failed"'
    link = f'<a href="{one.split}.html">{one.split}</a>'
    return f"<tr><td>{link}</td><td>{len(one.rows):,}</td><td{kind}>{_met(one)} of {len(one.outcomes)}</td></tr>"


def _reason_rows(splits: Sequence[CheckedSplit]) -> list[str]:
    found: dict[str, dict[str, Outcome]] = {}
    for one in splits:
        for outcome in one.outcomes:
            found.setdefault(outcome.check.reason, {})[one.split] = outcome
    return [_reason_row(by_split, [one.split for one in splits]) for by_split in found.values()]


def _reason_row(by_split: dict[str, Outcome], splits: list[str]) -> str:
    check = next(iter(by_split.values())).check
    follows = "rows set aside" if check.otherwise == "set_aside" else "stops the run"
    cells = "".join(f"<td{_how(by_split.get(split))}</td>" for split in splits)
    return f"<tr><td>{check.reason}</td><td>{html.escape(check.name)}</td><td>{follows}</td>{cells}</tr>"


def _how(outcome: Outcome | None) -> str:
    """The rest of a table cell: the rows that fail, or for a split as a whole whether it is met."""
    if outcome is None:
        return ">"
    said = f"{int(outcome.fails.sum()):,}" if outcome.check.scope != "split" else "met" if outcome.met else "not met"
    return f">{said}" if outcome.met else f' class="failed">{said}'
