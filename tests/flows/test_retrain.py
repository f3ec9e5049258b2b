"""The main line as a person runs it: what a run prints, writes and releases, and what the next one makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.storage import verify_folder
from tests.flows.commands import LENIENT, QUICK, SHORT, Run, releases, retrain, start
from tests.tasks.models.tiny_model import make_base_model


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A home, and the run that released a tiny model in it."""
    folder = tmp_path_factory.mktemp("tiny")
    base = make_base_model(folder / "base")
    home = folder / "home"
    return home, retrain(home, *QUICK, *LENIENT, f"training.base_model={base}")


def test_one_command_releases_a_model(tiny_run: tuple[Path, Run]) -> None:
    home, run = tiny_run
    assert run.code == 0, run.out + run.err
    assert run.outcome["state"] == "released"
    assert run.outcome["release"] == 1
    assert releases(home) == ["000001.json"]
    assert {gate["name"] for gate in run.outcome["gates"]} == {"quality", "latency", "parity", "memorisation"}
    assert set(run.outcome["seconds"]) >= {"acquire", "validate", "curate", "train", "export", "evaluate", "gate"}
    assert run.outcome["dataset_digest"]
    assert run.outcome["metrics"]["accuracy"]["low"] <= run.outcome["metrics"]["accuracy"]["value"]


def test_the_terminal_shows_stages_rows_gates_and_verdict_without_noise(tiny_run: tuple[Path, Run]) -> None:
    _, run = tiny_run
    for words in ("acquire", "validate", "curate", "train", "quality", "latency", "Released", "quarantined"):
        assert words in run.out
    for noise in ("Traceback", "WARNING", "INFO", "alembic", "\x1b["):
        assert noise not in run.out + run.err


def test_everything_in_the_store_is_whole(tiny_run: tuple[Path, Run]) -> None:
    home, _ = tiny_run
    folders = [path.parent for path in (home / "store").glob("*/*/manifest.json")]
    assert {folder.parent.name for folder in folders} >= {"answers", "datasets", "models", "reports", "verdicts"}
    for folder in folders:
        verify_folder(folder, folder.name)
    assert not list((home / "work").iterdir())


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A home in which the bundled encoder, trained for an epoch, was released, and the run that did it."""
    home = tmp_path_factory.mktemp("bundled") / "home"
    return home, retrain(home, *SHORT, *LENIENT)


@pytest.mark.slow
def test_an_unchanged_run_reuses_its_stages_and_releases_nothing_new(released: tuple[Path, Run]) -> None:
    home, first = released
    again = retrain(home, *SHORT, *LENIENT)
    assert again.code == 0, again.out + again.err
    assert again.outcome["unchanged"] is True
    assert again.outcome["release"] == 1
    assert again.outcome["candidate_digest"] == first.outcome["candidate_digest"]
    assert set(again.outcome["reused"]) >= {"validate", "curate", "train", "export", "evaluate"}
    assert releases(home) == ["000001.json"]
    assert "Unchanged" in again.out


@pytest.mark.slow
def test_a_worse_candidate_is_not_released_and_the_verdict_says_by_how_much(released: tuple[Path, Run]) -> None:
    home, _ = released
    weak = retrain(
        home,
        "training.epochs=0.1",
        *SHORT[1:],
        "gates.quality.min=-1",
        "gates.calibration=null",
        "labelling.batch_size=0",
    )
    assert weak.code == 2, weak.out + weak.err
    assert weak.outcome["state"] == "rejected"
    champion = next(gate for gate in weak.outcome["gates"] if gate["name"] == "champion")
    assert champion["state"] == "fail"
    assert champion["high"] < champion["limit"]
    assert releases(home) == ["000001.json"]


@pytest.mark.slow
def test_changed_data_meets_the_champion_and_a_rollback_undoes_the_release(released: tuple[Path, Run]) -> None:
    home, first = released
    changed = retrain(home, *SHORT, *LENIENT, "data.train.seed=8")
    assert changed.code == 0, changed.out + changed.err
    assert changed.outcome["dataset_digest"] != first.outcome["dataset_digest"]
    assert "champion" in {gate["name"] for gate in changed.outcome["gates"]}
    assert changed.outcome["release"] == 2
    undone = Run(start(home, "support-intents", "--why", "a test", module="flows.rollback"))
    assert undone.code == 0, undone.out + undone.err
    entry = json.loads((home / "store/releases/support-intents/000003.json").read_text(encoding="utf-8"))
    assert entry["kind"] == "rollback"
    assert entry["model_digest"] == first.outcome["candidate_digest"]
    assert entry["why"] == "a test"
