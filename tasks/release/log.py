"""The release log of a model: numbered entries in the store, each holding the hash of the one before it.

It is the only commit point. An entry is created with put-if-absent, so that two writers cannot both write the same
number, and the chain of hashes shows any later change of an entry but the newest.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import pairwise

from pydantic import ValidationError

from infra.settings import settings
from tasks.errors import CorruptArtefact, ReleaseConflict, StorageError, UserInputError
from tasks.records import Artefact, Override, Release
from tasks.store import store


def read_log(model: str) -> list[Release]:
    """All entries, oldest first. Raises CorruptArtefact where one is missing, altered or not in its place."""
    entries: list[Release] = []
    before: str | None = None
    for number, key in enumerate(_keys(model), start=1):
        data = _read(key)
        entry = _parse(data, key)
        if key != entry_key(model, number) or (entry.number, entry.model) != (number, model):
            raise CorruptArtefact(
                f"the release log of {model} is broken: entry {number} is expected, but {key} was found, which says "
                f"it is entry {entry.number} of {entry.model}; an entry was removed or renamed: restore the log"
            )
        if entry.previous != before:
            raise CorruptArtefact(
                f"the release log of {model} is broken: {key} does not follow from entry {number - 1}, so one of the "
                "two was altered after it was written. Restore them from a backup"
            )
        before = hashlib.sha256(data).hexdigest()
        entries.append(entry)
    return entries


def newest(model: str) -> Release | None:
    """The entry that is in effect; None where nothing was ever released."""
    entries = read_log(model)
    return entries[-1] if entries else None


def append(
    entries: list[Release],
    *,
    model: str,
    kind: str,
    released: Artefact,
    verdict: Artefact,
    by: str,
    why: str,
    override: Override | None = None,
) -> Release:
    """Write the entry after `entries`, the log as the caller read and judged it, that puts `released` in force.

    Raises ReleaseConflict where somebody else has written an entry since.
    """
    entry = Release.model_validate(
        {
            "model": model,
            "number": len(entries) + 1,
            "kind": kind,
            "model_uri": released.uri,
            "model_digest": released.digest,
            "verdict_uri": verdict.uri,
            "verdict_digest": verdict.digest,
            "by": by,
            "why": why,
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "previous": hashlib.sha256(_read(entry_key(model, len(entries)))).hexdigest() if entries else None,
            "override": override,
        }
    )
    key, data = entry_key(model, entry.number), entry_bytes(entry)
    try:
        # An S3 client that sends a write again after a lost answer finds its own entry there.
        written = store().put_if_absent(key, data) or store().read(key) == data
    except OSError as error:
        raise StorageError(
            f"the release log {settings().store_url}/{key} cannot be written ({error.strerror or error}): "
            "nothing was released; check that this user may write to the store"
        ) from None
    if not written:
        raise ReleaseConflict(
            f"release {entry.number} of {model} was written by somebody else in the meantime: nothing was released; "
            "run again to judge the candidate against the new champion"
        )
    return entry


def rollback_target(model: str, entries: list[Release]) -> Release:
    """The release to go back to: the newest one of another model that was not itself rolled back from.

    So a second rollback goes one further back, and never returns to what the first one left.
    Raises UserInputError where there is none.
    """
    withdrawn: set[str] = set()
    for before, entry in pairwise(entries):
        if entry.kind == "rollback":
            withdrawn.add(before.model_digest)
        withdrawn.discard(entry.model_digest)
    present = entries[-1].model_digest if entries else None
    for entry in reversed(entries):
        if entry.kind != "rollback" and entry.model_digest != present and entry.model_digest not in withdrawn:
            return entry
    held = f"release {entries[-1].number} is the only one left in effect" if entries else "it has no release"
    raise UserInputError(f"{model} cannot be rolled back: {held}; {_known_models(model)}")


def entry_key(model: str, number: int) -> str:
    """The store's key of an entry."""
    return f"releases/{model}/{number:06d}.json"


def entry_bytes(entry: Release) -> bytes:
    """An entry as it is stored: JSON with sorted keys and no spaces; without an override the field is left out."""
    return json.dumps(
        entry.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":")
    ).encode()


def _keys(model: str) -> list[str]:
    try:
        return store().keys(f"releases/{model}/")
    except OSError as error:
        raise StorageError(f"the store {settings().store_url} cannot be read ({error.strerror or error})") from None


def _read(key: str) -> bytes:
    try:
        data = store().read(key)
    except OSError as error:
        raise StorageError(f"{settings().store_url}/{key} cannot be read ({error.strerror or error})") from None
    if data is None:
        raise CorruptArtefact(f"{settings().store_url}/{key} was removed while the release log was read")
    return data


def _parse(data: bytes, key: str) -> Release:
    try:
        return Release.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise CorruptArtefact(
            f"{settings().store_url}/{key} is not a release entry ({problem['msg']}): restore it from a backup"
        ) from None


def _known_models(model: str) -> str:
    names = sorted({key.split("/")[1] for key in store().keys("releases/") if key.count("/") == 2})
    if model in names:
        return "release another candidate instead"
    return f"models with releases: {', '.join(names) or 'none'}"
