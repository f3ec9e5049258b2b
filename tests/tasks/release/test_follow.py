"""MLflow's alias follows the release log, and can be made again from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.mlflow_registry import alias_version, find_version
from tasks.errors import RefitError, UserInputError
from tasks.records import ModelRef
from tasks.release.decide import let_in, put_back
from tasks.release.follow import follow_log, must_follow, try_to_follow
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model, stored_verdict

MODEL = "intents"


def released(seed: int, champion: ModelRef | None = None) -> ModelRef:
    candidate = stored_model(seed)
    let_in(MODEL, candidate, stored_verdict(candidate, champion), "me", "a test")
    return candidate


def test_without_a_release_there_is_nothing_to_follow() -> None:
    assert follow_log(MODEL, "champion") is None
    with pytest.raises(UserInputError, match="intents has no release"):
        must_follow(MODEL)


def test_a_release_that_mlflow_never_saw_is_registered_with_its_digests() -> None:
    mlflow = ready_mlflow()
    model = released(0)
    assert follow_log(MODEL, "champion") == "1"
    assert alias_version(mlflow, MODEL, "champion") == "1"
    version = mlflow.client.get_model_version(MODEL, "1")
    assert version.tags["digest"] == model.digest
    assert version.tags["release"] == "1"
    assert version.source.startswith("models:/m-")


def test_the_alias_goes_back_with_a_rollback_and_no_version_is_made_twice() -> None:
    mlflow = ready_mlflow()
    first = released(0)
    follow_log(MODEL, "champion")
    second = released(1, first)
    assert follow_log(MODEL, "champion") == "2"
    put_back(MODEL, "me", "bad answers")
    assert follow_log(MODEL) == "1"
    assert alias_version(mlflow, MODEL, "champion") == "1"
    assert find_version(mlflow, MODEL, second.digest) == "2"
    assert len(mlflow.client.search_model_versions(f"name = '{MODEL}'")) == 2


def test_an_alias_that_somebody_moved_is_set_right() -> None:
    mlflow = ready_mlflow()
    first = released(0)
    follow_log(MODEL, "champion")
    released(1, first)
    follow_log(MODEL, "champion")
    mlflow.client.set_registered_model_alias(MODEL, "champion", "1")
    assert follow_log(MODEL) == "2"
    assert alias_version(mlflow, MODEL, "champion") == "2"


def test_a_rollback_moves_the_alias_that_the_config_named() -> None:
    mlflow = ready_mlflow()
    first = released(0)
    follow_log(MODEL, "production")
    released(1, first)
    follow_log(MODEL, "production")
    put_back(MODEL, "me", "bad answers")
    follow_log(MODEL)
    assert alias_version(mlflow, MODEL, "production") == "1"
    assert alias_version(mlflow, MODEL, "champion") is None


def test_an_alias_of_another_name_replaces_the_former() -> None:
    mlflow = ready_mlflow()
    released(0)
    follow_log(MODEL, "champion")
    follow_log(MODEL, "production")
    assert alias_version(mlflow, MODEL, "champion") is None
    assert alias_version(mlflow, MODEL, "production") == "1"


def test_an_mlflow_that_is_down_is_a_warning_and_a_repair_is_named(refit_home: Path) -> None:
    released(0)
    (refit_home / "mlflow.db").mkdir(parents=True)
    warning = try_to_follow(MODEL, "champion")
    assert warning is not None
    assert "does not follow it yet" in warning
    assert "python -m flows.rollback intents --repair-alias" in warning
    with pytest.raises(RefitError, match="REFIT_MLFLOW_URI"):
        must_follow(MODEL)
