"""Language models are judged by what they are measured by: no gate of labels fails them or passes unseen."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.measure import measure_language_model
from tasks.gate.config import CalibrationGate, ChampionGate, GatesConfig, LatencyGate, QualityGate
from tasks.gate.policy import policy_for
from tasks.gate.signing_config import SigningConfig
from tasks.gate.task import gate
from tasks.records import GateResult, Measurement, Report, Verdict
from tests.tasks.gate.stored_report import evidence_of, stored_report
from tests.tasks.models.known_speaker import KnownSpeaker, make_answered_rows

CONFIG = EvaluationConfig(bootstrap_samples=200, generated_rows=400, timed_answers=80)
ALIKE = Measurement(value=0.999, low=0.99, high=1.0)
ROWS = make_answered_rows(400)
PAIRS = make_answered_rows(400, pairs=True)


def report_of(
    wrong: float, digest: str = "a", rows: pd.DataFrame = ROWS, config: EvaluationConfig = CONFIG, seed: int = 2
) -> Report:
    answers, _, metrics = measure_language_model(KnownSpeaker(rows, wrong, seed), rows, config)
    return stored_report(answers, digest, {**metrics, "parity_agreement.merged": ALIKE})


def judged(report: Report, champion_report: Report | None = None, **policy: object) -> Verdict:
    wanted = GatesConfig.model_validate(policy)
    verdict: Verdict = gate.fn(  # type: ignore[attr-defined]
        evidence_of(report, champion_report=champion_report), wanted, "replies", SigningConfig()
    )
    return verdict


def states(verdict: Verdict) -> dict[str, str]:
    return {each.name: each.state for each in verdict.gates}


def of(verdict: Verdict, name: str) -> GateResult:
    return next(each for each in verdict.gates if each.name == name)


def test_a_good_language_model_passes_the_usual_gates_and_calibration_is_none_of_them() -> None:
    verdict = judged(report_of(0.1))
    assert verdict.passed
    assert states(verdict) == {"quality": "pass", "latency": "pass", "parity": "pass"}
    assert of(verdict, "quality").reason.startswith("token F1 0.")
    assert of(verdict, "latency").reason.startswith("p95 latency")
    assert of(verdict, "parity").limit == 0.95


def test_a_weak_language_model_is_not_released() -> None:
    verdict = judged(report_of(0.9))
    assert (verdict.state, states(verdict)["quality"]) == ("fail", "fail")
    assert of(verdict, "quality").limit == 0.30


def test_pairs_are_judged_by_the_preference_unless_the_policy_says_otherwise() -> None:
    assert of(judged(report_of(0.1, rows=PAIRS)), "quality").reason.startswith("preference accuracy 0.9")
    assert judged(report_of(0.8, rows=PAIRS)).state == "fail"
    chosen = judged(report_of(0.1, rows=PAIRS), quality={"metric": "rouge_l", "min": 0.5})
    assert of(chosen, "quality").reason.startswith("ROUGE-L 0.9")


def test_of_perplexity_less_is_better() -> None:
    report = report_of(0.1)
    assert judged(report, quality={"metric": "perplexity", "max": 2.0}).passed
    tight = judged(report, quality={"metric": "perplexity", "max": 1.05})
    assert (tight.state, of(tight, "quality").limit) == ("fail", 1.05)
    assert "the whole interval is above the limit of 1.050" in of(tight, "quality").reason


def test_a_limit_on_the_wrong_side_is_refused() -> None:
    with pytest.raises(ValidationError, match="of perplexity less is better: give `max`"):
        QualityGate(metric="perplexity", min=0.5)
    with pytest.raises(ValidationError, match="`max` is for perplexity and answer_loss alone"):
        QualityGate(metric="token_f1", max=0.5)
    with pytest.raises(ValidationError, match="not both"):
        LatencyGate(max_p95_milliseconds=1, max_p99_milliseconds=1)


def test_a_named_calibration_limit_is_refused_for_a_language_model_and_neither_fails_nor_passes_it() -> None:
    with pytest.raises(UserInputError, match="states no confidence to calibrate: leave the gate out"):
        judged(report_of(0.1), calibration={"max_ece": 0.05})
    assert "calibration" not in states(judged(report_of(0.1), calibration={}))


@pytest.mark.parametrize(
    ("task", "policy", "words"),
    [
        (
            "instruction",
            {"quality": {"metric": "mcc"}},
            "gates.quality.metric is mcc, which rows of the task instruction",
        ),
        ("chat", {"quality": {"metric": "preference_accuracy"}}, "preference_accuracy, which rows of the task chat"),
        ("preference", {"champion": {"metric": "accuracy"}}, "gates.champion.metric is accuracy"),
        ("classification", {"quality": {"metric": "token_f1"}}, "allowed are mcc, f1_macro, accuracy"),
        ("classification", {"latency": {"max_p95_milliseconds": 5}}, "is for a language model's answers"),
        ("chat", {"calibration": {"max_ece": 0.1}}, "states no confidence"),
    ],
)
def test_a_policy_that_names_what_the_task_has_not_is_refused_before_anything_is_trained(
    task: str, policy: dict[str, object], words: str
) -> None:
    with pytest.raises(UserInputError, match=words):
        policy_for(task, GatesConfig.model_validate(policy))  # type: ignore[arg-type]


def test_the_usual_policy_of_labels_has_all_four_gates() -> None:
    usual = policy_for("classification", GatesConfig())
    assert usual.quality == QualityGate(metric="mcc", min=0.80)
    assert usual.champion == ChampionGate(metric="mcc")
    assert usual.calibration == CalibrationGate(max_ece=0.05)
    assert usual.latency == LatencyGate(max_p99_milliseconds=150)
    assert policy_for("classification", usual) == usual


def test_a_99th_percentile_of_few_timed_answers_is_a_missing_number() -> None:
    found = of(judged(report_of(0.1), latency={"max_p99_milliseconds": 60_000}), "latency")
    assert found.state == "fail"
    assert "give more timed answers (evaluation.timed_answers)" in found.reason


def test_a_slow_language_model_fails() -> None:
    report = report_of(0.1)
    slow = report.metrics | {"p95_milliseconds": Measurement(value=20_000, low=18_000, high=25_000)}
    assert states(judged(report.model_copy(update={"metrics": slow})))["latency"] == "fail"


def test_the_champion_is_compared_on_the_same_answered_rows() -> None:
    better = judged(report_of(0.05), report_of(0.4, "b", seed=3))
    assert of(better, "champion").state == "pass"
    assert "points of token F1" in of(better, "champion").reason
    assert (
        "against the champion on the same 400 rows: a loss of more than 1 point is ruled out"
        in of(better, "champion").reason
    )
    worse = judged(report_of(0.4, seed=3), report_of(0.05, "b"))
    assert (worse.state, of(worse, "champion").state) == ("fail", "fail")


def test_a_loss_within_chance_is_inconclusive_and_a_wide_margin_accepts_it() -> None:
    ours, theirs = report_of(0.1, seed=3), report_of(0.1, "b")
    assert of(judged(ours, theirs), "champion").state == "inconclusive"
    assert of(judged(ours, theirs, champion={"margin": 0.15}), "champion").state == "pass"


def test_the_champion_may_be_compared_by_preference_or_by_another_score() -> None:
    ours, theirs = report_of(0.05, rows=PAIRS), report_of(0.4, "b", rows=PAIRS, seed=3)
    for metric, words in (("preference_accuracy", "preference accuracy"), ("exact_match", "exact match")):
        found = of(judged(ours, theirs, champion={"metric": metric}), "champion")
        assert found.state == "pass"
        assert f"points of {words}" in found.reason


def test_a_champion_that_answered_other_rows_cannot_be_compared() -> None:
    few = CONFIG.model_copy(update={"generated_rows": 100})
    found = of(judged(report_of(0.1), report_of(0.1, "b", config=few)), "champion")
    assert (found.state, found.measured) == ("fail", None)
    assert "scored on different rows in token F1" in found.reason


def test_a_champion_with_other_wanted_answers_cannot_be_compared() -> None:
    found = of(judged(report_of(0.1), report_of(0.1, "b", rows=ROWS.assign(answer=ROWS["answer"] + "!"))), "champion")
    assert found.state == "fail"
    assert "400 rows have another wanted answer" in found.reason
