"""A signature holds for what a piece of JSON says, and for nothing else; a private key is never shown."""

from __future__ import annotations

import json

import pytest

from tasks.errors import MissingSecret, UserInputError
from tasks.records import Signature
from tasks.signatures import Signer, canonical, fingerprint, new_key_pair, why_not_trusted

CONTENT = {"state": "pass", "gates": [{"measured": 0.1, "limit": None}], "name": "Zoë"}


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> Signer:
    monkeypatch.setenv("SIGNING", new_key_pair()[0])
    return Signer.named("SIGNING", "signing.private_key")


def test_a_signature_holds_however_the_json_is_written(signer: Signer) -> None:
    signature = signer.sign(CONTENT)
    again = json.loads(json.dumps(dict(reversed(CONTENT.items())), indent=7))
    assert why_not_trusted(again, signature, [signer.public_key]) == ""
    assert signer.sign(again) == signature, "equal content and key give an equal signature"


@pytest.mark.parametrize("change", [{"state": "fail"}, {"more": 1}, {"gates": []}, {"name": "Zoe"}])
def test_a_signature_does_not_hold_for_anything_else(signer: Signer, change: dict[str, object]) -> None:
    assert "altered after it was signed" in why_not_trusted({**CONTENT, **change}, signer.sign(CONTENT), ())


@pytest.mark.parametrize("value", ["", "????", "AAAA", "A" * 88])
def test_a_signature_that_is_none_does_not_hold(signer: Signer, value: str) -> None:
    forged = Signature(public_key=signer.public_key, value=value)
    assert "altered after it was signed" in why_not_trusted(CONTENT, forged, ())


def test_only_trusted_keys_count_where_there_are_some(signer: Signer) -> None:
    other = new_key_pair()[1]
    assert "not among the trusted" in why_not_trusted(CONTENT, signer.sign(CONTENT), [other])
    assert why_not_trusted(CONTENT, signer.sign(CONTENT), [other, signer.public_key]) == ""
    assert why_not_trusted(CONTENT, None, [other]).startswith("it is not signed")
    assert why_not_trusted(CONTENT, None, ()) == ""


def test_a_number_that_is_none_is_not_signed() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"measured": float("nan")})


def test_a_fingerprint_is_the_hash_of_the_public_key(signer: Signer) -> None:
    assert signer.fingerprint == fingerprint(signer.public_key)
    assert len(signer.fingerprint) == 64
    with pytest.raises(ValueError, match="is no public key"):
        fingerprint("bm8=")


def test_a_private_key_is_shown_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    private = new_key_pair()[0]
    monkeypatch.setenv("SIGNING", private)
    assert private not in repr(Signer.named("SIGNING", "signing.private_key"))
    monkeypatch.setenv("SIGNING", private[:-8])
    with pytest.raises(UserInputError, match="does not hold a private key") as refused:
        Signer.named("SIGNING", "signing.private_key")
    assert private[:-8] not in str(refused.value)
    monkeypatch.delenv("SIGNING")
    with pytest.raises(MissingSecret, match="signing.private_key names the secret 'SIGNING', which is not set"):
        Signer.named("SIGNING", "signing.private_key")
