"""A person's override on the model card: a section of its own, written when it happens and never taken away."""

from __future__ import annotations

import tempfile
from pathlib import Path

from infra.mlflow import Mlflow
from infra.mlflow_model_files import read_model_file
from infra.mlflow_registry import log_model_file
from tasks.records import Artefact, Override, Release
from tasks.registry.models import log_once

CARD = "MODEL_CARD.md"


def override_section(override: Override, verdict_digest: str) -> str:
    """The section of the card, in Markdown."""
    signed = f"signed with the key `{override.signature.public_key}`" if override.signature else "not signed"
    return (
        "## Released by a person against its verdict\n\n"
        f"The verdict `{verdict_digest}` about this model was **{override.verdict_state}**. {_plain(override.by)} "
        f"released it all the same on {override.at} ({signed}), for this reason:\n\n> {_plain(override.why)}"
    )


def write_override_on_card(mlflow: Mlflow, entry: Release) -> None:
    """Put the section of an overridden release on the card of its logged model, below the title, once.

    A model that has no card gets one of the section alone. Raises MlflowFailed if MLflow cannot be used.
    """
    if entry.override is None:
        return
    model_id = log_once(mlflow, entry.model, Artefact(uri=entry.model_uri, digest=entry.model_digest)).model_id
    section = override_section(entry.override, entry.verdict_digest)
    card = read_model_file(mlflow, model_id, CARD) or f"# {entry.model}, release {entry.number}\n"
    if section in card:
        return
    title, _, rest = card.partition("\n")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / CARD
        path.write_text(f"{title}\n\n{section}\n{rest}", encoding="utf-8")
        log_model_file(mlflow, model_id, path)


def _plain(words: str) -> str:
    """A person's words as text and not as Markdown or HTML."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in words)
