"""A run of the real deployment is started over Prefect's HTTP API, by a worker that was there already."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local_services import Services

pytestmark = pytest.mark.slow
DEPLOYMENT = "/deployments/name/retrain/support-intents"
RUN_SECONDS = 420.0


def quick(config: dict[str, Any]) -> dict[str, Any]:
    """The deployment's own config, with little training and gates that let it through."""
    gates = {"quality": {"metric": "mcc", "min": -1}, "champion": None, "calibration": None, "drift": None}
    return {
        **config,
        "training": {**config["training"], "epochs": 1, "max_tokens": 32},
        "evaluation": {**config["evaluation"], "latency_requests": 100, "load": None},
        "gates": {**config["gates"], **gates, "latency": {"max_p99_milliseconds": 60000}},
    }


def test_a_run_started_over_http_completes_and_releases(services: Services) -> None:
    deployment = services.call("GET", DEPLOYMENT)
    assert deployment["entrypoint"] == "flows.retrain.retrain"
    assert deployment["work_pool_name"] == "cpu"
    assert deployment["schedules"][0]["schedule"]["cron"]
    config = quick(deployment["parameters"]["config"])
    path = f"/deployments/{deployment['id']}/create_flow_run"
    run = services.call("POST", path, parameters={"config": config}, name="from-http")
    ended = services.wait_for_end(run["id"], RUN_SECONDS)
    assert ended["state_type"] == "COMPLETED", f"{ended['state']}\n{services.logs()}"
    artifacts = services.call("POST", "/artifacts/filter", flow_runs={"id": {"any_": [run["id"]]}})
    assert services.mlflow_url in next(one["data"] for one in artifacts if one["key"] == "mlflow-run")
    releases = list((services.home / "store" / "releases" / "support-intents").glob("*.json"))
    assert [json.loads(path.read_text(encoding="utf-8"))["number"] for path in releases] == [1]


def test_the_training_of_that_run_went_to_the_gpu_pool(services: Services) -> None:
    runs = services.call("POST", "/flow_runs/filter", work_pools={"name": {"any_": ["gpu"]}})
    assert {run["state_type"] for run in runs} == {"COMPLETED"}


def test_a_parameter_that_is_not_a_setting_is_refused_by_the_api(services: Services) -> None:
    deployment = services.call("GET", DEPLOYMENT)
    config = {**deployment["parameters"]["config"], "trainning": {"epochs": 1}}
    path = f"/deployments/{deployment['id']}/create_flow_run"
    with pytest.raises(Exception, match="409|422"):
        services.call("POST", path, parameters={"config": config})
