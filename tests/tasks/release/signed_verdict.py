"""Verdicts as the stage `gate` stores them, signed, about models that are in the store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tasks.gate.config import GatesConfig
from tasks.gate.in_force import policy_digest
from tasks.gate.verdict import Judging, keep_verdict
from tasks.records import Artefact, GateResult, InForce, Report, State, Verdict
from tasks.signatures import Signer
from tasks.store import fetch, keep, workspace
from tests.tasks.gate.stored_report import evidence_of, predictions, stored_report

MODEL = "intents"
POLICY = GatesConfig()


def report_about(candidate: Artefact) -> Report:
    report = stored_report(predictions([True] * 30), "a")
    return report.model_copy(update={"model_digest": candidate.digest})


def judged(
    candidate: Artefact,
    signer: Signer | None = None,
    state: State = "pass",
    champion: Artefact | None = None,
    model: str = MODEL,
) -> Verdict:
    """A verdict with one gate of that state."""
    gate = GateResult(name="quality", measured=0.9, low=0.85, high=0.95, limit=0.8, state=state, reason=f"is {state}")
    before = report_about(champion) if champion else None
    judging = Judging(evidence_of(report_about(candidate), before), POLICY, model, "c" * 64, signer)
    return Verdict.model_validate(keep_verdict([gate], judging))


def in_force(*trusted: Signer) -> InForce:

    keys = tuple(signer.public_key for signer in trusted)
    return InForce(policy_digest=policy_digest(POLICY), holdout_digest="h" * 64, trusted=keys)


def stored_again(verdict: Verdict, change: dict[str, Any] | None = None, page: str | None = None) -> Verdict:
    """The verdict as somebody who can write to the store would leave it: altered, under the digest that fits."""
    with workspace("forged") as folder:
        copy = folder / "copy"
        shutil.copytree(fetch(verdict), copy, ignore=shutil.ignore_patterns("manifest.json"))
        path = copy / "verdict.json"
        content = {**json.loads(path.read_text(encoding="utf-8")), **(change or {})}
        path.write_text(json.dumps(content, indent=3, sort_keys=True), encoding="utf-8")
        if page is not None:
            (copy / "report" / "verdict.html").write_text(page, encoding="utf-8")
        stored = keep("verdicts", copy)
    fields = {name: content[name] for name in Verdict.model_fields if name in content}
    return Verdict.model_validate({**fields, "uri": stored.uri, "digest": stored.digest})


def stored_content(verdict: Verdict) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(fetch(verdict) / "verdict.json").read_text(encoding="utf-8"))
    return content
