"""The section `validation` of the YAML: what a row and a set must be like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self, get_args

from pydantic import Field, JsonValue, model_validator

from tasks.section import Section

Column = Literal["id", "text", "label", "group", "date", "answer", "rejected", "source", "row"]
SplitName = Literal["train", "validation", "holdout", "unlabelled"]
LONGEST_TEXT_TO_CLASSIFY = 5_000
LONGEST_PROMPT = 32_000
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list", "column_set")
EVALUATED = ("row_condition", "condition_parser", "unexpected_rows_query", "base_query", "comparison_query")
"""Arguments that Great Expectations runs as code or as a query."""
SHORTER = {
    "column_pair_values_": "pair_",
    "column_values_": "",
    "column_value_": "",
    "column_": "",
    "compound_columns_": "columns_",
    "multicolumn_values_": "columns_",
    "multicolumn_": "columns_",
    "select_column_values_": "columns_",
    "table_": "",
}
"""How an expectation's name begins, and how a reason made from it does."""


class ExpectationConfig(Section):
    """One more thing that rows, or a split as a whole, must meet: an expectation of Great Expectations by its name."""

    type: str = Field(pattern=r"^expect_[a-z0-9_]+$")
    """Its name, for example `expect_column_values_to_match_regex`; all are at greatexpectations.io/expectations."""
    column: Column | None = None
    """The column as Refit calls it (`text`, `label`, …), whatever it is called in the file; null for an expectation
    about several columns, which `arguments` names, or about the rows as such."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """Its other arguments, for example `{min_value: 3}`; plain values only, nothing in them is run as code."""
    splits: tuple[SplitName, ...] = Field(default=("train", "validation", "holdout"), min_length=1)
    """The splits it is for, as far as the data has them."""
    otherwise: Literal["set_aside", "stop"] = "set_aside"
    """What happens to rows that fail: they are set aside, or the run stops. An expectation about a split as a whole
    (a mean, a number of rows) can only stop."""
    reason: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{1,39}$")
    """The word under which rows are set aside; made from column and name where it is null."""

    @property
    def short_reason(self) -> str:
        """The word under which rows are set aside."""
        if self.reason is not None:
            return self.reason
        words = self.type.removeprefix("expect_")
        for prefix, short in SHORTER.items():
            if words.startswith(prefix):
                words = short + words.removeprefix(prefix)
                break
        words = words.replace("to_be_", "").replace("to_", "")
        return f"{self.column}_{words}" if self.column else words

    @model_validator(mode="after")
    def _nothing_is_run_as_code(self) -> Self:
        for name in sorted(EVALUATED):
            if name in self.arguments:
                raise ValueError(
                    f"{name} is refused: Great Expectations would run it as code. Say with `splits` which rows are "
                    "meant, or prepare a column of its own in the data"
                )
        if "$PARAMETER" in _keys(self.arguments):
            raise ValueError("$PARAMETER is refused: write the value itself")
        return self

    @model_validator(mode="after")
    def _names_columns_that_there_are(self) -> Self:
        if "column" in self.arguments:
            raise ValueError("name the column beside `type` as `column: text`, not among the arguments")
        allowed = get_args(Column)
        for argument in COLUMN_ARGUMENTS:
            named = self.arguments.get(argument, [])
            for name in named if isinstance(named, list) else [named]:
                if name not in allowed:
                    raise ValueError(f"{argument} names {name!r}, but the columns are {', '.join(allowed)}")
        return self

    @model_validator(mode="after")
    def _a_share_does_not_set_rows_aside(self) -> Self:
        if "mostly" in self.arguments and self.otherwise == "set_aside":
            raise ValueError(
                "`mostly` allows a share of failing rows, but `otherwise: set_aside` sets aside every one of them: "
                "write `otherwise: stop`, or leave `mostly` out (max_quarantined_share limits how many may go)"
            )
        return self


class ValidationConfig(Section):
    """What a row and a set must be like; checked with Great Expectations."""

    labels: tuple[str, ...] | None = Field(default=None, min_length=2)
    """Allowed labels (classification); without them every label of the training rows is allowed."""
    min_text_characters: int = Field(default=1, ge=1)
    """A shorter text, after trimming, is set aside."""
    max_text_characters: int | None = Field(default=None, ge=1)
    """A longer text, after trimming, is set aside; null means 5,000 for a text to classify, and 32,000 (about 8,000
    tokens) for a prompt or a conversation."""
    min_answer_characters: int = Field(default=1, ge=1)
    """A shorter answer (also the rejected one), after trimming, is set aside."""
    max_answer_characters: int = Field(default=32_000, ge=1)
    """A longer answer (also the rejected one), after trimming, is set aside."""
    min_rows: int = Field(default=50, ge=2)
    """Fewer good training rows than this stop the run."""
    min_rows_per_label: int = Field(default=5, ge=2)
    """A label with fewer good training rows than this stops the run (classification)."""
    max_quarantined_share: float = Field(default=0.10, ge=0, le=1)
    """A larger share of any split's rows set aside stops the run."""
    max_difference: float | None = Field(default=0.005, ge=0, lt=1)
    """Train may differ by this from validation, and from the holdout, in the share of missing cells and of each type of
    value in a column; more than it and more than chance stops the run. Null only reports."""
    max_label_shift: float | None = Field(default=None, gt=0, le=1)
    """Limit of the Jensen-Shannon distance (base 2, 0 to 1) between the labels and those that the champion was trained
    on; more stops the run. Null only reports."""
    max_length_shift: float | None = Field(default=None, gt=0, le=1)
    """Limit of the Kolmogorov-Smirnov statistic (0 to 1) between the lengths of texts, or answers, and those that the
    champion was trained on; more stops the run. Null only reports."""
    expectations: tuple[ExpectationConfig, ...] = ()
    """Your own expectations, checked after the built-in ones and in this order."""

    @model_validator(mode="after")
    def _some_length_is_allowed(self) -> Self:
        longest = self.max_text_characters or LONGEST_PROMPT
        if self.min_text_characters > longest:
            raise ValueError(
                f"min_text_characters is larger than max_text_characters ({longest:,}): no text could pass"
            )
        if self.min_answer_characters > self.max_answer_characters:
            raise ValueError("min_answer_characters is larger than max_answer_characters: no answer could pass")
        return self

    @model_validator(mode="after")
    def _a_reason_means_one_thing(self) -> Self:
        seen: dict[str, int] = {}
        for place, entry in enumerate(self.expectations):
            before = seen.setdefault(entry.short_reason, place)
            if before != place:
                raise ValueError(
                    f"expectations[{before}] and expectations[{place}] have the same reason, {entry.short_reason}: "
                    "give one of them a `reason` of its own"
                )
        return self


def _keys(value: JsonValue) -> Iterator[str]:
    """Every key of every mapping inside a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)
