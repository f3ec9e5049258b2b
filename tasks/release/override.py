"""A person's decision to release a candidate whose verdict did not pass: named, reasoned, and never forgotten.

It overrides a verdict and never replaces one: a verdict about this very candidate must be there, whole and trusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

from infra.settings import settings
from tasks.errors import CorruptArtefact, ReleaseConflict, ReleaseRefused, UserInputError
from tasks.records import Artefact, AskedOverride, Override, Release, Verdict
from tasks.release.log import append, read_log
from tasks.release.verdicts import read_verdict, said_in_override, verdict_at, why_untrusted
from tasks.signatures import Signer, why_not_trusted
from tasks.store import fetch, fetch_whole

LEAST_REASON_CHARACTERS = 20


def let_in_anyway(
    model: str, asked: AskedOverride, signer: Signer | None = None, trusted: Sequence[str] = ()
) -> Release:
    """Append the release of a candidate that its verdict rejected or found inconclusive, and return the entry.

    Raises UserInputError where name, reason, candidate or verdict do not do,
    ReleaseRefused where the verdict is not trusted, ReleaseConflict where it compared the candidate with a model that
    is not the champion now, CorruptArtefact where files are not whole.
    """
    by, why = _required(asked.by, asked.why)
    if trusted and signer is None:
        raise UserInputError("signing.trusted names keys, so an override must be signed: name signing.private_key")
    kept, artefact = _stored("model", asked.candidate, "models"), _stored("verdict", asked.verdict_uri, "verdicts")
    verdict = verdict_at(artefact)
    _require_overridable(model, verdict, kept.digest)
    if reason := why_untrusted(artefact, read_verdict(artefact), trusted):
        raise ReleaseRefused(f"the verdict at {verdict.uri} cannot be relied on: {reason}; nothing is released")
    fetch_whole(kept)
    entries = read_log(model)
    _require_against_champion(model, verdict, entries[-1].model_digest if entries else None)
    decided = Override(verdict_state=verdict.state, by=by, why=why, at=datetime.now(UTC).isoformat(timespec="seconds"))
    if signer is not None:
        said = said_in_override(model, kept.digest, verdict.digest, decided)
        decided = decided.model_copy(update={"signature": signer.sign(said)})
        if reason := why_not_trusted(said, decided.signature, trusted):
            raise UserInputError(f"the override would not be served: {reason} (signing.private_key, signing.trusted)")
    return append(
        entries,
        model=model,
        kind="override",
        released=kept,
        verdict=verdict,
        by=by,
        why=why,
        override=decided,
    )


def _required(by: str, why: str) -> tuple[str, str]:
    by, why = " ".join(by.split()), " ".join(why.split())
    if not by:
        raise UserInputError("an override needs the name of the person who decides: give it with --by")
    if len(why) < LEAST_REASON_CHARACTERS:
        raise UserInputError(
            f"an override needs a reason that others understand later, of at least {LEAST_REASON_CHARACTERS} "
            f"characters, and {why!r} has {len(why)}: give it with --reason"
        )
    return by, why


def _stored(what: str, named: str, area: str) -> Artefact:
    """A stored folder by its digest or URI. Raises UserInputError where there is none."""
    digest, place = named.strip().rstrip("/").rsplit("/", 1)[-1], f"{settings().store_url.rstrip('/')}/{area}"
    artefact = Artefact(uri=f"{place}/{digest}", digest=digest)
    whole = re.fullmatch(r"[0-9a-f]{64}", digest)
    if not whole or unquote(named.strip().rstrip("/")) not in {digest, unquote(artefact.uri)}:
        raise UserInputError(
            f"{named!r} names no {what} of this store: give its digest (64 hexadecimal digits) or its URI, "
            f"{place}/…; the model card of the run names both"
        )
    try:
        fetch(artefact)
    except CorruptArtefact:
        raise UserInputError(f"there is no whole {what} {artefact.uri} in the store") from None
    return artefact


def _require_overridable(model: str, verdict: Verdict, candidate_digest: str) -> None:
    if verdict.model not in {None, model}:
        raise UserInputError(f"the verdict judges a candidate of {verdict.model}, and not of {model}")
    if verdict.candidate_digest != candidate_digest:
        raise UserInputError(
            f"the verdict judges model {verdict.candidate_digest[:12]}, not model {candidate_digest[:12]}: name the "
            "verdict about this candidate; a candidate without one cannot be released"
        )
    if verdict.passed:
        raise UserInputError(
            f"the verdict about model {candidate_digest[:12]} is a pass, so there is nothing to override: "
            "python -m flows.retrain releases it"
        )


def _require_against_champion(model: str, verdict: Verdict, champion: str | None) -> None:
    if verdict.candidate_digest == champion:
        raise UserInputError(f"model {verdict.candidate_digest[:12]} is the champion of {model} already")
    if verdict.champion_digest != champion:
        raise ReleaseConflict(
            f"the verdict compared the candidate with {_named(verdict.champion_digest)}, but the champion of {model} "
            f"now is {_named(champion)}: nothing was released; run python -m flows.retrain to judge it again"
        )


def _named(digest: str | None) -> str:
    return f"model {digest[:12]}" if digest else "no champion"
