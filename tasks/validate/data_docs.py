"""Great Expectations' Data Docs as static pages: personal data masked, the same bytes for the same result."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from tasks.pii.shown_rows import shown_text

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
LISTS = ("unexpected_list", "unexpected_index_list", "partial_unexpected_list", "partial_unexpected_index_list")
INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data Docs</title>
{style}
</head><body>
<h1>Data Docs</h1>
<p>What Great Expectations {version} found in each split. Quoted cells are masked and cut.</p>
<table><tr><th>Split</th><th>Rows</th><th>Expectations met</th></tr>
{rows}
</table></body></html>
"""


def write_data_docs(results: dict[str, Any], rows: dict[str, int], folder: Path) -> None:
    """Write `<split>.html` for each result and `index.html`. The results are masked in place: read them before.

    Great Expectations puts cells into its pages as they are, so each is masked, cut and escaped first.
    """
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    folder.mkdir(parents=True)
    for split, result in results.items():
        for one in result.results:
            _mask_result(one)
        result.meta = {"great_expectations_version": result.meta["great_expectations_version"]}
        page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result))
        (folder / f"{split}.html").write_text(_self_contained(page), encoding="utf-8")
    version = next(iter(results.values())).meta["great_expectations_version"]
    lines = "\n".join(_index_row(split, result, rows[split]) for split, result in results.items())
    (folder / "index.html").write_text(INDEX.format(style=STYLE, version=version, rows=lines), encoding="utf-8")


def _mask_result(one: Any) -> None:
    one.result = {
        name: _masked(value[:CELLS_SHOWN] if name in LISTS and isinstance(value, list) else value)
        for name, value in one.result.items()
        if name != "unexpected_index_query"
    }
    if "value_set" in one.expectation_config.kwargs:
        one.expectation_config.kwargs["value_set"] = _masked(one.expectation_config.kwargs["value_set"])


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(shown_text(value))
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


def _self_contained(page: str) -> str:
    """The page without random ids, and with nothing from other hosts: it can be read offline and tells nobody."""
    page = FROM_ELSEWHERE.sub("", page).replace("</head>", f"{STYLE}</head>", 1)
    page = HOME_LINK.sub("index.html", SUITE_LINK.sub(r"\1", page))
    names: dict[str, str] = {}
    return ELEMENT_ID.sub(lambda match: names.setdefault(match[0], f"part-{len(names) + 1}"), page)


def _index_row(split: str, result: Any, rows: int) -> str:
    met, all_of_them = result.statistics["successful_expectations"], result.statistics["evaluated_expectations"]
    kind = "" if met == all_of_them else ' class="failed"'
    return f'<tr><td><a href="{split}.html">{split}</a></td><td>{rows:,}</td><td{kind}>{met} of {all_of_them}</td></tr>'
