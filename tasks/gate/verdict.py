"""The verdict's folder: `verdict.json` for machines, bound to all it rests on, and `report/verdict.md` for people."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tasks.gate.config import GatesConfig
from tasks.gate.judge import overall
from tasks.records import GateResult, Report
from tasks.store import keep, workspace

STATES = {
    "pass": "**Pass**: every gate passed, so the candidate may be released.",
    "fail": "**Fail**: a gate failed, so the candidate is not released.",
    "inconclusive": "**Inconclusive**: no gate failed, but the data cannot settle every one, so nothing is released.",
}


def keep_verdict(
    gates: list[GateResult], report: Report, champion_report: Report | None, policy: GatesConfig
) -> dict[str, Any]:
    """Store the answer of all gates; returns the fields of its record, `uri` and `digest` included."""
    said = {
        "state": overall(gates),
        "gates": [gate.model_dump(mode="json") for gate in gates],
        "candidate_digest": report.model_digest,
        "champion_digest": champion_report.model_digest if champion_report else None,
        "holdout_digest": report.holdout_digest,
        "policy_digest": policy_digest(policy),
    }
    bound_to = {
        "policy": policy.model_dump(mode="json"),
        "report_uri": report.uri,
        "champion_report_uri": champion_report.uri if champion_report else None,
    }
    with workspace("gate") as folder:
        text = json.dumps({**said, **bound_to}, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "verdict.json").write_text(text, encoding="utf-8")
        (folder / "report").mkdir()
        write_page(folder / "report" / "verdict.md", said, gates)
        stored = keep("verdicts", folder)
    return {**said, "uri": stored.uri, "digest": stored.digest}


def policy_digest(policy: GatesConfig) -> str:
    """SHA-256 of the policy as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(policy.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def write_page(path: Path, said: dict[str, Any], gates: list[GateResult]) -> None:
    """The verdict as Markdown: a row a gate."""
    rows = ["| Gate | Measured | Interval | Limit | State | Reason |", "|---|---:|---:|---:|---|---|"]
    for gate in gates:
        interval = "-" if gate.low is None or gate.high is None else f"{gate.low:.4g} to {gate.high:.4g}"
        measured = "-" if gate.measured is None else f"{gate.measured:.4g}"
        reason = gate.reason.replace("|", "\\|")
        rows.append(f"| {gate.name} | {measured} | {interval} | {gate.limit:.4g} | {gate.state} | {reason} |")
    bound = [
        f"- {name.removesuffix('_digest')}: `{said[name] or 'none'}`"
        for name in ("candidate_digest", "champion_digest", "holdout_digest", "policy_digest")
    ]
    parts = ["# Verdict", STATES[said["state"]], "\n".join(rows), "Judged, by SHA-256:", "\n".join(bound)]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
