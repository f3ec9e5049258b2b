"""MLflow's alias follows the release log: it can be set again from the log at any time, and never decides anything."""

from __future__ import annotations

from infra.mlflow import MlflowFailed
from infra.mlflow_registry import drop_alias, model_tags, set_alias, set_model_tag
from tasks.errors import RefitError, StorageError, UserInputError
from tasks.registry.connection import mlflow
from tasks.registry.models import register_once
from tasks.registry.override_card import write_override_on_card
from tasks.release.config import ReleaseConfig
from tasks.release.log import newest

ALIAS_TAG = "alias_of_the_release_log"


def follow_log(model: str, alias: str | None = None) -> str | None:
    """Point the alias at the registered version of the newest entry's model, registering that first where needed.

    Without `alias`, the one that the registered model's tag names, as set by the last release. Returns the version's
    number; None where nothing was ever released. An alias that followed before under another name is taken away. A
    person's override is put on the model's card.
    Raises MlflowFailed if MLflow cannot be used.
    """
    entry = newest(model)
    if entry is None:
        return None
    connection = mlflow()
    version = register_once(connection, entry)
    write_override_on_card(connection, entry)
    known = model_tags(connection, model).get(ALIAS_TAG)
    chosen = alias or known or ReleaseConfig().alias
    set_alias(connection, model, chosen, version)
    if known != chosen:
        if known is not None:
            drop_alias(connection, model, known)
        set_model_tag(connection, model, ALIAS_TAG, chosen)
    return version


def must_follow(model: str) -> str:
    """Like `follow_log`, in Refit's own errors: UserInputError for an unknown model, RefitError for MLflow."""
    try:
        version = follow_log(model)
    except MlflowFailed as error:
        raise RefitError(f"{error}; start it, or set REFIT_MLFLOW_URI") from error
    if version is None:
        raise UserInputError(f"{model} has no release, so there is nothing that an alias could follow")
    return version


def try_to_follow(model: str, alias: str | None = None) -> str | None:
    """Like `follow_log`, but returns a warning where MLflow cannot be used: the log alone decides what serves."""
    try:
        follow_log(model, alias)
    except (MlflowFailed, StorageError) as error:
        return (
            f"the release log of {model} is written, but MLflow's alias does not follow it yet ({error}); "
            f"the next release or rollback sets it, or run: python -m flows.rollback {model} --repair-alias"
        )
    return None
