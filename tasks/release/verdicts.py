"""A verdict as it is stored, read again before anything is released on its word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.storage import MANIFEST, file_sha256
from tasks.errors import CorruptArtefact, ReleaseRefused
from tasks.records import Artefact, InForce, Override, Release, Signature, Verdict
from tasks.signatures import fingerprint, why_not_trusted
from tasks.store import fetch_whole

FILE = "verdict.json"
SIGNATURE = "signature"
"""The field of the file that is not signed, because it holds the signature over all others."""
PAGES = "pages"
"""The field that holds the SHA-256 of each other file of the folder, so that the signature covers them too."""


def require_pass(model: str, verdict: Verdict, candidate_digest: str, in_force: InForce | None = None) -> None:
    """Raise ReleaseRefused unless the stored verdict says what the record says, and lets this candidate pass.

    With `in_force`, it must also rest on that holdout and policy, and be signed with a key that is trusted.
    """
    stored = read_verdict(verdict)
    if verdict.state != "pass":
        failed = "; ".join(f"{gate.name}: {gate.reason}" for gate in verdict.gates if gate.state != "pass")
        raise ReleaseRefused(f"the verdict is {verdict.state}, so nothing is released: {failed}")
    _require_same(verdict, stored)
    _require_of(model, verdict, candidate_digest)
    if reason := why_untrusted(verdict, stored, in_force.trusted if in_force else ()):
        raise ReleaseRefused(f"the verdict at {verdict.uri} cannot be relied on: {reason}; nothing is released")
    if in_force:
        _require_in_force(verdict, stored, in_force)


def require_bound(entry: Release, trusted: Sequence[str] = ()) -> None:
    """Raise CorruptArtefact unless an entry's stored verdict is about its model, and a pass or overridden by a person.

    Where keys are trusted, one of them must have signed the verdict, and the override where there is one.
    """
    artefact = Artefact(uri=entry.verdict_uri, digest=entry.verdict_digest)
    stored = read_verdict(artefact)
    allowed = entry.override.verdict_state if entry.override else "pass"
    if stored.get("state") != allowed or stored.get("candidate_digest") != entry.model_digest:
        raise CorruptArtefact(
            f"release {entry.number} of {entry.model} names a verdict that does not let its model "
            f"{entry.model_digest[:12]} pass ({entry.verdict_uri}): the entry was altered; restore it from a backup"
        )
    reason = why_untrusted(artefact, stored, trusted)
    if not reason and entry.override:
        content = said_in_override(entry.model, entry.model_digest, entry.verdict_digest, entry.override)
        reason = why_not_trusted(content, entry.override.signature, trusted)
        reason = reason and f"a person's override of it: {reason}"
    if reason:
        raise CorruptArtefact(
            f"the verdict of release {entry.number} of {entry.model} is not trusted: {reason} ({entry.verdict_uri})"
        )


def said_in_override(model: str, model_digest: str, verdict_digest: str, override: Override) -> dict[str, Any]:
    """What the signature of an override covers."""
    said = override.model_dump(mode="json", exclude={"signature"})
    return {"model": model, "model_digest": model_digest, "verdict_digest": verdict_digest, **said}


def read_verdict(verdict: Artefact) -> dict[str, Any]:
    """The stored verdict; its folder must be whole. Raises CorruptArtefact."""
    path = fetch_whole(verdict) / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptArtefact(f"{path} cannot be read as a verdict: {error}") from None
    if not isinstance(content, dict):
        raise CorruptArtefact(f"{path} is not a verdict: it holds a {type(content).__name__}")
    return content


def verdict_at(artefact: Artefact) -> Verdict:
    """The record of a stored verdict. Raises CorruptArtefact where it is not whole, or is no verdict."""
    return _record(read_verdict(artefact), artefact)


def why_untrusted(verdict: Artefact, stored: dict[str, Any], trusted: Sequence[str]) -> str:
    """Why a stored verdict is not to be believed; empty where it is. Its folder was found whole before."""
    said = {name: value for name, value in stored.items() if name != SIGNATURE}
    try:
        signature = Signature.model_validate(stored[SIGNATURE]) if stored.get(SIGNATURE) else None
    except ValidationError:
        return "its signature is none"
    if reason := why_not_trusted(said, signature, trusted):
        return reason
    named = said.get("signed_by")
    if named != (fingerprint(signature.public_key) if signature else None):
        return f"it says that the key {str(named)[:16]}… signed it, and that key's signature is not there"
    return _why_pages_differ(fetch_whole(verdict), said)


def _why_pages_differ(folder: Path, said: dict[str, Any]) -> str:
    if PAGES not in said:
        return "" if said.get("signed_by") is None else "it does not name its pages"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}
    others = {name: digest for name, digest in found.items() if name not in {FILE, MANIFEST}}
    return "" if others == said[PAGES] else "its pages are not those that it was stored with"


def _require_of(model: str, verdict: Verdict, candidate_digest: str) -> None:
    if verdict.candidate_digest != candidate_digest:
        raise ReleaseRefused(
            f"the verdict judges model {verdict.candidate_digest[:12]}, not model {candidate_digest[:12]}, "
            "so nothing is released: judge this candidate first"
        )
    if verdict.model not in {None, model}:
        raise ReleaseRefused(f"the verdict judges a candidate of {verdict.model}, not of {model}: nothing is released")


def _require_same(verdict: Verdict, stored: dict[str, Any]) -> None:
    kept = _record(stored, verdict)
    different = sorted(name for name in Verdict.model_fields if getattr(kept, name) != getattr(verdict, name))
    if different:
        raise ReleaseRefused(
            f"the verdict stored at {verdict.uri} differs from the one handed over in {', '.join(different)}, "
            "so nothing is released: judge the candidate again"
        )


def _require_in_force(verdict: Verdict, stored: dict[str, Any], in_force: InForce) -> None:
    found = {
        "holdout": (verdict.holdout_digest, in_force.holdout_digest),
        "policy (gates)": (verdict.policy_digest, in_force.policy_digest),
        "policy (gates) as it is written out": (json_digest(stored.get("policy")), in_force.policy_digest),
    }
    for name, (judged, present) in found.items():
        if judged != present:
            raise ReleaseRefused(
                f"the verdict rests on the {name} {judged[:12]}, and in force is {present[:12]}, so nothing is "
                "released: judge the candidate again"
            )


def json_digest(content: Any) -> str:
    """SHA-256 of plain data as JSON with sorted keys, as the policy's digest is made."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _record(stored: dict[str, Any], artefact: Artefact) -> Verdict:
    fields = {name: stored[name] for name in Verdict.model_fields if name in stored}
    try:
        return Verdict.model_validate({**fields, "uri": artefact.uri, "digest": artefact.digest})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise CorruptArtefact(f"{artefact.uri} holds no verdict ({problem['loc']}: {problem['msg']})") from None
