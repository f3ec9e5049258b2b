"""The stage `gate`: a report and a policy in, a verdict out: pass, fail or inconclusive."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tasks.gate.config import GatesConfig
from tasks.gate.evidence import Evidence
from tasks.gate.signing_config import SigningConfig
from tasks.records import Verdict
from tasks.stage import code_digest, leave_markdown, run_logger, stage


def _says(verdict: Verdict) -> str:
    return f"{verdict.state} ({', '.join(f'{gate.name} {gate.state}' for gate in verdict.gates)})"


@stage(says=_says)
def gate(evidence: Evidence, config: GatesConfig, model: str, signing: SigningConfig) -> Verdict:
    """Judge a candidate by what was measured of it, alone and against the champion; sign what comes of it."""
    from tasks.gate.every_gate import judge_every_gate
    from tasks.gate.page import page_for_prefect
    from tasks.gate.verdict import Judging, keep_verdict

    gates = judge_every_gate(evidence, config)
    judging = Judging(evidence, config, model, _code(), signing.signer())
    verdict = Verdict.model_validate(keep_verdict(gates, judging))
    leave_markdown(f"verdict-{model}", page_for_prefect(verdict), f"Verdict on {model}: {verdict.state}")
    if verdict.warning:
        run_logger().warning(verdict.warning)
    return verdict


def _code() -> str:
    """SHA-256 of the source that measures and judges, of what stages share, and of the locked versions."""
    stages = Path(__file__).parent.parent
    digests = (code_digest(stages / "evaluate"), code_digest(stages / "gate"))
    return hashlib.sha256("".join(digests).encode()).hexdigest()
