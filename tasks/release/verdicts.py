"""A verdict as it is stored, read again before anything is released on its word."""

from __future__ import annotations

import json
from typing import Any

from tasks.errors import CorruptArtefact, ReleaseRefused
from tasks.records import Artefact, Release, Verdict
from tasks.store import fetch_whole

FILE = "verdict.json"


def require_pass(verdict: Verdict, candidate_digest: str) -> None:
    """Raise ReleaseRefused unless the stored verdict says what the record says, and lets this candidate pass."""
    stored = read_verdict(verdict)
    if verdict.state != "pass":
        failed = "; ".join(f"{gate.name}: {gate.reason}" for gate in verdict.gates if gate.state != "pass")
        raise ReleaseRefused(f"the verdict is {verdict.state}, so nothing is released: {failed}")
    if verdict.candidate_digest != candidate_digest:
        raise ReleaseRefused(
            f"the verdict judges model {verdict.candidate_digest[:12]}, not model {candidate_digest[:12]}, "
            "so nothing is released: judge this candidate first"
        )
    said = verdict.model_dump(mode="json", exclude={"uri", "digest"})
    different = sorted(name for name in said if stored.get(name) != said[name])
    if different:
        raise ReleaseRefused(
            f"the verdict stored at {verdict.uri} differs from the one handed over in {', '.join(different)}, "
            "so nothing is released: judge the candidate again"
        )


def require_bound(entry: Release) -> None:
    """Raise CorruptArtefact unless an entry's stored verdict is a pass for the entry's model."""
    stored = read_verdict(Artefact(uri=entry.verdict_uri, digest=entry.verdict_digest))
    if stored.get("state") != "pass" or stored.get("candidate_digest") != entry.model_digest:
        raise CorruptArtefact(
            f"release {entry.number} of {entry.model} names a verdict that does not let its model "
            f"{entry.model_digest[:12]} pass ({entry.verdict_uri}): the entry was altered; restore it from a backup"
        )


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
