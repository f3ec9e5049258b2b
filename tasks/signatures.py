"""Signatures over JSON: ed25519 over a canonical form, so that neither indentation nor the order of keys matters.

The canonical form is JSON in ASCII with sorted keys and no spaces, floats as Python writes them (the shortest text that
reads back as the same number). Keys are 32 raw bytes in base64. A private key is read by the name of its secret at the
moment of use, and never shown. Ed25519: RFC 8032; equal content and key give an equal signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.errors import UserInputError
from tasks.records import Signature
from tasks.secrets import named_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_BYTES = 32


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed. Raises ValueError for a number that JSON does not know."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def key_bytes(text: str) -> bytes | None:
    """The key's 32 bytes; None where the text is no key."""
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None


def fingerprint(public_key: str) -> str:
    """SHA-256 of a public key's bytes, in hexadecimal. Raises ValueError for what is no key."""
    raw = key_bytes(public_key)
    if raw is None:
        raise ValueError(f"{public_key!r} is no public key: {KEY_BYTES} bytes in base64 are")
    return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True)
class Signer:
    """A private key that can sign; it is never written out."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def named(cls, secret: str, setting: str) -> Signer:
        """The key in a secret, which `setting` of the config names. Raises UserInputError where it is none."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        raw = key_bytes(named_secret(secret, setting))
        if raw is None:
            raise UserInputError(
                f"the secret {secret!r}, which {setting} names, does not hold a private key ({KEY_BYTES} bytes in "
                "base64): make one with python -m flows.signing_key"
            )
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @property
    def public_key(self) -> str:
        """The public half, in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    @property
    def fingerprint(self) -> str:
        """The public half's fingerprint."""
        return fingerprint(self.public_key)

    def sign(self, content: Mapping[str, Any]) -> Signature:
        """Sign the canonical form of `content`."""
        value = base64.b64encode(self._key.sign(canonical(content))).decode()
        return Signature(public_key=self.public_key, value=value)


def new_key_pair() -> tuple[str, str]:
    """A fresh private key and its public half, both in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return base64.b64encode(key.private_bytes_raw()).decode(), Signer(key).public_key


def why_not_trusted(content: Mapping[str, Any], signature: Signature | None, trusted: Sequence[str]) -> str:
    """Why `content` is not to be believed; empty where it is.

    Without trusted keys an unsigned content is believed, but a signature that does not fit its content never is.
    """
    if signature is None:
        return "it is not signed, and only what a trusted key has signed counts" if trusted else ""
    known = key_bytes(signature.public_key)
    if known is None or not _fits(content, signature, known):
        return "its signature does not fit what it says: it was altered after it was signed"
    if trusted and known not in {key_bytes(key) for key in trusted}:
        return f"it is signed with the key {fingerprint(signature.public_key)[:16]}…, which is not among the trusted"
    return ""


def _fits(content: Mapping[str, Any], signature: Signature, public: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        value = base64.b64decode(signature.value, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(value, canonical(content))
    except (InvalidSignature, ValueError):
        return False
    return True
