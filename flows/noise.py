"""How much two trainings differ by their seed alone: trained, exported and measured as the candidate is."""

from __future__ import annotations

import hashlib
import json

from flows.config import RetrainConfig
from flows.train import Place
from tasks.evaluate.task import evaluate
from tasks.export.task import export
from tasks.metrics.seed_noise import TrainerNoise
from tasks.noise.task import keep_noise, known_noise
from tasks.records import DatasetRef
from tasks.train.config import TrainingConfig
from tasks.train.plan import pointed_to


def trainer_noise(
    place: Place, dataset: DatasetRef, training: TrainingConfig, config: RetrainConfig
) -> TrainerNoise | None:
    """The noise of the recipe, measured now where no earlier run did; None where the config does not ask for it."""
    if config.noise.seeds == 0:
        return None
    recipe = _recipe(dataset, training, config)
    known = known_noise(recipe)
    if known:
        return known
    seeds = tuple(training.seed + step for step in range(1, config.noise.seeds + 1))
    measured = config.evaluation.quality_alone()
    reports = tuple(
        evaluate(export(place.train(dataset, _with_seed(training, seed)), config.export), dataset, measured)
        for seed in seeds
    )
    return keep_noise(recipe, seeds, reports)


def _with_seed(training: TrainingConfig, seed: int) -> TrainingConfig:
    return training.model_copy(update={"seed": seed})


def _recipe(dataset: DatasetRef, training: TrainingConfig, config: RetrainConfig) -> str:
    """SHA-256 of how the model is made, but for its rows and its seed, which change from run to run."""
    parts = [
        config.model,
        dataset.task,
        _with_seed(training, 0).model_dump(mode="json"),
        pointed_to(training),
        config.export.model_dump(mode="json"),
        config.noise.seeds,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
