"""What rows must be like, as data: each check names an expectation of Great Expectations and a short reason for people.

The order matters: a row that fails twice is set aside for the first. Ids come first because a row is known by its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.datasets.folder import SPLITS
from tasks.errors import UserInputError
from tasks.records import TaskKind
from tasks.validate.config import LONGEST_PROMPT, LONGEST_TEXT_TO_CLASSIFY, ValidationConfig
from tasks.validate.conversations import FAULTS
from tasks.validate.derived_columns import ANSWERS, CONVERSATION, SAME

Scope = Literal["row", "rows_together", "split"]
WORDS = {
    "missing_id": "missing id",
    "repeated_id": "id that stands twice",
    "missing_text": "missing text",
    "empty_text": "empty text",
    "text_too_short": "text too short",
    "text_too_long": "text too long",
    "missing_label": "missing label",
    "unknown_label": "label not allowed",
    "missing_answer": "missing answer",
    "empty_answer": "empty answer",
    "answer_too_short": "answer too short",
    "answer_too_long": "answer too long",
    "missing_rejected": "missing rejected answer",
    "empty_rejected": "empty rejected answer",
    "rejected_too_short": "rejected answer too short",
    "rejected_too_long": "rejected answer too long",
    "same_answers": "rejected answer that is the chosen one",
    **FAULTS,
}
"""Every built-in reason in words for a person."""


@dataclass(frozen=True)
class Check:
    """One expectation, and what follows where it is not met."""

    reason: str
    """Short and stable: rows that fail are set aside under it."""
    type: str
    """The expectation as Great Expectations calls it."""
    arguments: Mapping[str, Any]
    scope: Scope = "row"
    """Whether a row is judged by itself, in the company of all the others of its split, or the split as a whole."""
    otherwise: Literal["set_aside", "stop"] = "set_aside"
    splits: Sequence[str] = field(default=SPLITS)
    place: str | None = None
    """Where the user wrote it; null for a built-in one."""

    @property
    def columns(self) -> list[str]:
        """The columns that it looks at; none for one about the rows as such."""
        named = [self.arguments[name] for name in ("column", "column_A", "column_B") if name in self.arguments]
        return [*named, *self.arguments.get("column_list", ())]

    @property
    def name(self) -> str:
        """The expectation with its columns, for example `expect_column_values_to_not_be_null(label)`."""
        return f"{self.type}({', '.join(self.columns)})" if self.columns else self.type

    @property
    def words(self) -> str:
        """The reason in words for a person."""
        return in_words(self.reason)


def in_words(reason: str) -> str:
    """A reason as a person says it; one of the user's own as it is written."""
    return WORDS.get(reason, reason.replace("_", " "))


def built_in_checks(task: TaskKind, split: str, allowed: Sequence[str], config: ValidationConfig) -> list[Check]:
    """The checks of a split; unlabelled rows are asked for a text alone."""
    most = config.max_text_characters or (LONGEST_TEXT_TO_CLASSIFY if task == "classification" else LONGEST_PROMPT)
    checks = [_check("missing_id", "values_to_not_be_null", "id"), _ids_are_unique()]
    checks += _text_checks("text", config.min_text_characters, most)
    if task == "chat":
        checks += _conversation_checks()
    if split == "unlabelled":
        return checks
    if task == "classification":
        return checks + _label_checks(allowed)
    for column in ("answer", "rejected") if task == "preference" else ("answer",):
        checks += _text_checks(column, config.min_answer_characters, config.max_answer_characters)
    return [*checks, _answers_differ()] if task == "preference" else checks


def refuse_labels_without_classes(task: TaskKind, config: ValidationConfig) -> None:
    """Raise UserInputError where the config names labels for rows that have none."""
    if config.labels is not None and task != "classification":
        raise UserInputError(
            f"validation.labels names the labels of a classification, but data.task is {task}: leave it out"
        )


def _check(reason: str, expectation: str, column: str, **arguments: Any) -> Check:
    return Check(reason, f"expect_column_{expectation}", {"column": column, **arguments})


def _ids_are_unique() -> Check:
    return Check("repeated_id", "expect_column_values_to_be_unique", {"column": "id"}, scope="rows_together")


def _text_checks(column: str, least: int, most: int) -> list[Check]:
    checks = [
        _check(f"missing_{column}", "values_to_not_be_null", column),
        _check(f"empty_{column}", "values_to_match_regex", column, regex=r"\S"),
        _check(f"{column}_too_long", "value_lengths_to_be_between", column, max_value=most),
    ]
    too_short = _check(f"{column}_too_short", "value_lengths_to_be_between", column, min_value=least)
    # A trimmed text of no characters is an empty one already.
    return [*checks, too_short] if least > 1 else checks


def _conversation_checks() -> list[Check]:
    return [_check(fault, "values_to_not_be_in_set", CONVERSATION, value_set=[fault]) for fault in FAULTS]


def _label_checks(allowed: Sequence[str]) -> list[Check]:
    missing = _check("missing_label", "values_to_not_be_null", "label")
    if not allowed:
        return [missing]
    return [missing, _check("unknown_label", "values_to_be_in_set", "label", value_set=sorted(allowed))]


def _answers_differ() -> Check:
    return _check("same_answers", "values_to_not_be_in_set", ANSWERS, value_set=[SAME])
