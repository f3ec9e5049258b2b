"""A split through its Great Expectations suite, in pieces, so that memory stays bounded however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.validate.checks import Check
from tasks.validate.derived_columns import needed_for, with_derived
from tasks.validate.library import great_expectations, quiet_context
from tasks.validate.pieces import merged_result

ROWS_A_PIECE = 100_000
TRIMMED = ("text", "answer", "rejected")
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
    # The cells are taken from the rows themselves where they are shown: here they would be a Python object each.
    "exclude_unexpected_values": True,
}


@dataclass(frozen=True)
class Outcome:
    """What came of one check on one split."""

    check: Check
    result: Any
    """An `ExpectationValidationResult` over all rows of the split."""
    fails: NDArray[np.bool_]
    """The rows that fail it, [n]; all false for a check of the split as a whole."""

    @property
    def met(self) -> bool:
        """Whether Great Expectations calls it a success."""
        return bool(self.result.success)


def run_checks(checks: Sequence[Check], rows: pd.DataFrame, split: str) -> list[Outcome]:
    """What came of each check, in order; texts and answers are judged after trimming.

    Raises UserInputError, which names the entry, where the library cannot check one of the user's own expectations.
    """
    in_pieces = [place for place, check in enumerate(checks) if check.scope == "row" or len(rows) <= ROWS_A_PIECE]
    at_once = sorted(set(range(len(checks))) - set(in_pieces))
    pieces: dict[int, list[Any]] = {place: [] for place in range(len(checks))}
    fails = {place: np.zeros(len(rows), dtype=bool) for place in range(len(checks))}
    for places, start, piece in [*_pieces(rows, in_pieces), *(([place], 0, rows) for place in at_once)]:
        for place, result in _run(checks, places, piece, split):
            fails[place][start + np.array(_taken_indices(result), dtype=np.int64)] = True
            pieces[place].append(result)
    return [
        Outcome(check, merged_result(pieces[place], check, rows, fails[place]), fails[place])
        for place, check in enumerate(checks)
    ]


def first_reasons(outcomes: Sequence[Outcome], rows: pd.DataFrame) -> pd.Series:
    """For each row the reason of the first check that sets it aside, null where there is none."""
    reasons = [outcome.check.reason for outcome in outcomes]
    first = np.full(len(rows), -1, dtype=np.int64)
    for place, outcome in enumerate(outcomes):
        if outcome.check.otherwise == "set_aside":
            first[outcome.fails & (first < 0)] = place
    codes = pd.Categorical.from_codes(first, categories=pd.Index(reasons, dtype="str"))
    return pd.Series(codes, index=rows.index).astype("str")


def _seen(rows: pd.DataFrame, checks: Sequence[Check]) -> pd.DataFrame:
    """The columns that the checks look at, numbered from 0, and at least one."""
    wanted = list(dict.fromkeys(["id", *(column for check in checks for column in check.columns)]))
    own = list(dict.fromkeys(name for column in wanted for name in needed_for(column)))
    frame = rows[own].reset_index(drop=True)
    frame = frame.assign(**{name: frame[name].str.strip() for name in TRIMMED if name in own})
    return with_derived(frame, wanted)


def _pieces(rows: pd.DataFrame, places: list[int]) -> Iterator[tuple[list[int], int, pd.DataFrame]]:
    """The places of checks that can be run in pieces, with where a piece begins and its rows; one piece for no rows."""
    for start in range(0, max(len(rows), 1), ROWS_A_PIECE):
        yield places, start, rows.iloc[start : start + ROWS_A_PIECE]


def _run(checks: Sequence[Check], places: Sequence[int], rows: pd.DataFrame, split: str) -> Iterator[tuple[int, Any]]:
    """The results of the checks at `places`, with their places; the library may give them in another order."""
    from great_expectations.expectations.registry import get_expectation_impl

    expectations = [
        get_expectation_impl(checks[place].type)(**checks[place].arguments, meta={"place": place}) for place in places
    ]
    suite = great_expectations().ExpectationSuite(name=split, expectations=expectations)
    asset = quiet_context().data_sources.add_pandas("dataset").add_dataframe_asset(split)
    frame = _seen(rows, [checks[place] for place in places])
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": frame})
    for result in batch.validate(suite, result_format=RESULT_FORMAT).results:
        place = result.expectation_config.meta["place"]
        _raise_faults(result, checks[place], split)
        yield place, result


def _raise_faults(result: Any, check: Check, split: str) -> None:
    info = result.exception_info or {}
    faults = [info] if "raised_exception" in info else list(info.values())
    said = [shown_text(str(one["exception_message"]), 300) for one in faults if one["raised_exception"]]
    if said and check.place is not None:
        raise UserInputError(f"{check.place}: {check.name} cannot be checked in the split {split}: {said[0]}")
    if said:
        raise RuntimeError(f"Great Expectations could not check the split {split}: {said[0]}")


def _taken_indices(result: Any) -> list[int]:
    """The places of the failing rows, which are taken out of the result: they may be as many as there are rows."""
    taken = result.result.pop("unexpected_index_list", None) or []
    result.result.pop("partial_unexpected_index_list", None)
    return list(taken)
