"""A release made ready to answer: checked against its verdict and its hashes, loaded, and run once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployments.server.batching import Batcher
from deployments.server.limits import Limits
from tasks.errors import RefitError
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import OnnxClassifier
from tasks.records import Artefact, Release
from tasks.release.verdicts import require_bound
from tasks.store import fetch_whole


class NotServed(RefitError):
    """A release of a kind of model that this server does not answer with."""


@dataclass(frozen=True)
class Loaded:
    """A release that answers. Whoever holds it can finish with it, whatever is served meanwhile."""

    entry: Release
    batcher: Batcher

    @property
    def labels(self) -> tuple[str, ...]:
        """Label of each column of its probabilities."""
        return self.batcher.model.labels


Load = Callable[[Release, Loaded | None], Loaded]


def loader(limits: Limits, threads: int = 0, trusted: Sequence[str] = ()) -> Load:
    """How releases are loaded with these limits; `threads` work on one batch, 0 for one a physical core.

    Where public keys are `trusted`, one of them must have signed the verdict of what is served.
    """

    def load(entry: Release, serving: Loaded | None) -> Loaded:
        """Load a release. One whose model serves already (`serving`) only needs its verdict checked.

        Raises CorruptArtefact where the verdict does not let the model pass, or a file is not what the manifest says,
        and NotServed for a language model.
        """
        require_bound(entry, trusted)
        if serving and serving.entry.model_digest == entry.model_digest:
            return Loaded(entry, serving.batcher)
        folder = fetch_whole(Artefact(uri=entry.model_uri, digest=entry.model_digest))
        task = ModelInfo.read(folder).task
        if task != "classification":
            raise NotServed(
                f"release {entry.number} of {entry.model} is a language model (task {task}), and this server answers "
                "with labels alone: serve its folder with transformers, vLLM or any server of safetensors, from "
                f"{entry.model_uri}, or load it from MLflow with mlflow.pyfunc"
            )
        model = OnnxClassifier.load(folder, threads)
        model.probabilities(["the first call of a model is its slowest"])
        return Loaded(entry, Batcher(model, limits.batch_texts, limits.waiting_texts))

    return load
