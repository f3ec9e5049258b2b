"""`python -m flows.signing_key`: a key pair that signs, whose private half only its owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flows.signing_key import main
from tasks.gate.signing_config import SigningConfig


def test_the_key_goes_to_a_file_for_its_owner_alone_and_not_to_the_terminal(
    refit_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([]) == 0
    path, said = refit_home / "signing.key", capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    private = path.read_text().strip()
    assert private not in said
    monkeypatch.setenv("REFIT_SIGNING_KEY", private)
    public = said.split("public key")[1].split()[0]
    signer = SigningConfig(private_key="REFIT_SIGNING_KEY", trusted=(public,)).signer()
    assert signer is not None
    assert signer.fingerprint in said


def test_a_key_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys" / "one.key"
    assert main([str(path)]) == 0
    before = path.read_bytes()
    assert main([str(path)]) == 3
    assert "a key is never written over" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_who_asks_for_it_gets_the_private_key_on_the_terminal_and_in_no_file(
    refit_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--print"]) == 0
    said = capsys.readouterr().out
    monkeypatch.setenv("KEY", said.split("private key")[1].split()[0])
    assert SigningConfig(private_key="KEY").signer() is not None
    assert not [name for _, _, names in os.walk(refit_home) for name in names]
