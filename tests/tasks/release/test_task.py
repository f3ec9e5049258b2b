"""The doors of the stage: what they write down, and that MLflow follows or is only warned about."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from infra.mlflow_registry import alias_version
from tasks.actor import actor
from tasks.release.config import ReleaseConfig
from tasks.release.log import read_log
from tasks.release.task import champion_model, release, roll_back
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model
from tests.tasks.release.signed_verdict import MODEL, in_force, judged


def release_two(config: ReleaseConfig) -> None:
    first, second = stored_model(0), stored_model(1)
    release.fn(MODEL, first, judged(first), config, in_force())  # type: ignore[attr-defined]
    release.fn(MODEL, second, judged(second, champion=first), config, in_force())  # type: ignore[attr-defined]


def test_a_release_says_who_and_why_and_the_alias_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFIT_ACTOR", "ann")
    mlflow = ready_mlflow()
    release_two(ReleaseConfig(alias="production", why="new labels"))
    assert [(entry.by, entry.why) for entry in read_log(MODEL)] == [("ann", "new labels")] * 2
    assert alias_version(mlflow, MODEL, "production") == "2"
    entry = roll_back.fn(MODEL, "bad answers")  # type: ignore[attr-defined]
    assert (entry.kind, entry.why, entry.by) == ("rollback", "bad answers", "ann")
    assert alias_version(mlflow, MODEL, "production") == "1"
    assert champion_model.fn(MODEL).digest == stored_model(0).digest  # type: ignore[attr-defined]


def test_an_mlflow_that_is_down_does_not_undo_a_release(refit_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (refit_home / "mlflow.db").mkdir(parents=True)
    with caplog.at_level(logging.WARNING):
        release_two(ReleaseConfig())
    assert [entry.number for entry in read_log(MODEL)] == [1, 2]
    assert "MLflow's alias does not follow it yet" in caplog.text


def test_without_a_name_the_machines_user_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFIT_ACTOR", raising=False)
    monkeypatch.setenv("LOGNAME", "bob")
    assert actor() == "bob"
    assert actor("prefect user") == "prefect user"
    monkeypatch.setenv("REFIT_ACTOR", "ann")
    assert actor("prefect user") == "ann"


def test_a_user_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFIT_ACTOR", raising=False)

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert actor().startswith("user ")
