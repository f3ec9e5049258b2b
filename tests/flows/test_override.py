"""`python -m flows.override`: a rejected candidate is released by a person, and the log and the card say so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows.override import override
from infra.mlflow_registry import alias_version
from tasks.gate.signing_config import SigningConfig
from tasks.records import AskedOverride, ModelRef, Verdict
from tasks.release.log import read_log
from tasks.signatures import Signer, new_key_pair
from tests.mlflow_database import ready_mlflow
from tests.stored_model import stored_model
from tests.tasks.release.signed_verdict import MODEL, judged

ROOT = Path(__file__).resolve().parent.parent.parent
REASON = "the failed gate measured last year's labels"


def test_the_flow_releases_what_was_rejected_and_signs_it(
    prefect_server: None, monkeypatch: pytest.MonkeyPatch, refit_home: Path
) -> None:
    ready_mlflow()
    private, public = new_key_pair()
    monkeypatch.setenv("KEY", private)
    candidate = stored_model()
    verdict = judged(candidate, Signer.named("KEY", "signing.private_key"), "fail")
    asked = AskedOverride(candidate=candidate.digest, verdict_uri=verdict.uri, by="Ann Smith", why=REASON)
    entry = override(MODEL, asked, SigningConfig(private_key="KEY", trusted=(public,)))
    assert read_log(MODEL) == [entry]
    assert entry.override is not None
    assert entry.override.signature is not None
    assert entry.override.signature.public_key == public
    texts = b"".join(path.read_bytes() for path in refit_home.rglob("*") if path.is_file())
    assert private.encode() not in texts


def command(config: Path, candidate: ModelRef, verdict: Verdict, *more: str) -> subprocess.CompletedProcess[str]:
    named = ("--candidate", candidate.digest, "--verdict", verdict.uri)
    return subprocess.run(
        [sys.executable, "-m", "flows.override", str(config), *named, *more],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config of the model, with the demo's data."""
    content = yaml.safe_load((ROOT / "deployments/support-intents.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**content, "model": MODEL}), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_command_releases_with_name_and_reason_and_says_how_to_undo_it(config: Path) -> None:
    mlflow, candidate = ready_mlflow(), stored_model()
    verdict = judged(candidate, state="fail")
    short = command(config, candidate, verdict, "--by", "Ann Smith", "--reason", "because")
    assert short.returncode == 3, short.stdout + short.stderr
    assert "at least 20 characters" in short.stdout + short.stderr
    assert read_log(MODEL) == []

    done = command(config, candidate, verdict, "--by", "Ann Smith", "--reason", REASON)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        f"Released against its verdict (fail): {MODEL} 1 is model {candidate.digest[:12]}, by Ann Smith" in done.stdout
    )
    assert f"python -m flows.rollback {MODEL}" in done.stdout
    assert [entry.kind for entry in read_log(MODEL)] == ["override"]
    assert alias_version(mlflow, MODEL, "champion") == "1"

    again = command(config, candidate, verdict, "--by", "Ann Smith", "--reason", REASON)
    assert again.returncode == 3
    assert "is the champion of intents already" in again.stdout + again.stderr


def test_a_command_without_a_name_is_wrong_input(config: Path) -> None:
    done = command(config, stored_model(), judged(stored_model(), state="fail"), "--reason", REASON)
    assert done.returncode == 3
    assert "--by" in done.stdout + done.stderr
