"""Models in MLflow: logged once, loadable by anybody, and giving the answers that the served model gives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from infra.mlflow_registry import find_version
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.records import Release
from tasks.registry.models import log_once, register_once, requirements
from tasks.store import fetch
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model, stored_verdict

TEXTS = ["card lost", "refund money please", "login", ""]


def entry() -> Release:
    model = stored_model()
    verdict = stored_verdict(model)
    return Release(
        model="intents", number=7, kind="release", model_uri=model.uri, model_digest=model.digest,
        verdict_uri=verdict.uri, verdict_digest=verdict.digest, by="ann", why="monday", at="2026-01-05T00:00:00+00:00",
        previous=None,
    )  # fmt: skip


def test_a_digest_is_logged_once_and_linked_to_each_run() -> None:
    mlflow = ready_mlflow()
    runs = [mlflow.start_run(mlflow.experiment("intents"), name, {}) for name in ("one", "two")]
    first = log_once(mlflow, "intents", stored_model(), runs[0])
    second = log_once(mlflow, "intents", stored_model(), runs[1])
    assert (first.new, second.new) == (True, False)
    assert first.model_id == second.model_id
    for run_id in runs:
        assert [out.model_id for out in mlflow.client.get_run(run_id).outputs.model_outputs] == [first.model_id]
    assert log_once(mlflow, "intents", stored_model(1)).model_id != first.model_id


def test_a_registered_version_says_where_it_comes_from_and_is_made_once() -> None:
    mlflow = ready_mlflow()
    released = entry()
    assert register_once(mlflow, released) == register_once(mlflow, released) == "1"
    version = mlflow.client.get_model_version("intents", "1")
    assert version.tags == {
        "digest": released.model_digest,
        "release": "7",
        "verdict_digest": released.verdict_digest,
        "store_uri": released.model_uri,
        "released_by": "ann",
    }
    assert version.description == "Release 7 of intents, 2026-01-05, by ann: monday"
    assert find_version(mlflow, "intents", released.model_digest) == "1"


def test_the_model_loads_from_mlflow_and_answers_like_the_served_one() -> None:
    from mlflow import pyfunc, set_registry_uri, set_tracking_uri

    mlflow = ready_mlflow()
    released = entry()
    register_once(mlflow, released)
    set_tracking_uri(mlflow.uri)
    set_registry_uri(mlflow.uri)
    answers = pyfunc.load_model("models:/intents/1").predict(pd.DataFrame({"text": TEXTS}))
    served = OnnxClassifier.load(fetch(stored_model()))
    probabilities = served.probabilities(TEXTS)
    assert answers["label"].tolist() == [served.labels[index] for index in probabilities.argmax(axis=1)]
    assert np.allclose(answers["confidence"], probabilities.max(axis=1), atol=1e-6)


def test_requirements_are_named_with_versions() -> None:
    assert all("=" in line for line in requirements())
    assert any(line.startswith("onnxruntime>=") for line in requirements())
