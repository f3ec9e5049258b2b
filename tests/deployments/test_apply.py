"""Deployments are checked all together, registered once, and say what they are for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from deployments.apply import apply, build, left_over, main, read_configs, register
from flows.command.console import open_console
from flows.config import DeploymentConfig
from infra.prefect_server import PrefectServer
from infra.settings import ROOT
from tasks.errors import UserInputError

TRAINING = {"plan-training/gpu", "pilot/gpu", "search/gpu", "train/gpu"}
SMALL = "model: {model}\ndata:\n  train: {{kind: demo}}\n"


def write(folder: Path, model: str, more: str = "") -> Path:
    path = folder / f"{model}.yaml"
    path.write_text(SMALL.format(model=model) + more, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prefect server that this process talks to while the tests of this file run."""
    home = tmp_path_factory.mktemp("apply") / "home"
    server = PrefectServer.find_or_start(home)
    try:
        server.wait()
        # On top of the settings of a server that another test of this process may talk to.
        with temporary_settings({PREFECT_API_URL: server.url, PREFECT_HOME: home / "prefect"}):
            yield server.url
    finally:
        server.stop()


def test_one_wrong_file_stops_all_before_any_is_registered(tmp_path: Path) -> None:
    good, wrong = write(tmp_path, "good"), write(tmp_path, "wrong", "trainning: {}\n")
    with pytest.raises(UserInputError, match=r"wrong\.yaml"):
        read_configs([good, wrong])


def test_two_files_for_one_model_are_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path, "tickets"), tmp_path / "copy.yaml"
    second.write_text(first.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UserInputError, match="tickets; a model has one file"):
        read_configs([first, second])


@pytest.mark.parametrize("schedule", ["{cron: every monday}", "{cron: '0 3 * * 1', timezone: Mars/Olympus}"])
def test_a_schedule_that_cannot_be_kept_is_refused_with_its_file(schedule: str, tmp_path: Path) -> None:
    path = write(tmp_path, "tickets", f"schedule: {schedule}\n")
    with pytest.raises(UserInputError, match=r"tickets\.yaml(.|\n)*schedule\."):
        read_configs([path])


def test_without_a_server_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert main([]) == 3
    assert "make ui" in capsys.readouterr().err


def test_what_is_registered_is_what_the_file_says(tmp_path: Path, api: str) -> None:
    path = write(tmp_path, "tickets", "schedule: {cron: '0 3 * * 1', timezone: Europe/Berlin}\n")
    console = open_console(io.StringIO())
    ids = apply([path], ROOT, console)
    assert apply([path], ROOT, console) == ids, "doing it again changes nothing"
    assert set(ids) == {"retrain/tickets", "watch/tickets", "rollback/any", *TRAINING}
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("retrain/tickets")
        assert {pool.name for pool in client.read_work_pools()} == {"cpu", "gpu"}
        assert {client.read_deployment_by_name(name).work_pool_name for name in TRAINING} == {"gpu"}
    assert deployment.entrypoint == "flows.retrain.retrain"
    assert deployment.job_variables == {"working_dir": str(ROOT)}
    assert deployment.concurrency_options is not None
    assert deployment.concurrency_options.collision_strategy == "ENQUEUE"
    assert [item.schedule.model_dump(include={"cron", "timezone"}) for item in deployment.schedules] == [
        {"cron": "0 3 * * 1", "timezone": "Europe/Berlin"}
    ]
    config = read_configs([path])[path]
    assert isinstance(config, DeploymentConfig)
    assert deployment.parameters["config"] == config.retrain_config().model_dump(mode="json")


def test_a_deployment_without_its_file_is_reported_and_kept(tmp_path: Path, api: str) -> None:
    gone, kept = write(tmp_path, "gone"), write(tmp_path, "kept")
    register(build(read_configs([gone, kept]), ROOT))
    ids = register(build(read_configs([kept]), ROOT))
    assert {"retrain/gone", "watch/gone"} <= set(left_over(ids))
    assert "retrain/kept" not in left_over(ids)
    with get_client(sync_client=True) as client:
        assert client.read_deployment_by_name("retrain/gone").name == "gone"
