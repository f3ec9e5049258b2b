"""The user's own expectations: each entry of the YAML looked up in Great Expectations, and made a check.

Nothing of an entry is run as code: its name is looked up in a list, its arguments are values, and the arguments that
Great Expectations would evaluate are refused when the config is loaded.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

from tasks.errors import UserInputError
from tasks.validate.checks import WORDS, Check, Scope
from tasks.validate.config import EVALUATED, ExpectationConfig, ValidationConfig
from tasks.validate.library import great_expectations

NOT_ABOUT_ROWS = re.compile(
    r"unexpected_rows|query_results|other_table|like_pattern"  # what only a database can answer
    r"|table_column|column_to_exist|type_to_be|of_type|in_type_list"  # Refit's columns are always there, and text
)
ROWS_TOGETHER = {
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
    "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_decreasing",
    "expect_column_value_z_scores_to_be_less_than",
    "expect_column_values_to_not_be_outliers",
}
"""Expectations that judge a row in the company of the others."""
NAMED = 3


def own_checks(config: ValidationConfig) -> list[Check]:
    """The checks of `validation.expectations`, in their order.

    Raises UserInputError, which names the entry, for a name or an argument that Great Expectations does not know, and
    for an expectation about a split as a whole that is to set rows aside.
    """
    return [_own_check(entry, f"validation.expectations[{i}]") for i, entry in enumerate(config.expectations)]


def _own_check(entry: ExpectationConfig, place: str) -> Check:
    known = _known()
    if entry.type not in known:
        raise UserInputError(
            f"{place}: there is no expectation about rows called {entry.type}; {_nearest(entry.type, list(known))}"
        )
    scope = _scope(entry.type)
    if scope == "split" and entry.otherwise == "set_aside":
        raise UserInputError(
            f"{place}: {entry.type} is about a split as a whole, so that no rows can be set aside for it: "
            "write `otherwise: stop`"
        )
    if entry.short_reason in WORDS:
        raise UserInputError(
            f"{place}: the reason {entry.short_reason} is a built-in check's: give the entry a `reason` of its own"
        )
    arguments = dict(entry.arguments) if entry.column is None else {"column": entry.column, **entry.arguments}
    _refuse_wrong_arguments(entry, known[entry.type], arguments, place)
    return Check(entry.short_reason, entry.type, arguments, scope, entry.otherwise, entry.splits, place)


def _known() -> dict[str, Any]:
    """Every expectation about rows: its name, and its class."""
    great_expectations()
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    names = sorted(list_registered_expectation_implementations())
    return {name: get_expectation_impl(name) for name in names if not NOT_ABOUT_ROWS.search(name)}


def _scope(name: str) -> Scope:
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )

    by_row = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    if not issubclass(_known()[name], by_row):
        return "split"
    return "rows_together" if name in ROWS_TOGETHER else "row"


def _refuse_wrong_arguments(entry: ExpectationConfig, kind: Any, arguments: dict[str, Any], place: str) -> None:
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.expectations.expectation import Expectation

    takes = sorted(set(kind.__fields__) - set(Expectation.__fields__) - {"batch_id", "library_metadata", *EVALUATED})
    for name in arguments:
        if name not in takes:
            raise UserInputError(f"{place}: {entry.type} has no argument {name!r}; it takes {', '.join(takes)}")
    try:
        kind(**arguments)
    except ValidationError as error:
        raise UserInputError(
            f"{place}: {entry.type} does not go together with these arguments: {_said(error.errors())}. "
            f"It takes {', '.join(takes)}"
        ) from None


def _said(problems: list[dict[str, Any]]) -> str:
    """What the library says about each argument, and about all of them together where each is in order."""
    by_argument = {str(one["loc"][0]): str(one["msg"]) for one in reversed(problems)}
    together = by_argument.pop("__root__", "")
    return "; ".join(f"{name}: {message}" for name, message in sorted(by_argument.items())) or together


def _nearest(name: str, known: list[str]) -> str:
    return f"the nearest are {', '.join(difflib.get_close_matches(name, known, n=NAMED, cutoff=0))}"
