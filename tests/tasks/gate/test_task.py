"""The stage `gate`: planted faults are caught, and the stored verdict says what the record says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.errors import CorruptArtefact, UserInputError
from tasks.gate.config import GATES, GatesConfig, LatencyGate
from tasks.gate.in_force import policy_digest
from tasks.gate.looks import count_look
from tasks.gate.signing_config import SigningConfig
from tasks.gate.task import _says, gate
from tasks.metrics.calibration_interval import calibration_error_interval
from tasks.metrics.intervals import percentile_interval
from tasks.records import Report, Verdict
from tasks.signatures import fingerprint, new_key_pair
from tasks.store import fetch_whole
from tests.tasks.gate.stored_report import GOOD, evidence_of, predictions, stored_report

RIGHT = [number % 20 != 0 for number in range(600)]
WORSE = [number % 5 != 0 for number in range(600)]


def judged(report: Report, champion: Report | None = None, policy: GatesConfig | None = None) -> Verdict:
    evidence = evidence_of(report, champion_report=champion)
    verdict: Verdict = gate.fn(evidence, policy or GatesConfig(), "intents", SigningConfig())  # type: ignore[attr-defined]
    return verdict


def states(verdict: Verdict) -> dict[str, str]:
    return {each.name: each.state for each in verdict.gates}


def test_a_good_first_candidate_passes_without_the_gate_of_the_champion() -> None:
    verdict = judged(stored_report(predictions(RIGHT), "a"))
    assert verdict.passed
    assert {"quality", "calibration", "latency"} <= set(states(verdict))
    assert set(states(verdict).values()) == {"pass"}
    assert "champion" not in states(verdict)
    assert verdict.champion_digest is None


def test_a_candidate_as_good_as_the_champion_passes_every_gate() -> None:
    verdict = judged(stored_report(predictions(RIGHT), "a"), stored_report(predictions(RIGHT), "b"))
    assert {"quality", "calibration", "latency", "champion"} <= set(states(verdict))
    assert set(states(verdict).values()) == {"pass"}
    assert verdict.champion_digest == "b" * 64


def test_a_worse_candidate_fails_against_the_champion_although_it_is_good_enough_by_itself() -> None:
    verdict = judged(stored_report(predictions(WORSE), "a"), stored_report(predictions(RIGHT), "b"))
    assert verdict.state == "fail"
    assert [name for name, state in states(verdict).items() if state != "pass"] == ["champion"]


def test_a_miscalibrated_model_fails() -> None:
    correct = np.array(WORSE)
    ece = calibration_error_interval(np.full(600, 0.99), correct, 15, samples=200, confidence=0.95, seed=0)
    verdict = judged(stored_report(predictions(WORSE), "a", {**GOOD, "ece": ece}))
    assert (verdict.state, states(verdict)["calibration"]) == ("fail", "fail")


def test_a_slow_model_fails() -> None:
    milliseconds = np.random.default_rng(0).normal(400, 20, 400)
    p99 = percentile_interval(milliseconds, 0.99, 0.95)
    verdict = judged(stored_report(predictions(RIGHT), "a", {**GOOD, "p99_milliseconds": p99}))
    assert (verdict.state, states(verdict)["latency"]) == ("fail", "fail")


def test_a_report_without_figures_fails_every_gate() -> None:
    verdict = judged(stored_report(predictions(RIGHT), "a", {}))
    assert set(states(verdict).values()) == {"fail"}
    assert all(each.measured is None for each in verdict.gates)


def test_the_stored_verdict_says_what_the_record_says_and_what_it_rests_on() -> None:
    report, champion = stored_report(predictions(RIGHT), "a"), stored_report(predictions(RIGHT), "b")
    policy = GatesConfig(latency=LatencyGate(max_p99_milliseconds=20))
    verdict = judged(report, champion, policy)
    stored: dict[str, Any] = json.loads((fetch_whole(verdict) / "verdict.json").read_text())
    for name, value in verdict.model_dump(mode="json", exclude={"uri", "digest"}).items():
        assert stored[name] == value, name
    assert stored["policy"] == policy.model_dump(mode="json")
    assert stored["policy_digest"] == policy_digest(policy) != policy_digest(GatesConfig())
    assert stored["report_uri"] == report.uri
    assert stored["champion_report_uri"] == champion.uri
    assert (verdict.candidate_digest, verdict.holdout_digest) == ("a" * 64, "h" * 64)


def test_the_page_for_people_has_a_row_for_each_gate_with_its_reason() -> None:
    verdict = judged(stored_report(predictions(WORSE), "a"), stored_report(predictions(RIGHT), "b"))
    page = (fetch_whole(verdict) / "report" / "verdict.md").read_text()
    assert "**Fail**" in page
    for each in verdict.gates:
        row = next(line for line in page.splitlines() if line.startswith(f"| {each.name} |"))
        assert each.state in row
        assert each.reason in row


def test_the_same_reports_and_policy_give_the_same_verdict() -> None:
    report, champion = stored_report(predictions(RIGHT), "a"), stored_report(predictions(WORSE), "b")
    assert judged(report, champion) == judged(report, champion)


def test_a_policy_that_checks_nothing_is_refused() -> None:
    nothing = GatesConfig.model_validate(dict.fromkeys(GATES))
    with pytest.raises(UserInputError, match="every gate"):
        judged(stored_report(predictions(RIGHT), "a"), None, nothing)


def test_a_policy_of_the_champion_alone_is_refused_where_none_is() -> None:
    alone = GatesConfig.model_validate({**dict.fromkeys(GATES), "champion": {}})
    with pytest.raises(UserInputError, match="nothing would be checked before a release"):
        judged(stored_report(predictions(RIGHT), "a"), None, alone)


def test_altered_predictions_are_not_judged() -> None:
    report, champion = stored_report(predictions(WORSE), "a"), stored_report(predictions(RIGHT), "b")
    path = fetch_whole(report) / "predictions.parquet"
    pd.read_parquet(path).assign(predicted=lambda rows: rows["label"]).to_parquet(path)
    with pytest.raises(CorruptArtefact, match="altered"):
        judged(report, champion)


def test_the_line_for_people_names_every_gate() -> None:
    verdict = judged(stored_report(predictions(RIGHT), "a"))
    assert _says(verdict).startswith("pass (quality pass, ")
    assert all(f"{name} {state}" in _says(verdict) for name, state in states(verdict).items())


def test_the_verdict_names_its_code_and_counts_the_look() -> None:
    report = stored_report(predictions(RIGHT), "a")
    verdict: Verdict = gate.fn(evidence_of(report), GatesConfig(), "intents", SigningConfig())  # type: ignore[attr-defined]
    assert (verdict.model, verdict.looks, verdict.signed_by) == ("intents", 1, None)
    assert verdict.code_digest is not None
    assert len(verdict.code_digest) == 64


def test_a_verdict_is_signed_with_the_key_that_the_config_names(monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = new_key_pair()
    monkeypatch.setenv("KEY", private)
    signing = SigningConfig(private_key="KEY", trusted=(public,))
    report = stored_report(predictions(RIGHT), "a")
    verdict: Verdict = gate.fn(evidence_of(report), GatesConfig(), "intents", signing)  # type: ignore[attr-defined]
    stored = json.loads((fetch_whole(verdict) / "verdict.json").read_text())
    assert verdict.signed_by == fingerprint(public)
    assert stored["signature"]["public_key"] == public
    assert private not in json.dumps(stored)
    assert fingerprint(public) in (fetch_whole(verdict) / "report" / "verdict.html").read_text()


def test_a_holdout_that_wears_out_is_said_in_the_log_and_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(40):
        count_look("intents", "h" * 64, f"{number}")
    metrics = {**GOOD, "mcc": GOOD["mcc"].model_copy(update={"value": 0.85, "low": 0.80, "high": 0.9})}
    report = stored_report(predictions(RIGHT), "a", metrics)
    verdict: Verdict = gate.fn(evidence_of(report), GatesConfig(), "intents", SigningConfig())  # type: ignore[attr-defined]
    assert verdict.passed
    assert verdict.looks == 41
    assert verdict.warning is not None
    assert "The holdout wears out: the pass of the gate quality would not stand" in caplog.text
