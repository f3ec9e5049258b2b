"""Each check sets the right rows aside under its own reason, in one piece or in many."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.errors import UserInputError
from tasks.records import TaskKind
from tasks.validate import suite
from tasks.validate.checks import WORDS, Check, built_in_checks, refuse_labels_without_classes
from tasks.validate.config import ValidationConfig
from tasks.validate.conversations import FAULTS
from tasks.validate.suite import Outcome, first_reasons, run_checks
from tests.tasks.pii.made_up_rows import rows
from tests.tasks.validate.answered_rows import answered, chat

CONFIG = ValidationConfig(min_text_characters=3, max_text_characters=20)
CASES = {
    "fine words": None,
    "  padded to be long      ": None,
    "": "empty_text",
    " \t\n\u00a0": "empty_text",
    "  ab  ": "text_too_short",
    "x" * 21: "text_too_long",
}


def why(
    frame: pd.DataFrame,
    split: str = "train",
    allowed: tuple[str, ...] = ("a", "b"),
    task: TaskKind = "classification",
    config: ValidationConfig = CONFIG,
) -> list[str | None]:
    found = first_reasons(run_checks(built_in_checks(task, split, allowed, config), frame, split), frame)
    assert found.index.equals(frame.index)
    return [None if pd.isna(name) else str(name) for name in found]


def test_texts_are_judged_after_trimming() -> None:
    assert why(rows((text, "a") for text in CASES)) == list(CASES.values())


def test_a_missing_text_or_label_and_a_label_not_allowed_are_told_apart() -> None:
    found = why(rows([(None, "a"), ("a text", None), ("a text", "c"), ("a text", "b")]))
    assert found == ["missing_text", "missing_label", "unknown_label", None]


def test_a_row_that_fails_twice_is_named_for_the_first_expectation() -> None:
    assert why(rows([("", None)])) == ["empty_text"]


def test_unlabelled_rows_are_not_asked_for_labels() -> None:
    assert why(rows([("a text", None), ("other", "z")]), split="unlabelled") == [None, None]


def test_rows_without_an_id_or_with_the_same_one_are_set_aside_and_no_others() -> None:
    frame = rows([("one", "a"), ("two", "a"), ("three", "a"), ("four", "a")])
    frame["id"] = pd.Series(["1", "1", None, "4"], dtype="str")
    assert why(frame) == ["repeated_id", "repeated_id", "missing_id", None]


def test_an_index_that_does_not_begin_at_zero_does_no_harm() -> None:
    frame = rows([("", "a"), ("fine", "a"), ("", "b")])[1:]
    assert why(frame) == [None, "empty_text"]


def test_an_instruction_needs_a_prompt_and_an_answer_of_a_fit_length() -> None:
    config = ValidationConfig(max_answer_characters=10, min_answer_characters=2)
    cells = [("Say so.", "So.", None), ("Say so.", None, None), ("Say so.", " ", None), (None, "So.", None)]
    cells += [("Say so.", "x", None), ("Say so.", "x" * 11, None)]
    found = why(answered(cells), task="instruction", config=config)
    assert found == [None, "missing_answer", "empty_answer", "missing_text", "answer_too_short", "answer_too_long"]
    assert why(answered(cells[:3]), "unlabelled", task="instruction", config=config) == [None, None, None]


def test_a_prompt_may_be_longer_than_a_text_to_classify() -> None:
    text, config = "word " * 4_000, ValidationConfig()
    assert why(answered([(text, "Yes.", None)]), task="instruction", config=config) == [None]
    assert why(rows([(text, "a")]), config=config) == ["text_too_long"]


def test_a_preference_needs_two_answers_that_differ() -> None:
    cells = [("Q?", "A", "B"), ("Q?", "A", None), ("Q?", None, "B"), ("Q?", "A", "  "), ("Q?", "A", " A\n")]
    found = why(answered(cells), task="preference", config=ValidationConfig())
    assert found == [None, "missing_rejected", "missing_answer", "empty_rejected", "same_answers"]


def test_a_chat_is_a_list_of_turns_in_order() -> None:
    user, bot, system = ("user", "Hi."), ("assistant", "Hello."), ("system", "Be kind.")
    cases = {
        chat(user): None,
        chat(system, user, bot, user): None,
        "plain words": "not_a_conversation",
        '{"role": "user", "content": "Hi."}': "not_a_conversation",
        '[{"role": "user"}]': "not_a_conversation",
        "[]": "not_a_conversation",
        chat(user, ("tool", "42"), user): "unknown_role",
        chat(bot, user): "roles_out_of_order",
        chat(user, system, user): "roles_out_of_order",
        chat(system): "no_user_turn_last",
        chat(user, bot): "no_user_turn_last",
        chat(("user", " ")): "empty_turn",
    }
    found = why(answered((text, "Fine.", None) for text in cases), task="chat", config=ValidationConfig())
    assert found == list(cases.values())
    assert {reason for reason in found if reason} == set(FAULTS)


def test_labels_in_the_config_are_refused_where_rows_have_none() -> None:
    with pytest.raises(UserInputError, match=r"validation\.labels .* data\.task is chat"):
        refuse_labels_without_classes("chat", ValidationConfig(labels=("a", "b")))


def test_every_check_has_a_reason_of_its_own_and_words_for_it() -> None:
    for task in TaskKind.__args__:  # type: ignore[attr-defined]
        reasons = [check.reason for check in built_in_checks(task, "train", ("a",), CONFIG)]
        assert len(set(reasons)) == len(reasons)
        assert set(reasons) <= set(WORDS)


def figures(outcomes: list[Outcome]) -> list[object]:
    return [(one.met, one.fails.tolist(), one.result.result) for one in outcomes]


def test_pieces_come_to_the_same_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [("fine text", "a"), ("", "a"), (None, "b"), ("fine text", "c"), ("fine text", None), ("other", "b")] * 5
    frame = rows(cells)
    frame["id"] = frame["id"].where(frame["row"] != 29, "train-2")
    checks = [
        *built_in_checks("classification", "train", ("a", "b"), CONFIG),
        Check("mean", "expect_column_mean_to_be_between", {"column": "row", "max_value": 15}, "split", "stop"),
        Check("mostly", "expect_column_values_to_not_be_null", {"column": "text", "mostly": 0.8}, "row", "stop"),
    ]
    whole = run_checks(checks, frame, "train")
    monkeypatch.setattr(suite, "ROWS_A_PIECE", 7)
    in_pieces = run_checks(checks, frame, "train")
    assert figures(in_pieces) == figures(whole)
    by_reason = {one.check.reason: one for one in in_pieces}
    assert by_reason["repeated_id"].fails.nonzero()[0].tolist() == [1, 28]
    assert not by_reason["mean"].met
    assert by_reason["mean"].result.result["observed_value"] == 15.5
    assert by_reason["mostly"].met
    assert by_reason["mostly"].fails.sum() == 5


def test_great_expectations_says_nothing_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    why(rows([("one", "a")]))
    assert capfd.readouterr() == ("", "")
