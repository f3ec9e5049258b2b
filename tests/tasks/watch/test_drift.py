"""A watch compares what the release in force answered in the window with its own holdout, and says how sure it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tasks.errors import CorruptArtefact, UserInputError
from tasks.records import Release
from tasks.traffic.served import Served
from tasks.traffic.writer import TrafficWriter
from tasks.watch.config import WatchConfig
from tasks.watch.drift import measure
from tasks.watch.task import watch_traffic
from tests.deployments.server.small_models import (
    MODEL,
    PRESENT,
    keep_language_model,
    keep_model,
    keep_report,
    keep_verdict,
    log_entry,
    model_folder,
    release,
)

HOLDOUT = ["money"] * 500 + ["delivery"] * 300 + ["account"] * 200
CONFIG = WatchConfig(max_kl_divergence=0.08, window_hours=48, min_requests=100)


def serve(counts: dict[str, int], release: int = 1, hours_ago: float = 1.0) -> None:
    """Write answers into the request log."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    labels = [label for label, count in counts.items() for _ in range(count)]
    with TrafficWriter(MODEL) as writer:
        writer.add(
            Served(
                request_id=f"{number}-{hours_ago}",
                position=0,
                time=at,
                release=release,
                model_digest="d" * 64,
                label=label,
                confidence=0.9,
            )
            for number, label in enumerate(labels)
        )


@pytest.fixture
def in_force() -> Release:
    return release(PRESENT, predicted=HOLDOUT)


def test_traffic_like_the_holdout_is_quiet(in_force: Release) -> None:
    serve({"money": 510, "delivery": 290, "account": 200})
    drift = measure(in_force, CONFIG)
    assert drift.state == "quiet"
    assert (drift.requests, drift.reference_rows, drift.release, drift.young) == (1000, 1000, 1, True)
    assert drift.divergence is not None
    assert drift.divergence < 0.01


def test_moved_traffic_has_drifted_and_the_labels_that_moved_are_named(in_force: Release) -> None:
    serve({"money": 100, "delivery": 300, "account": 600})
    drift = measure(in_force, CONFIG)
    assert drift.state == "drifted"
    assert drift.low is not None
    assert drift.low > drift.limit == 0.08
    assert "above the limit of 0.08" in drift.reason
    assert {moved.label for moved in drift.moved[:2]} == {"money", "account"}
    assert drift.moved[0].live_share - drift.moved[0].reference_share == pytest.approx(0.4, abs=0.01) or (
        drift.moved[0].reference_share - drift.moved[0].live_share == pytest.approx(0.4, abs=0.01)
    )


def test_too_few_requests_decide_nothing(in_force: Release) -> None:
    serve({"account": 99})
    drift = measure(in_force, CONFIG)
    assert (drift.state, drift.requests, drift.divergence) == ("undecided", 99, None)
    assert "99 answers in 48 hours" in drift.reason


def test_an_interval_across_the_limit_decides_nothing(in_force: Release) -> None:
    serve({"money": 33, "delivery": 30, "account": 37})
    drift = measure(in_force, CONFIG)
    assert drift.low is not None
    assert drift.high is not None
    assert drift.low < 0.08 < drift.high
    assert drift.state == "undecided"


def test_only_what_this_release_answered_within_the_window_counts(in_force: Release) -> None:
    serve({"money": 500, "delivery": 300, "account": 200})
    serve({"account": 5000}, hours_ago=49)
    serve({"account": 5000}, release=2)
    drift = measure(in_force, CONFIG)
    assert (drift.state, drift.requests) == ("quiet", 1000)


def test_a_release_older_than_the_window_is_not_young(in_force: Release) -> None:
    later = datetime.now(UTC) + timedelta(hours=49)
    assert measure(in_force, CONFIG, now=later).young is False


def test_a_label_that_the_holdout_never_saw_counts(in_force: Release) -> None:
    serve({"money": 400, "delivery": 300, "account": 100, "fraud": 200})
    drift = measure(in_force, CONFIG)
    assert drift.state == "drifted"
    assert drift.moved[0].label == "fraud"


def test_a_verdict_without_a_report_is_an_error_that_says_so() -> None:
    model = keep_model(PRESENT)
    entry = log_entry(model, keep_verdict(model.digest))
    with pytest.raises(CorruptArtefact, match="names no report"):
        measure(entry, CONFIG)


def test_an_altered_report_is_not_believed() -> None:
    model = keep_model(PRESENT)
    report = keep_report(HOLDOUT)
    entry = log_entry(model, keep_verdict(model.digest, report=report))
    predictions = model_folder(entry).parent.parent / "reports" / report.digest / "predictions.parquet"
    predictions.write_bytes(predictions.read_bytes() + b"x")
    with pytest.raises(CorruptArtefact, match="altered"):
        measure(entry, CONFIG)


def test_the_door_gives_a_record_that_travels_as_json(in_force: Release) -> None:
    serve({"money": 100, "delivery": 300, "account": 600})
    drift = watch_traffic.fn(in_force, CONFIG)  # type: ignore[attr-defined]
    assert json.loads(drift.model_dump_json())["state"] == "drifted"


def test_a_language_model_is_not_watched_and_the_reason_says_so() -> None:
    stored = keep_language_model()
    entry = log_entry(stored, keep_verdict(stored.digest))
    with pytest.raises(UserInputError, match=r"is a language model \(task chat\): a watch compares the labels"):
        measure(entry, CONFIG)
