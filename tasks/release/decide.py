"""Letting a candidate in, and going back: each reads the log, checks, and writes at most one entry."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.datasets.folder import trained_on
from tasks.errors import CorruptArtefact, ReleaseConflict
from tasks.models.info import ModelInfo
from tasks.records import Artefact, DatasetRef, InForce, ModelRef, Release, Verdict
from tasks.release.log import append, newest, read_log, rollback_target
from tasks.release.verdicts import require_bound, require_pass
from tasks.store import fetch, fetch_whole


def champion_of(model: str) -> ModelRef | None:
    """The model of the newest entry; None where nothing was ever released.

    Raises CorruptArtefact where the entry's verdict does not let that model pass.
    """
    entry = newest(model)
    if entry is None:
        return None
    require_bound(entry)
    artefact = Artefact(uri=entry.model_uri, digest=entry.model_digest)
    info = ModelInfo.read(fetch(artefact))
    return ModelRef(uri=artefact.uri, digest=artefact.digest, dataset_digest=info.dataset_digest)


def dataset_of_champion(model: str) -> DatasetRef | None:
    """What the champion was trained on; None where nothing was ever released. Raises StorageError where it is gone."""
    champion = champion_of(model)
    return trained_on(champion) if champion else None


def champion_labels(model: str) -> tuple[str, ...]:
    """The labels that the champion tells apart; none where nothing was ever released."""
    champion = champion_of(model)
    return ModelInfo.read(fetch(champion)).labels if champion else ()


def let_in(
    model: str, candidate: ModelRef, verdict: Verdict, by: str, why: str, in_force: InForce | None = None
) -> Release:
    """Append the release of a candidate whose verdict passed, and return the entry.

    Where the candidate already is the champion, the present entry is returned and nothing is written. `in_force` is
    what the verdict must rest on besides: holdout, policy, and the keys that are trusted.
    Raises ReleaseRefused where the verdict does not allow it, ReleaseConflict where it compared the candidate with a
    model that is not the champion now, CorruptArtefact where the candidate's files are not whole.
    """
    require_pass(model, verdict, candidate.digest, in_force)
    fetch_whole(candidate)
    entries = read_log(model)
    champion = entries[-1].model_digest if entries else None
    if champion == candidate.digest:
        return entries[-1]
    if verdict.champion_digest != champion:
        raise ReleaseConflict(
            f"the candidate was compared with {_named(verdict.champion_digest)}, but the champion of {model} now is "
            f"{_named(champion)}: nothing was released; run again to judge it against the new champion"
        )
    return append(
        entries,
        model=model,
        kind="release",
        released=candidate,
        verdict=verdict,
        by=by,
        why=why,
    )


def put_back(model: str, by: str, why: str, trusted: Sequence[str] = ()) -> Release:
    """Append an entry that puts the previous release's model back, and return it; what a person overrode stays said.

    With `trusted` keys, a release whose verdict none of them has signed is not put back, and CorruptArtefact raised.
    Raises UserInputError where there is none to go back to, CorruptArtefact where its files are not whole.
    """
    entries = read_log(model)
    target = rollback_target(model, entries)
    require_bound(target, trusted)
    released = Artefact(uri=target.model_uri, digest=target.model_digest)
    try:
        fetch_whole(released)
    except CorruptArtefact as error:
        raise CorruptArtefact(f"release {target.number} of {model} cannot be put back: {error}") from None
    return append(
        entries,
        model=model,
        kind="rollback",
        released=released,
        verdict=Artefact(uri=target.verdict_uri, digest=target.verdict_digest),
        by=by,
        why=why,
        override=target.override,
    )


def _named(digest: str | None) -> str:
    return f"model {digest[:12]}" if digest else "no champion"
