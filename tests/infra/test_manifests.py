"""The committed manifests: valid by Kubernetes' own schemas, confined, and running the command of one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tasks.errors import UserInputError

INFRA = Path(__file__).parents[2] / "infra"
SERVICE, JOB = yaml.safe_load_all((INFRA / "kubernetes" / "training-job.yaml").read_text())
RAY_JOB = yaml.safe_load((INFRA / "ray" / "training_job.yaml").read_text())
COMMAND = "python -m tasks.train.launch /var/lib/refit/runs/RUN_DIGEST"
CLUSTER = RAY_JOB["spec"]["rayClusterSpec"]
WORKERS = CLUSTER["workerGroupSpecs"][0]
PODS = [JOB["spec"]["template"]["spec"], CLUSTER["headGroupSpec"]["template"]["spec"], WORKERS["template"]["spec"]]


def _valid(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_the_job_is_valid_and_a_misspelt_field_would_not_be() -> None:
    _valid(SERVICE)
    _valid(JOB)
    with pytest.raises(kubernetes_validate.ValidationError, match="backofLimit"):
        _valid({**JOB, "spec": {**JOB["spec"], "backofLimit": 1}})


@pytest.mark.parametrize("pod", PODS, ids=["job", "ray head", "ray worker"])
def test_every_pod_is_valid_and_confined(pod: dict[str, Any]) -> None:
    _valid({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": pod})
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in pod["containers"]:
        bounds = container["securityContext"]
        assert bounds["readOnlyRootFilesystem"] is True
        assert bounds["allowPrivilegeEscalation"] is False
        assert bounds["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
        named = {variable["name"]: variable for variable in container.get("env", [])}
        assert "value" not in named.get("HF_TOKEN", {}), "a secret stands in the manifest"


def test_both_jobs_run_the_command_of_one_machine_with_as_many_gpus_as_they_ask_for() -> None:
    training = PODS[0]["containers"][0]
    assert " ".join(training["command"]) == RAY_JOB["spec"]["entrypoint"] == COMMAND
    asked = WORKERS["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
    assert str(RAY_JOB["spec"]["entrypointNumGpus"]) == asked == WORKERS["rayStartParams"]["num-gpus"]
    assert CLUSTER["headGroupSpec"]["rayStartParams"]["num-gpus"] == "0"


def test_the_nodes_of_a_job_find_the_first_one_by_the_name_that_kubernetes_gives_it() -> None:
    name, arguments = JOB["metadata"]["name"], PODS[0]["containers"][0]["args"]
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    port = SERVICE["spec"]["ports"][0]["port"]
    # An Indexed Job calls its pods NAME-INDEX; a headless service of their subdomain makes that a name in DNS.
    assert JOB["spec"]["completionMode"] == "Indexed"
    assert PODS[0]["subdomain"] == SERVICE["metadata"]["name"]
    assert SERVICE["spec"]["clusterIP"] == "None"
    assert SERVICE["spec"]["selector"].items() <= JOB["spec"]["template"]["metadata"]["labels"].items()
    assert options["--main"] == f"{name}-0.{SERVICE['metadata']['name']}:{port}"
    assert options["--node-rank"] == "$(JOB_COMPLETION_INDEX)"
    assert int(options["--nodes"]) == JOB["spec"]["completions"] == JOB["spec"]["parallelism"]


def test_a_training_that_the_user_must_mend_is_not_tried_again() -> None:
    rules = JOB["spec"]["podFailurePolicy"]["rules"]
    assert rules[0]["onExitCodes"]["values"] == [UserInputError.exit_code]
    assert rules[1]["action"] == "Ignore", "an eviction counts as a failure"
