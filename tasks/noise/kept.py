"""The noise of a way to train, kept in the store under the digest of all that says how the model is made."""

from __future__ import annotations

import json

from pydantic import ValidationError

from infra.settings import settings
from tasks.errors import CorruptArtefact, StorageError
from tasks.metrics.seed_noise import TrainerNoise
from tasks.records import Report
from tasks.store import store


def find(recipe: str) -> TrainerNoise | None:
    """What is known of the recipe, by its digest; None where nothing is. Raises CorruptArtefact for a broken file."""
    data = _read(recipe)
    if data is None:
        return None
    try:
        return TrainerNoise.model_validate_json(data)
    except ValidationError:
        raise CorruptArtefact(
            f"{settings().store_url}/{_key(recipe)} is not the noise of a training: remove it, and the next run "
            "measures it anew"
        ) from None


def remember(recipe: str, seeds: tuple[int, ...], reports: tuple[Report, ...]) -> TrainerNoise:
    """Keep the scores of trainings that differ by their seed alone. What another run kept meanwhile stays, and counts.

    Raises StorageError where the store cannot be written.
    """
    names = sorted(set.intersection(*(set(report.metrics) for report in reports)))
    noise = TrainerNoise(
        recipe_digest=recipe,
        holdout_digest=reports[0].holdout_digest,
        rows=reports[0].rows,
        seeds=seeds,
        scores={name: tuple(report.metrics[name].value for report in reports) for name in names},
    )
    data = json.dumps(noise.model_dump(mode="json"), indent=1, sort_keys=True).encode()
    try:
        kept = store().put_if_absent(_key(recipe), data)
    except OSError as error:
        raise StorageError(
            f"the store {settings().store_url} cannot be written ({error.strerror or error}): check that this user "
            "may write to it"
        ) from None
    return noise if kept else find(recipe) or noise


def _key(recipe: str) -> str:
    return f"noise/{recipe}.json"


def _read(recipe: str) -> bytes | None:
    try:
        return store().read(_key(recipe))
    except OSError as error:
        raise StorageError(
            f"{settings().store_url}/{_key(recipe)} cannot be read ({error.strerror or error}): check that this user "
            "may read the store"
        ) from None
