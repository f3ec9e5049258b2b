"""Which rows changed sides between champion and candidate, by id."""

from __future__ import annotations

import pandas as pd

from tasks.gate.sides import QUOTED_CHARACTERS, SHOWN, Row, changed_sides
from tests.tasks.gate.stored_report import predictions


def test_rows_are_counted_by_who_is_right_and_the_first_are_named() -> None:
    sides = changed_sides(predictions([True, True, False, False]), predictions([True, False, True, False]))
    assert sides is not None
    assert (sides.both_right, sides.both_wrong, sides.won, sides.lost) == (1, 1, 1, 1)
    assert sides.first_won == (Row("r1", "login", "refund", "login"),)
    assert sides.first_lost == (Row("r2", "refund", "refund", "card"),)


def test_rows_are_paired_by_id_and_at_most_twenty_are_named() -> None:
    ours, theirs = predictions([True] * 50), predictions([False] * 50).sample(frac=1, random_state=0)
    sides = changed_sides(ours, theirs)
    assert sides is not None
    assert (sides.won, len(sides.first_won), SHOWN) == (50, 20, 20)
    assert [row.id for row in sides.first_won] == [f"r{number}" for number in range(20)]


def test_answers_are_compared_by_their_score_and_quoted_with_personal_data_masked() -> None:
    ours = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "reference": "write to ann@example.org",
            "generated": ["write to ann@example.org", "x", None],
            "exact_match": [1.0, 0.0, float("nan")],
        }
    )
    theirs = ours.assign(exact_match=[0.0, 0.0, float("nan")], generated=None)
    sides = changed_sides(ours, theirs)
    assert sides is not None
    assert (sides.won, sides.both_wrong, sides.both_right, sides.lost) == (1, 1, 0, 0)
    (row,) = sides.first_won
    assert (row.id, row.champion, row.text) == ("a", "", "")
    assert row.wanted == row.candidate
    assert row.wanted.startswith("write to ")
    assert "ann" not in row.wanted
    assert "words of the wanted one" in sides.right


def test_predictions_of_other_rows_or_another_kind_are_not_set_side_by_side() -> None:
    rows = predictions([True, False])
    assert changed_sides(rows, rows.assign(id=["r0", "x"])) is None
    assert changed_sides(rows, rows.assign(id=["r0", "r0"])) is None
    assert changed_sides(rows, pd.DataFrame({"id": ["r0", "r1"], "exact_match": [1.0, 0.0]})) is None


def test_texts_are_masked_and_cut_and_only_those_that_are_known_are_quoted() -> None:
    texts = {"r0": "my mail is ann@example.org " + "and so on " * 40}
    sides = changed_sides(predictions([True, True]), predictions([False, False]), texts)
    assert sides is not None
    first, second = sides.first_won
    assert first.text.startswith("my mail is ")
    assert "example.org" not in first.text
    assert len(first.text) == QUOTED_CHARACTERS
    assert second.text == ""
