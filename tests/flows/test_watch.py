"""The watch as a flow: drift brings the previous release back and starts a retrain; anything less changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events import emit_event

from flows import watch as module
from flows.config import RetrainConfig
from flows.watch import describe, watch
from infra.settings import settings
from tasks.errors import UserInputError
from tasks.release.log import newest, read_log
from tasks.watch.task import watch_traffic
from tests.deployments.server.small_models import MODEL, OTHER, PRESENT, release
from tests.tasks.watch.test_drift import HOLDOUT, serve

pytestmark = pytest.mark.usefixtures("prefect_server")

MOVED = {"money": 100, "delivery": 300, "account": 600}
CONFIG = RetrainConfig.model_validate(
    {
        "model": MODEL,
        "data": {"train": {"kind": "demo"}},
        "watch": {"min_requests": 100},
    }
)


@pytest.fixture(autouse=True)
def mlflow_is_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A rollback needs the release log alone, and says that MLflow's alias does not follow."""
    monkeypatch.setenv("REFIT_MLFLOW_URI", f"sqlite:///{tmp_path}/no-such-folder/mlflow.db")
    settings.cache_clear()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The events that are emitted, as name and payload."""
    emitted: list[tuple[str, dict[str, Any]]] = []

    def keep(event: str, **details: Any) -> Any:
        emitted.append((event, details["payload"]))
        return emit_event(event, **details)

    monkeypatch.setattr(module, "emit_event", keep)
    return emitted


def test_drift_of_a_young_release_puts_the_previous_one_back_with_the_reason(
    events: list[tuple[str, dict[str, Any]]],
) -> None:
    before = release(OTHER)
    release(PRESENT, predicted=HOLDOUT)
    serve(MOVED, release=2)
    drift = watch(CONFIG)
    assert (drift.state, drift.release, drift.rolled_back) == ("drifted", 2, True)
    entry = newest(MODEL)
    assert entry is not None
    assert (entry.number, entry.kind, entry.model_digest) == (3, "rollback", before.model_digest)
    assert entry.why.startswith("release 2 drifted: predictions have moved by")
    assert [(name, payload["rolled_back"]) for name, payload in events] == [("refit.drift", True)]
    shown = describe(drift, Path("my.yaml"))
    assert "the previous one was put back" in shown
    assert "python -m flows.retrain my.yaml" in shown, "there is no deployment to start"


def test_with_nothing_to_go_back_to_the_release_stays() -> None:
    release(PRESENT, predicted=HOLDOUT)
    serve(MOVED)
    drift = watch(CONFIG)
    assert (drift.state, drift.rolled_back) == ("drifted", False)
    assert len(read_log(MODEL)) == 1


def test_a_release_that_was_put_back_is_not_rolled_back_in_turn() -> None:
    release(OTHER, predicted=["payment"] * 500 + ["shipping"] * 300 + ["login"] * 200)
    release(PRESENT, predicted=HOLDOUT)
    serve(MOVED, release=2)
    assert watch(CONFIG).rolled_back
    serve({"login": 1000}, release=3)
    drift = watch(CONFIG)
    assert (drift.state, drift.release, drift.rolled_back) == ("drifted", 3, False)
    assert len(read_log(MODEL)) == 3


def test_an_old_release_that_drifts_stays_until_a_retrain_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    release(OTHER)
    release(PRESENT, predicted=HOLDOUT)
    serve(MOVED, release=2)
    monkeypatch.setattr(module, "watch_traffic", lambda *args: watch_traffic(*args).model_copy(update={"young": False}))
    drift = watch(CONFIG)
    assert (drift.state, drift.rolled_back) == ("drifted", False)
    assert len(read_log(MODEL)) == 2


@pytest.mark.parametrize(
    ("served", "state"), [({"account": 50}, "undecided"), ({"money": 500, "delivery": 300, "account": 200}, "quiet")]
)
def test_less_than_drift_changes_nothing(
    served: dict[str, int], state: str, events: list[tuple[str, dict[str, Any]]]
) -> None:
    release(OTHER)
    release(PRESENT, predicted=HOLDOUT)
    serve(served, release=2)
    drift = watch(CONFIG)
    assert (drift.state, drift.rolled_back, drift.retrain_run) == (state, False, None)
    assert len(read_log(MODEL)) == 2
    assert events == []


def test_drift_starts_the_registered_retrain_once_a_day() -> None:
    @flow(name="retrain")
    def registered() -> None:
        """Stands for the real flow: only its registration matters here."""

    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name(registered.name)
        deployment = client.create_deployment(flow_id=flow_id, name=MODEL)
        release(PRESENT, predicted=HOLDOUT)
        serve(MOVED)
        first, second = watch(CONFIG), watch(CONFIG)
        assert first.retrain_run is not None
        assert second.retrain_run == first.retrain_run
        run = client.read_flow_run(UUID(first.retrain_run))
        client.delete_deployment(deployment)
    assert run.deployment_id == deployment
    assert run.state_name == "Scheduled"
    assert "drift" in run.tags


def test_a_model_without_a_release_is_wrong_input() -> None:
    with pytest.raises(UserInputError, match="no release to watch"):
        watch(CONFIG)
