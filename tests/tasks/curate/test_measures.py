"""Measures of the six qualities, and the gates on them."""

from __future__ import annotations

from tasks.curate.measures import QUALITIES, Measured, Tally, missed_gate


def test_a_measure_is_the_share_of_rows_in_order() -> None:
    assert Measured("alignment", looked_at=200, flagged=5).value == 0.975
    assert Measured("alignment", looked_at=0, flagged=0).value is None


def test_a_gate_stops_what_is_below_it_and_says_where_to_look() -> None:
    fine = Measured("relevance", 100, 1, limit=0.99)
    bad = Measured("alignment", 100, 5, limit=0.96)
    assert missed_gate([fine]) is None
    assert missed_gate([fine, bad]) == (
        "the quality alignment (rows whose label agrees with what the others teach) is 95.00%, and "
        "curation.alignment.min asks for 96.00%: see the flagged rows in the report; mend them, or lower the limit"
    )


def test_a_quality_with_a_gate_that_was_not_measured_does_not_pass() -> None:
    missing = Measured("relevance", 0, 0, limit=0.5, note="nothing was embedded")
    assert "was not measured (nothing was embedded)" in str(missed_gate([missing]))


def test_a_tally_counts_what_was_flagged_and_what_left() -> None:
    tally = Tally("uniqueness", None, looked_at=10)
    tally.add(2, removed=True)
    tally.add(1, removed=False)
    assert tally.measured() == Measured("uniqueness", 10, 3, 2)


def test_the_six_qualities_are_those_of_the_mission() -> None:
    assert list(QUALITIES) == ["relevance", "alignment", "consistency", "formatting", "uniqueness", "compliance"]
