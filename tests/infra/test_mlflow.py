"""The MLflow client against a real database: what is written can be read back, and little is said meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.mlflow import DatasetInput, Mlflow, MlflowFailed, Point
from infra.mlflow_registry import (
    alias_version,
    drop_alias,
    find_logged_model,
    find_version,
    link_model,
    log_model,
    model_tags,
    register,
    set_alias,
    set_model_tag,
)
from infra.settings import settings
from tests.mlflow_database import ready_mlflow

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def mlflow() -> Mlflow:
    return ready_mlflow()


def started(mlflow: Mlflow) -> tuple[str, str]:
    experiment_id = mlflow.experiment("intents")
    return experiment_id, mlflow.start_run(experiment_id, "quiet-owl", {"prefect.flow_run_id": "1"})


def logged(mlflow: Mlflow, digest: str = "d" * 64) -> tuple[str, str]:
    experiment_id, run_id = started(mlflow)
    folder = settings().home_path / "model"
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    (folder / "report").mkdir(exist_ok=True)
    (folder / "weights.bin").write_bytes(b"w")
    (folder / "onnx/model.onnx").write_bytes(b"o")
    (folder / "report/plot.png").write_bytes(b"p")
    loader = folder.parent / "loader_of_this_test.py"
    loader.write_text("def _load_pyfunc(path):\n    raise ValueError(path)\n")
    model_id = log_model(
        mlflow,
        experiment_id,
        name="intents",
        digest=digest,
        folder=folder,
        loader=loader,
        requirements=["numpy"],
        columns=({"text": "string"}, {"label": "string"}),
        params={"seed": "1"},
        tags={"dataset_digest": "x"},
        run_id=run_id,
        leave_out=("report",),
    )
    return run_id, model_id


def test_an_experiment_is_made_once_and_keeps_its_artefacts_in_the_home(mlflow: Mlflow) -> None:
    first = mlflow.experiment("intents")
    assert mlflow.experiment("intents") == first
    location = mlflow.client.get_experiment(first).artifact_location
    assert location == (settings().mlflow_artifacts / "intents").as_uri()


def test_a_deleted_experiment_is_brought_back(mlflow: Mlflow) -> None:
    first = mlflow.experiment("intents")
    mlflow.client.delete_experiment(first)
    assert mlflow.experiment("intents") == first
    mlflow.start_run(first, "quiet-owl", {})


def test_more_than_one_batch_of_metrics_parameters_and_tags_arrives(mlflow: Mlflow) -> None:
    _, run_id = started(mlflow)
    points = [Point("train/loss", 1 / (step + 1), step) for step in range(1700)]
    params = {f"p.{number}": "v" * (7000 if number == 0 else 1) for number in range(230)}
    mlflow.log(run_id, points=points, params=params, tags={f"t{number}": "v" for number in range(150)})
    run = mlflow.client.get_run(run_id)
    assert len(mlflow.client.get_metric_history(run_id, "train/loss")) == 1700
    assert len(run.data.params) == 230
    assert len(run.data.params["p.0"]) == 6000
    assert run.data.tags["t149"] == "v"


def test_nothing_to_log_is_no_call(mlflow: Mlflow) -> None:
    mlflow.log("no such run")


def test_datasets_are_inputs_with_their_whole_digest_and_use(mlflow: Mlflow) -> None:
    _, run_id = started(mlflow)
    data = DatasetInput("intents-train", "a" * 64, "file:///d", "training", {"id": "string"}, {"rows": 3})
    mlflow.log_datasets(run_id, [data])
    (found,) = mlflow.client.get_run(run_id).inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest) == ("intents-train", "a" * 32)
    assert f'"digest": "{"a" * 64}"' in found.dataset.profile
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "training")]


def test_artefacts_and_the_end_of_a_run_are_seen(mlflow: Mlflow, tmp_path: Path) -> None:
    _, run_id = started(mlflow)
    (tmp_path / "report").mkdir()
    (tmp_path / "report/a.txt").write_text("a")
    mlflow.log_folder(run_id, tmp_path / "report", "validate")
    mlflow.log_text(run_id, "{}", "outcome.json")
    mlflow.end_run(run_id, "KILLED")
    assert [file.path for file in mlflow.client.list_artifacts(run_id)] == ["outcome.json", "validate"]
    assert mlflow.client.get_run(run_id).info.status == "KILLED"


def test_a_logged_model_is_found_by_its_digest_and_is_an_output_of_its_run(mlflow: Mlflow) -> None:
    experiment_id = mlflow.experiment("intents")
    assert find_logged_model(mlflow, experiment_id, "d" * 64) is None
    run_id, model_id = logged(mlflow)
    assert find_logged_model(mlflow, experiment_id, "d" * 64) == model_id
    link_model(mlflow, run_id, model_id)
    assert [output.model_id for output in mlflow.client.get_run(run_id).outputs.model_outputs] == [model_id]


def test_a_logged_model_holds_no_pickle_and_not_what_is_left_out(mlflow: Mlflow) -> None:
    _, model_id = logged(mlflow)
    place = Path(mlflow.client.get_logged_model(model_id).artifact_location.removeprefix("file://"))
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert {
        "MLmodel",
        "requirements.txt",
        "code/loader_of_this_test.py",
        "model/weights.bin",
        "model/onnx/model.onnx",
    } <= files
    assert not {file for file in files if file.endswith((".pkl", ".pickle")) or "report" in file}


def test_metrics_of_a_model_are_seen_at_the_model(mlflow: Mlflow) -> None:
    run_id, model_id = logged(mlflow)
    mlflow.log(run_id, points=[Point("evaluate/mcc", 0.9)], model_id=model_id, dataset=("intents-holdout", "e" * 64))
    (metric,) = mlflow.client.get_logged_model(model_id).metrics
    assert (metric.key, metric.value, metric.dataset_name) == ("evaluate/mcc", 0.9, "intents-holdout")


def test_versions_aliases_and_tags_of_the_registry(mlflow: Mlflow) -> None:
    assert alias_version(mlflow, "intents", "champion") is None
    assert model_tags(mlflow, "intents") == {}
    for digest in ("d" * 64, "e" * 64):
        _, model_id = logged(mlflow, digest)
        register(mlflow, "intents", model_id, tags={"digest": digest}, description="a test")
    assert find_version(mlflow, "intents", "d" * 64) == "1"
    assert find_version(mlflow, "intents", "e" * 64) == "2"
    assert find_version(mlflow, "intents", "f" * 64) is None
    set_alias(mlflow, "intents", "champion", "2")
    set_model_tag(mlflow, "intents", "follows", "log")
    assert alias_version(mlflow, "intents", "champion") == "2"
    assert model_tags(mlflow, "intents") == {"follows": "log"}
    drop_alias(mlflow, "intents", "champion")
    assert alias_version(mlflow, "intents", "champion") is None


def test_a_run_on_a_server_has_an_address_and_one_in_a_database_has_none(tmp_path: Path) -> None:
    assert Mlflow("http://mlflow:5000/", tmp_path).run_url("3", "ab") == "http://mlflow:5000/#/experiments/3/runs/ab"
    assert Mlflow("sqlite:////x.db", tmp_path).run_url("3", "ab") is None


def test_a_database_that_cannot_be_opened_fails_at_once_and_names_it(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").mkdir()
    with pytest.raises(MlflowFailed, match=r"MLflow at sqlite:///.*mlflow\.db cannot be used"):
        Mlflow(f"sqlite:///{tmp_path}/mlflow.db", tmp_path).prepare()


def test_a_server_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MlflowFailed, match=r"MLflow at http://127\.0\.0\.1:9 cannot be used"):
        Mlflow("http://127.0.0.1:9", tmp_path).prepare()


def test_a_first_use_says_nothing_and_calls_nobody(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path; from infra.mlflow import Mlflow\n"
        f"m = Mlflow('sqlite:///{tmp_path}/new/mlflow.db', Path('{tmp_path}/artifacts'))\n"
        "m.prepare(); m.end_run(m.start_run(m.experiment('x'), 'y', {}), 'FINISHED')\n"
        "print(os.environ['MLFLOW_ALLOW_PICKLE_DESERIALIZATION'], os.environ['MLFLOW_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("false true\n", "")
