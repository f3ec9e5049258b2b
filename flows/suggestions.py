"""What a misspelt name in a config may have been meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel


def nearest_name(root: type[BaseModel], place: Sequence[str | int]) -> str | None:
    """The setting that the last part of `place`, a path below `root` as pydantic gives it, is most like, if any is."""
    models = [root]
    for part in place[:-1]:
        fields = [model.model_fields[str(part)] for model in models if str(part) in model.model_fields]
        # Where no model has such a field, the part is the `kind` that pydantic puts in for a union.
        models = (
            [inner for field in fields for inner in _models_in(field.annotation)] if fields else _of_kind(models, part)
        )
    names = sorted({name for model in models for name in model.model_fields})
    return next(iter(difflib.get_close_matches(str(place[-1]), names, n=1, cutoff=0.6)), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _of_kind(models: list[type[BaseModel]], kind: str | int) -> list[type[BaseModel]]:
    return [model for model in models if "kind" in model.model_fields and model.model_fields["kind"].default == kind]
