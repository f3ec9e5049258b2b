"""What is in force when a candidate is released: the policy, the holdout, and the keys that are trusted."""

from __future__ import annotations

import hashlib
import json

from tasks.gate.config import GatesConfig
from tasks.gate.signing_config import SigningConfig
from tasks.records import InForce, Report


def in_force(report: Report, policy: GatesConfig, signing: SigningConfig) -> InForce:
    """What the release is to ask of a verdict about the report's model."""
    return InForce(policy_digest=policy_digest(policy), holdout_digest=report.holdout_digest, trusted=signing.trusted)


def policy_digest(policy: GatesConfig) -> str:
    """SHA-256 of the policy as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(policy.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
