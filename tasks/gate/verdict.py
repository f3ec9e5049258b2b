"""The verdict's folder: `verdict.json` for machines, bound to all it rests on and signed, and `report/` for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.storage import file_sha256
from tasks.gate.config import GatesConfig
from tasks.gate.evidence import Evidence
from tasks.gate.in_force import policy_digest
from tasks.gate.judge import overall
from tasks.gate.looks import Looks, look
from tasks.gate.page import write_pages
from tasks.gate.shown import Page
from tasks.records import GateResult
from tasks.signatures import Signer
from tasks.store import keep, workspace


@dataclass(frozen=True)
class Judging:
    """What a verdict is about and rests on, beside the gates' answers."""

    evidence: Evidence
    policy: GatesConfig
    model: str
    """Name of the model, of which the looks at the holdout are counted."""
    code_digest: str
    signer: Signer | None = None


def keep_verdict(gates: list[GateResult], judging: Judging) -> dict[str, Any]:
    """Store the answer of all gates; returns the fields of its record, `uri` and `digest` included.

    The same gates, reports, policy, code, key and look give the same bytes.
    """
    looks = look(judging.model, judging.evidence.report, gates)
    said, bound_to = _said(gates, judging, looks), _bound_to(judging)
    with workspace("gate") as folder:
        (folder / "report").mkdir()
        write_pages(folder / "report", Page(gates, said, judging.evidence, judging.policy, looks))
        pages = {path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.glob("report/*"))}
        _write_signed(folder / "verdict.json", {**said, **bound_to, "pages": pages}, judging.signer)
        stored = keep("verdicts", folder)
    return {**said, "uri": stored.uri, "digest": stored.digest}


def _said(gates: list[GateResult], judging: Judging, looks: Looks) -> dict[str, Any]:
    report, champion = judging.evidence.report, judging.evidence.champion_report
    return {
        "state": overall(gates),
        "gates": [gate.model_dump(mode="json") for gate in gates],
        "candidate_digest": report.model_digest,
        "champion_digest": champion.model_digest if champion else None,
        "holdout_digest": report.holdout_digest,
        "policy_digest": policy_digest(judging.policy),
        "model": judging.model,
        "code_digest": judging.code_digest,
        "looks": looks.number,
        "warning": looks.warning,
        "signed_by": judging.signer.fingerprint if judging.signer else None,
    }


def _bound_to(judging: Judging) -> dict[str, Any]:
    champion = judging.evidence.champion_report
    return {
        "policy": judging.policy.model_dump(mode="json"),
        "report_uri": judging.evidence.report.uri,
        "champion_report_uri": champion.uri if champion else None,
    }


def _write_signed(path: Path, content: dict[str, Any], signer: Signer | None) -> None:
    signature = signer.sign(content).model_dump(mode="json") if signer else None
    text = json.dumps({**content, "signature": signature}, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text, encoding="utf-8")
