"""The stage `gate`: a report and a policy in, a verdict out: pass, fail or inconclusive."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tasks.gate.config import GatesConfig
from tasks.gate.signing_config import SigningConfig
from tasks.metrics.seed_noise import TrainerNoise
from tasks.records import DatasetRef, Report, SideBySide, Verdict
from tasks.stage import code_digest, leave_markdown, run_logger, stage


def _says(verdict: Verdict) -> str:
    return f"{verdict.state} ({', '.join(f'{gate.name} {gate.state}' for gate in verdict.gates)})"


@stage(says=_says)
def gate(
    report: Report,
    champion_report: Report | None,
    both: SideBySide | None,
    noise: TrainerNoise | None,
    config: GatesConfig,
    model: str,
    signing: SigningConfig,
    dataset: DatasetRef | None,
) -> Verdict:
    """Judge a candidate by its report, and against the champion's on the same rows; sign what comes of it.

    Without a champion there is nothing to compare with, and gates that compare are left out of the verdict. The page
    quotes the rows that changed sides where it is given the `dataset` that the holdout is of.
    """
    from tasks.gate.every_gate import judge_every_gate
    from tasks.gate.page import page_for_prefect
    from tasks.gate.verdict import Judging, keep_verdict

    gates = judge_every_gate(report, champion_report, both, noise, config)
    judging = Judging(report, champion_report, config, model, _code(), signing.signer(), both, dataset)
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
