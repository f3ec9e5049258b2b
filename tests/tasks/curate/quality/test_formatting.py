"""Broken forms are found, each by its reason, and text that only looks odd is left alone."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from tasks.curate.quality.formatting import Formatting, flag_format
from tasks.datasets.folder import with_all_columns
from tasks.errors import UserInputError
from tasks.records import TaskKind


def frame(**columns: list[Any]) -> pd.DataFrame:
    """Rows with COLUMNS, their index from 10 on."""
    count = len(next(iter(columns.values())))
    made = pd.DataFrame({"id": [f"r{n}" for n in range(count)], "source": "x", "row": range(count), **columns})
    return with_all_columns(made.set_axis(range(10, 10 + count)))


def fault(task: TaskKind = "instruction", settings: Formatting | None = None, **cells: Any) -> str | None:
    """The reason given for one row; None where it is in order."""
    row = frame(**{name: [cell] for name, cell in {"text": "What is it?", **cells}.items()})
    reason = flag_format(row, task, settings or Formatting()).item()
    return None if pd.isna(reason) else str(reason)


def chat(*turns: tuple[str, str]) -> str:
    return json.dumps([{"role": role, "content": said} for role, said in turns], ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (chat(("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye")), None),
        (chat(("user", "Weather?"), ("assistant", "I look."), ("tool", "rain")), None),
        ("Human: hi", "not_a_chat"),
        ('{"role":"user","content":"hi"}', "not_a_chat"),
        ('[{"role":"user"}]', "not_a_chat"),
        ("[" * 100_000, "not_a_chat"),
        (chat(("human", "Hi")), "unknown_role"),
        (chat(("user", "Hi"), ("assistant", " "), ("user", "Hello?")), "empty_turn"),
        (chat(("user", "Hi"), ("user", "Hello?")), "turns_out_of_order"),
        (chat(("assistant", "Hi"), ("user", "Hello?")), "turns_out_of_order"),
        (chat(("user", "Hi"), ("system", "Be kind."), ("user", "Hello?")), "turns_out_of_order"),
        (chat(("user", "Hi"), ("assistant", "Hello")), "turns_out_of_order"),
        (chat(("user", "a\x00b")), "control_characters"),
    ],
)
def test_a_chat_is_a_list_of_turns_in_order_that_awaits_an_answer(text: str, reason: str | None) -> None:
    assert fault("chat", text=text, answer="Fine.") == reason


def test_a_chat_may_have_the_roles_that_the_settings_name() -> None:
    text = chat(("customer", "Where is it?"))
    assert fault("chat", text=text) == "unknown_role"
    assert fault("chat", Formatting(roles=("customer", "assistant")), text=text) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"total": 1, "currency": "EUR"}', None),
        ('{"total": 1}', "missing_json_key"),
        ("[1]", "missing_json_key"),
        ('```json\n{"total": 1, "currency": "EUR"}\n```', "not_json"),
        ('{"total": NaN, "currency": "EUR"}', "not_json"),
        ('{"total": 1, "curr', "not_json"),
    ],
)
def test_answers_asked_for_as_json_parse_and_have_their_keys(answer: str, reason: str | None) -> None:
    settings = Formatting(json_answers=True, json_required_keys=("total", "currency"))
    assert fault(settings=settings, answer=answer) == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("CafÃ© au lait", "mojibake"),
        ("It costs Â£5", "mojibake"),
        ("donâ€™t", "mojibake"),
        ("caf\ufffd", "mojibake"),
        ("Ð¾Ð¹", "mojibake"),
        ("café, naïve, AMANHÃ, \u2018AMANHÃ\u2019, “AMANHÃ” and 20 °C", None),
        ("a\x0bb", "control_characters"),
        ("one\r\n\ttwo", None),
        ("5&nbsp;&euro;", "html_left_over"),
        ("<div class='x'><p>Hi</p></div>", "html_left_over"),
        ("Call <PHONE> or write to <EMAIL>, R&D; a < b > c", None),
        ("A long and winding review of a film that I liked very much, all in all.<br>Go and see it yourself.", None),
        ("In HTML a paragraph is written as <p>text</p>", None),
        ("x" * 40, "degenerate_repetition"),
        ("I am so sorry. " * 40, "degenerate_repetition"),
        ("nooooooooooo!!!!!!!\n" + "-" * 60, None),
        ("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 60, None),
        ("First you boil the water, and", "answer_truncated"),
        ("```python\nprint(1)", "answer_truncated"),
        ("I miss her :-(", None),
        ("Kind regards,", None),
        (" ", "answer_too_short"),
        (None, None),
    ],
)
def test_characters_that_are_broken_are_told_from_those_that_look_odd(answer: str | None, reason: str | None) -> None:
    prompt = "How do I write a web page?" if answer and "In HTML" in answer else "What is it?"
    assert fault(text=prompt, answer=answer) == reason
    if reason not in (None, "answer_truncated", "answer_too_short"):
        assert fault("classification", text=answer) == reason


def test_two_equal_answers_prefer_nothing() -> None:
    assert fault("preference", answer="Yes.", rejected="Yes.") == "answers_are_the_same"
    assert fault("preference", answer="Yes.", rejected="No.") is None


def test_answers_have_the_lengths_that_the_settings_allow() -> None:
    settings = Formatting(min_answer_characters=3, max_answer_characters=5)
    rows = frame(text=["?"] * 3, answer=["  ab ", "abcd", "abcdef"])
    assert flag_format(rows, "instruction", settings).fillna("").tolist() == ["answer_too_short", "", "answer_too_long"]


def test_what_is_ignored_gives_way_to_the_next_fault() -> None:
    answer = "Ã© <br><br><br>is the"
    assert fault(answer=answer) == "mojibake"
    assert fault(settings=Formatting(ignore=("mojibake",)), answer=answer) == "html_left_over"
    assert fault(settings=Formatting(ignore=("mojibake", "html_left_over")), answer=answer) == "answer_truncated"


def test_a_chat_fault_that_is_ignored_hides_no_other() -> None:
    text = chat(("human", "Hi"), ("assistant", ""))
    assert fault("chat", text=text) == "unknown_role"
    assert fault("chat", Formatting(ignore=("unknown_role",)), text=text) == "empty_turn"
    assert fault("chat", Formatting(ignore=("unknown_role", "empty_turn")), text=text) == "turns_out_of_order"


def test_texts_that_are_surely_in_another_language_are_flagged_and_unclear_ones_are_not() -> None:
    texts = {
        "Wo ist meine Karte geblieben?": "wrong_language",
        "¿Por qué fue rechazado mi pago?": "wrong_language",
        "私のカードはどこですか": None,
        "Where has my card gone?": None,
        "Visa or Mastercard?": None,
        "OK": None,
        "https://example.org/wo-ist-meine-karte <EMAIL> 1234": None,
    }
    rows = frame(text=list(texts))
    reasons = flag_format(rows, "classification", Formatting(languages=("en", "ja")))
    assert reasons.index.equals(rows.index)
    assert [None if pd.isna(reason) else reason for reason in reasons] == list(texts.values())
    assert fault("classification", text="Wo ist meine Karte geblieben?") is None


def test_a_language_that_cannot_be_told_is_refused_with_those_that_can() -> None:
    with pytest.raises(UserInputError, match=r"curation.formatting.languages: xx cannot be told. Allowed: .*\bde\b"):
        fault(settings=Formatting(languages=("en", "xx")), answer="Yes.")


def test_no_rows_have_no_faults() -> None:
    assert flag_format(frame(text=[], answer=[]), "chat", Formatting(languages=("en",))).empty
