"""The Great Expectations suites: what each split's rows must be like, and which rows are not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pandas as pd

from tasks.validate.config import ValidationConfig

IN_WORDS = {
    "expect_column_values_to_not_be_null(id)": "missing id",
    "expect_column_values_to_be_unique(id)": "id that stands twice",
    "expect_column_values_to_not_be_null(text)": "missing text",
    "expect_column_values_to_match_regex(text)": "empty text",
    "expect_column_value_lengths_to_be_between(text)": "text too short or too long",
    "expect_column_values_to_not_be_null(label)": "missing label",
    "expect_column_values_to_be_in_set(label)": "label not allowed",
}
"""Every expectation in words for a person."""


def build_suite(split: str, allowed: Sequence[str], config: ValidationConfig) -> Any:
    """The suite of a split, an `ExpectationSuite`; unlabelled rows are not asked for labels.

    The order matters: a row that fails twice is set aside for the first. Ids come first because a row is known by its
    id in the results.
    """
    gx = _great_expectations()
    from great_expectations import expectations as expect

    least, most = config.min_text_characters, config.max_text_characters
    expectations = [
        expect.ExpectColumnValuesToNotBeNull(column="id"),
        expect.ExpectColumnValuesToBeUnique(column="id"),
        expect.ExpectColumnValuesToNotBeNull(column="text"),
        expect.ExpectColumnValuesToMatchRegex(column="text", regex=r"\S"),
        expect.ExpectColumnValueLengthsToBeBetween(column="text", min_value=least, max_value=most),
    ]
    if split != "unlabelled":
        expectations.append(expect.ExpectColumnValuesToNotBeNull(column="label"))
        if allowed:
            expectations.append(expect.ExpectColumnValuesToBeInSet(column="label", value_set=sorted(allowed)))
    return gx.ExpectationSuite(name=split, expectations=expectations)


def run_suite(suite: Any, rows: pd.DataFrame) -> Any:
    """The result of a suite on rows, texts trimmed: an `ExpectationSuiteValidationResult` naming the failing rows."""
    context = _quiet_context()
    asset = context.data_sources.add_pandas("dataset").add_dataframe_asset(suite.name)
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch(
        {"dataframe": rows.assign(text=rows["text"].str.strip()).reset_index(drop=True)}
    )
    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["id", "row"],
        "include_unexpected_rows": False,
    }
    result = batch.validate(suite, result_format=wanted)
    faults = [one.exception_info["exception_message"] for one in result.results if _raised(one)]
    if faults:
        raise RuntimeError(f"Great Expectations could not check the split {suite.name}: {faults[0]}")
    return result


def reasons(suite: Any, result: Any, rows: pd.DataFrame) -> pd.Series:
    """For each row the name of the first expectation that it fails, null where it fails none."""
    found = pd.Series(None, index=rows.index, dtype="str")
    by_name = {expectation_name(one): one.result["unexpected_index_list"] or [] for one in result.results}
    for expectation in suite.expectations:
        name = f"{expectation.expectation_type}({expectation.column})"
        ids = {place["id"] for place in by_name[name] if not pd.isna(place["id"])}
        fails = rows["id"].isna() if name == "expect_column_values_to_not_be_null(id)" else rows["id"].isin(ids)
        found = found.mask(found.isna() & fails, name)
    return found


def expectation_name(one: Any) -> str:
    """How an expectation of a result is called as a reason: its type and its column."""
    return f"{one.expectation_config.type}({one.expectation_config.kwargs['column']})"


def _raised(one: Any) -> bool:
    return bool(one.exception_info and one.exception_info.get("raised_exception"))


def _great_expectations() -> Any:
    # Read when the library is first imported; nothing of a user's run is sent anywhere.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations

    return great_expectations


def _quiet_context() -> Any:
    gx = _great_expectations()
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)
