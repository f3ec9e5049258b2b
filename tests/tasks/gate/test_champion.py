"""The candidate against the champion: by how much, how surely, and what cannot be compared fails."""

from __future__ import annotations

import pytest

from tasks.gate.champion import compare
from tasks.gate.config import ChampionGate, GatesConfig
from tasks.metrics.seed_noise import TrainerNoise
from tasks.records import GateResult
from tests.tasks.gate.stored_report import predictions, stored_report

ROWS = 600


def answers(*wrong: range) -> list[bool]:
    return [not any(number in part for part in wrong) for number in range(ROWS)]


def against_champion(ours: list[bool], theirs: list[bool], margin: float = 0.01) -> GateResult:
    policy = GatesConfig(champion=ChampionGate(margin=margin))
    (found,) = compare(stored_report(predictions(ours), "a"), stored_report(predictions(theirs), "b"), policy)
    return found


def judged_by(gate: ChampionGate, ours: list[bool], theirs: list[bool], known: TrainerNoise | None) -> GateResult:
    both = (stored_report(predictions(ours), "a"), stored_report(predictions(theirs), "b"))
    (found,) = compare(*both, GatesConfig(champion=gate), noise=known)
    return found


def noise(*scores: float) -> TrainerNoise:
    seeds = tuple(range(1, len(scores) + 1))
    return TrainerNoise(recipe_digest="r" * 64, holdout_digest="h" * 64, rows=ROWS, seeds=seeds, scores={"mcc": scores})


def test_a_better_candidate_passes_and_the_reason_says_by_how_much_and_how_surely() -> None:
    found = against_champion(answers(range(0, 20)), answers(range(0, 60)))
    assert found.state == "pass"
    assert found.measured == pytest.approx(0.1, abs=0.001)
    assert found.limit == -0.01
    assert found.reason.startswith("+10.0 points of MCC [+")
    assert "against the champion on the same 600 rows; McNemar p < 0.001" in found.reason


def test_a_worse_candidate_fails() -> None:
    found = against_champion(answers(range(0, 90)), answers(range(0, 30)))
    assert found.state == "fail"
    assert (found.high or 0) < -0.01
    assert "the loss is surely more than 1 point" in found.reason


def test_a_candidate_whose_loss_may_be_chance_is_inconclusive_and_told_how_many_rows_it_takes() -> None:
    found = against_champion(answers(range(0, 40)), answers(range(20, 60)))
    assert found.state == "inconclusive"
    assert (found.low or 0) < -0.01 < (found.high or 0)
    assert "a loss of more than 1 point is not ruled out; with about " in found.reason
    assert "holdout rows instead of 600" in found.reason


def test_a_wider_margin_accepts_what_a_narrow_one_does_not() -> None:
    ours, theirs = answers(range(0, 40)), answers(range(20, 56))
    assert against_champion(ours, theirs, margin=0.06).state == "pass"


def test_the_champion_itself_is_not_worse_than_itself() -> None:
    report = stored_report(predictions(answers(range(0, 40))), "a")
    (found,) = compare(report, report, GatesConfig(champion=ChampionGate(margin=0)))
    assert (found.state, found.measured, found.low, found.high) == ("pass", 0, 0, 0)
    assert "is the champion itself" in found.reason


def test_without_a_champion_the_gate_is_left_out() -> None:
    assert compare(stored_report(predictions(answers()), "a"), None, GatesConfig()) == []


def test_a_policy_that_does_not_ask_leaves_the_gate_out() -> None:
    report = stored_report(predictions(answers()), "a")
    assert compare(report, report, GatesConfig(champion=None)) == []


def test_superiority_asks_for_a_gain_that_is_shown() -> None:
    better = ChampionGate(policy="superiority", gain=0.02)
    equal, ahead = (judged_by(better, answers(range(0, wrong)), answers(range(20, 60)), None) for wrong in (40, 2))
    assert (equal.state, equal.limit) == ("inconclusive", 0.02)
    assert "a gain of more than 2 points is not shown; with about " in equal.reason
    assert ahead.state == "pass"
    assert "a gain of more than 2 points is shown" in ahead.reason
    assert judged_by(better, answers(range(0, 60)), answers(), None).reason.endswith(
        "a gain of more than 2 points is ruled out"
    )


def test_a_gain_that_another_seed_might_bring_as_well_is_no_superiority() -> None:
    better, ours, theirs = ChampionGate(policy="superiority"), answers(range(0, 2)), answers(range(20, 60))
    assert judged_by(better, ours, theirs, noise(0.90, 0.901, 0.902)).state == "pass"
    loud = judged_by(better, ours, theirs, noise(0.85, 0.90, 0.95))
    assert loud.state == "inconclusive"
    assert "are up to 30.4 points apart in 95% of all cases (3 seeds), which the interval holds" in loud.reason


def test_a_candidate_that_is_not_worse_is_not_held_to_the_noise_but_told_of_it() -> None:
    not_worse, ours, theirs = ChampionGate(), answers(range(0, 2)), answers(range(20, 60))
    quiet, loud = judged_by(not_worse, ours, theirs, None), judged_by(not_worse, ours, theirs, noise(0.85, 0.9, 0.95))
    assert (quiet.low, quiet.state) == (loud.low, loud.state)
    assert "are up to 30.4 points apart" in loud.reason


def test_the_champion_itself_needs_no_superiority() -> None:
    report = stored_report(predictions(answers(range(0, 40))), "a")
    (found,) = compare(report, report, GatesConfig(champion=ChampionGate(policy="superiority", gain=0.05)))
    assert (found.state, found.limit) == ("pass", 0)


@pytest.mark.parametrize("wrong", [{"gain": 0.02}, {"policy": "superiority", "margin": 0.02}])
def test_a_limit_of_the_other_policy_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="says nothing with the policy"):
        ChampionGate.model_validate(wrong)


def test_a_champion_measured_on_another_holdout_cannot_be_compared() -> None:
    rows = predictions(answers())
    (found,) = compare(stored_report(rows, "a"), stored_report(rows, "b", holdout="i" * 64), GatesConfig())
    assert (found.state, found.measured) == ("fail", None)
    assert "different holdouts (hhhhhhhhhhhh and iiiiiiiiiiii)" in found.reason


def test_a_champion_with_other_rows_cannot_be_compared() -> None:
    rows = predictions(answers())
    other = rows.assign(id=[f"s{number}" if number < 3 else name for number, name in enumerate(rows["id"])])
    (found,) = compare(stored_report(rows, "a"), stored_report(other, "b"), GatesConfig())
    assert (found.state, found.measured) == ("fail", None)
    assert "6 rows were predicted by one of them only, such as 'r0'" in found.reason


def test_rows_with_another_truth_cannot_be_compared() -> None:
    rows = predictions(answers())
    other = rows.assign(label=["refund", *rows["label"][1:]])
    (found,) = compare(stored_report(rows, "a"), stored_report(other, "b"), GatesConfig())
    assert (found.state, found.measured) == ("fail", None)
    assert "1 rows have another true label in one of the reports, such as 'r0'" in found.reason


def test_a_row_that_is_named_twice_cannot_be_compared() -> None:
    rows = predictions(answers())
    twice = rows.assign(id=["r1", *rows["id"][1:]])
    (found,) = compare(stored_report(rows, "a"), stored_report(twice, "b"), GatesConfig())
    assert found.state == "fail"
    assert "the champion's predictions name the row 'r1' twice" in found.reason


def test_reports_without_predictions_cannot_be_compared() -> None:
    rows = predictions(answers())
    (found,) = compare(stored_report(rows[:0], "a"), stored_report(rows[:0], "b"), GatesConfig())
    assert found.state == "fail"
    assert "the candidate's report has no predictions" in found.reason


def test_rows_are_paired_by_id_and_not_by_place() -> None:
    ours, theirs = predictions(answers(range(0, 40))), predictions(answers(range(20, 56)))
    mixed = theirs.sample(frac=1, random_state=0)
    straight = compare(stored_report(ours, "a"), stored_report(theirs, "b"), GatesConfig())
    assert compare(stored_report(ours, "a"), stored_report(mixed, "b"), GatesConfig()) == straight


def test_a_champion_without_a_label_is_compared_on_the_labels_of_both() -> None:
    ours, theirs = predictions(answers(range(0, 40))), predictions(answers())
    unknown = theirs["label"] == "refund"
    theirs = theirs.assign(predicted=theirs["predicted"].mask(unknown, "card"))
    (found,) = compare(stored_report(ours, "a"), stored_report(theirs, "b"), GatesConfig())
    assert found.state == "pass"
    assert (found.measured or 0) > 0.2


def test_a_champion_whose_labels_were_renamed_cannot_be_compared() -> None:
    ours, theirs = predictions(answers(range(0, 40))), predictions(answers())
    theirs = theirs.assign(predicted=theirs["predicted"].replace("refund", "retired_label"))
    (found,) = compare(stored_report(ours, "a"), stored_report(theirs, "b"), GatesConfig())
    assert (found.state, found.measured) == ("fail", None)
    assert "the champion says 'retired_label' for 'refund', so its labels were renamed" in found.reason
