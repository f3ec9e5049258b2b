"""The section `signing`: names and public keys, and never a private key."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.errors import UserInputError
from tasks.gate.signing_config import SigningConfig
from tasks.signatures import new_key_pair

PRIVATE, PUBLIC = new_key_pair()


def test_a_key_in_place_of_its_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="never the key itself"):
        SigningConfig(private_key=PRIVATE)


def test_trusted_keys_are_keys_and_somebody_must_sign() -> None:
    with pytest.raises(ValidationError, match="number 2 is no public key"):
        SigningConfig(private_key="KEY", trusted=(PUBLIC, "nonsense"))
    with pytest.raises(ValidationError, match="so nothing would be released: set private_key"):
        SigningConfig(trusted=(PUBLIC,))


def test_a_signer_that_is_not_trusted_is_found_before_it_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", PRIVATE)
    other = new_key_pair()[1]
    with pytest.raises(UserInputError, match="is not in signing.trusted"):
        SigningConfig(private_key="KEY", trusted=(other,)).signer()
    signer = SigningConfig(private_key="KEY", trusted=(other, f" {PUBLIC} ")).signer()
    assert signer is not None
    assert signer.public_key == PUBLIC
    assert SigningConfig().signer() is None
