"""A language model in MLflow: loadable by anybody, from safetensors, with the answers that it was measured by."""

from __future__ import annotations

import pandas as pd

from tasks.models.language_model import LanguageModel
from tasks.records import ModelRef, Release
from tasks.registry.models import LANGUAGE_MODEL, register_once, requirements
from tasks.store import fetch, keep, workspace
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_verdict
from tests.tasks.models.tiny_language_model import make_language_model

TEXTS = ["Hello", "Where is my parcel?"]


def test_the_model_loads_from_mlflow_and_answers_like_the_measured_one() -> None:
    from mlflow import pyfunc, set_registry_uri, set_tracking_uri

    with workspace("model") as folder:
        stored = keep("models", make_language_model(folder))
    model = ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest="d")
    verdict = stored_verdict(model)
    released = Release(
        model="replies", number=1, kind="release", model_uri=model.uri, model_digest=model.digest,
        verdict_uri=verdict.uri, verdict_digest=verdict.digest, by="ann", why="monday", at="2026-01-05T00:00:00+00:00",
        previous=None,
    )  # fmt: skip
    mlflow = ready_mlflow()
    assert register_once(mlflow, released) == "1"
    set_tracking_uri(mlflow.uri)
    set_registry_uri(mlflow.uri)
    loaded = pyfunc.load_model("models:/replies/1")
    answers = loaded.predict(pd.DataFrame({"text": TEXTS}))["answer"].tolist()
    expected = LanguageModel.load(fetch(model)).generate(TEXTS, max_new_tokens=200)
    assert [answer[:100] for answer in answers] == [each[0][:100] for each in expected]


def test_what_loading_takes_is_named_with_versions() -> None:
    needed = requirements(LANGUAGE_MODEL)
    assert [line.split("==")[0] for line in needed] == ["pandas", "torch", "transformers"]
    assert not any("+" in line for line in needed)
