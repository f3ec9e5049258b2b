"""A server that trusts a key serves nothing that this key has not signed."""

from __future__ import annotations

import pytest

from deployments.server.__main__ import main
from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import loader
from infra.storage import StoredFolder
from tasks.records import Artefact
from tasks.signatures import Signer, new_key_pair
from tests.deployments.server.small_models import MODEL, OTHER, PRESENT, keep_model, log_entry, release
from tests.tasks.release.signed_verdict import judged, stored_again


def signed_release(labels: dict[str, str], signer: Signer, alter: bool = False) -> None:
    model = keep_model(labels)
    verdict = judged(Artefact(uri=model.uri, digest=model.digest), signer, model=MODEL)
    verdict = stored_again(verdict, {"report_uri": "file:///elsewhere"}) if alter else verdict
    log_entry(model, StoredFolder(verdict.uri, verdict.digest))


def test_what_the_key_has_not_signed_is_refused_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", new_key_pair()[0])
    signer = Signer.named("KEY", "signing.private_key")
    following = Follower(MODEL, loader(Limits(), 1, [signer.public_key]), 0.0)
    release(PRESENT)
    following.look()
    assert following.serving is None
    assert "it is not signed" in following.refused[0].reason
    signed_release(PRESENT, signer)
    following.look()
    assert following.serving is not None
    assert following.serving.entry.number == 2
    signed_release(OTHER, signer, alter=True)
    following.look()
    assert following.serving.entry.number == 2
    assert "altered after it was signed" in following.refused[0].reason


def test_a_trusted_key_that_is_none_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([MODEL, "--port", "0", "--trusted-key", "nonsense"]) == 3
    assert "--trusted-key 'nonsense' is no public key" in capsys.readouterr().err
