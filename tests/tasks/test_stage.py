"""How a stage says how far it is: to who listens, to the log, and in Prefect."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from tasks import stage as stage_room
from tasks.stage import ProgressReporter, StageDone, StageProgress, leave_markdown, listening, stage

pytestmark = pytest.mark.usefixtures("prefect_server")


@stage()
def counts_slowly() -> int:
    """Ten steps."""
    reporter = ProgressReporter("counts_slowly")
    for step in range(1, 11):
        reporter(step, 10, f"step {step}")
        reporter.measured(step, {"train/loss": 1 / step})
    return 10


@flow
def slow_flow() -> list[Any]:
    """Listens to the stage."""
    heard: list[Any] = []
    with listening(heard.append):
        counts_slowly()
    return heard


def test_listeners_hear_every_measure_and_then_the_end() -> None:
    heard = slow_flow()
    assert [event.step for event in heard if isinstance(event, StageProgress)] == list(range(1, 11))
    assert isinstance(heard[-1], StageDone)


def test_prefect_shows_progress_that_ends_at_the_whole() -> None:
    slow_flow()
    with get_client(sync_client=True) as client:
        key = ArtifactFilter(key=ArtifactFilterKey(any_=["counts-slowly-progress"]))
        found = client.read_artifacts(artifact_filter=key)
    assert found
    assert {(item.type, float(str(item.data)), item.description) for item in found} == {("progress", 100.0, "step 10")}


def test_progress_that_prefect_cannot_show_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(stage_room, "create_progress_artifact", unreachable)
    assert isinstance(slow_flow()[-1], StageDone)
    assert caplog.text.count("its progress is no longer shown in Prefect: no route") == 1


@stage()
def says_a_text(number: int) -> int:
    """Leaves a text."""
    leave_markdown("a-text", f"# Number {number}", "a text of a test")
    return number


@flow
def talking_flow(number: int) -> int:
    """Has one stage."""
    return says_a_text(number)


def test_a_text_is_an_artefact_of_the_task_run_and_its_key_keeps_every_version() -> None:
    for number in (1, 2):
        talking_flow(number)
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["a-text"])))
    assert sorted((item.type, str(item.data), item.description) for item in found) == [
        ("markdown", "# Number 1", "a text of a test"),
        ("markdown", "# Number 2", "a text of a test"),
    ]
    assert all(item.task_run_id and item.flow_run_id for item in found)


def test_a_text_that_prefect_cannot_take_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(stage_room, "create_markdown_artifact", unreachable)
    assert talking_flow(3) == 3
    assert "the artefact a-text could not be left in Prefect: no route" in caplog.text


def test_outside_a_run_a_text_is_left_nowhere() -> None:
    leave_markdown("nowhere", "text", "a text")
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["nowhere"])))
    assert found == []
