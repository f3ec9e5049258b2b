"""Consistency: the majority is believed where it is clear, nobody where it is not, and agreement is the textbook's."""

from __future__ import annotations

import pandas as pd
import pytest

from tasks.curate.quality.consistency import Consistency, find_conflicts, krippendorff_alpha


def reasons(rows: pd.DataFrame, task: str, **settings: object) -> list[str]:
    return find_conflicts(rows, task, Consistency(**settings)).reasons.fillna("-").tolist()  # type: ignore[arg-type]


def test_a_minority_goes_where_the_majority_is_clear_and_all_go_where_it_is_not() -> None:
    texts = ["Where is my card?", "where is my card", "Where is MY card!", "Block it", "block it.", "Hello"]
    rows = pd.DataFrame({"text": texts, "label": ["arrival", "arrival", "lost", "block", "fee", "greeting"]})
    rows.index = pd.Index(range(10, 16))
    found = find_conflicts(rows, "classification", Consistency())
    assert found.reasons.dropna().to_dict() == {
        12: "minority_label",
        13: "conflicting_labels",
        14: "conflicting_labels",
    }
    assert found.in_conflict == 5
    assert found.measure == pytest.approx(1 / 6)
    assert reasons(rows, "classification", majority=0.7)[:3] == ["conflicting_labels"] * 3


def test_nearly_the_same_text_counts_as_the_same_and_an_unlabelled_row_has_no_say() -> None:
    long_text = (
        "my transfer from last week has still not reached the account of my landlord, please look into it and tell me"
    )
    texts = [long_text, long_text.replace("week", "weak"), long_text + "!"]
    rows = pd.DataFrame({"text": texts, "label": ["pending", "failed", None]})
    assert reasons(rows, "classification") == ["conflicting_labels", "conflicting_labels", "-"]
    assert reasons(rows, "classification", similarity=None) == ["-", "-", "-"]


@pytest.mark.parametrize("task", ["instruction", "chat"])
def test_short_answers_to_one_prompt_contradict_and_long_ones_are_wordings(task: str) -> None:
    prompts = ["Is it refundable?"] * 3 + ["Write a greeting"] * 2 + ["What is 2 + 3?", "What is 2 + 4?"]
    answers = ["Yes", "yes.", "No", "Hello and welcome to our shop", "Hi", "5", "6"]
    rows = pd.DataFrame({"text": prompts, "answer": answers})
    assert reasons(rows, task) == ["-", "-", "minority_answer", "-", "-", "-", "-"]
    assert reasons(rows, task, short_answer_words=0) == ["-"] * 7


def test_a_preference_both_ways_round_is_a_contradiction() -> None:
    rows = pd.DataFrame(
        {"text": ["Hi"] * 4, "answer": ["A b", "c D", "a", "a"], "rejected": ["C d", "a B!", "e", "f"]},
    )
    assert reasons(rows, "preference") == ["conflicting_preferences", "conflicting_preferences", "-", "-"]


def test_no_rows_and_rows_in_order_measure_one() -> None:
    none = pd.DataFrame({"text": pd.Series(dtype="str"), "label": pd.Series(dtype="str")})
    assert find_conflicts(none, "classification", Consistency()).measure == 1
    assert (
        find_conflicts(pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}), "classification", Consistency()).measure
        == 1
    )


KRIPPENDORFF = {
    0.095: ["0100000010", "1110010000"],
    0.743: ["123321412...", "1233224125.3", ".3332342251.", "12332441251."],
}


@pytest.mark.parametrize("alpha", [0.095, 0.743])
def test_agreement_is_that_of_the_papers_worked_examples(alpha: float) -> None:
    given = [
        (item, verdict) for coder in KRIPPENDORFF[alpha] for item, verdict in enumerate(coder) if verdict not in ". "
    ]
    table = pd.DataFrame(given, columns=["item", "verdict"])
    assert krippendorff_alpha(table["item"], table["verdict"]) == pytest.approx(alpha, abs=0.0005)


def test_agreement_needs_items_with_two_verdicts_and_two_kinds_of_verdict() -> None:
    assert krippendorff_alpha(pd.Series([1, 2]), pd.Series(["a", "b"])) is None
    assert krippendorff_alpha(pd.Series([1, 1]), pd.Series(["a", "a"])) is None
