"""The section `signing` of the YAML: with which key verdicts are signed, and whose signature counts."""

from __future__ import annotations

import re
from typing import Self

from pydantic import field_validator, model_validator

from tasks.errors import UserInputError
from tasks.section import Section
from tasks.signatures import Signer, key_bytes


class SigningConfig(Section):
    """Who signs verdicts. To begin: sign first, and name trusted keys once what serves has a signed verdict."""

    private_key: str | None = None
    """Name of the secret that holds the private key: an environment variable, or a Prefect block of type Secret.
    `python -m flows.signing_key` makes one. Null: verdicts are not signed, and say so."""
    trusted: tuple[str, ...] = ()
    """Public keys in base64. Where there is one, nothing is released on a verdict that none of them has signed."""

    @field_validator("private_key")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        # A key that somebody pasted here would end in logs and in MLflow; its base64 always ends with "=".
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
            raise ValueError("give the name of a secret (letters, digits, _ and -), never the key itself")
        return name

    @field_validator("trusted")
    @classmethod
    def _are_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for place, key in enumerate(keys, start=1):
            if key_bytes(key) is None:
                raise ValueError(
                    f"number {place} is no public key: 32 bytes in base64 are, as flows.signing_key prints"
                )
        return tuple(key.strip() for key in keys)

    @model_validator(mode="after")
    def _somebody_signs(self) -> Self:
        if self.trusted and self.private_key is None:
            raise ValueError(
                "keys are trusted, but no verdict is signed, so nothing would be released: set private_key"
            )
        return self

    def signer(self) -> Signer | None:
        """The key that signs; None where none is named.

        Raises MissingSecret where it is not set, UserInputError where it is no key, or one that is not trusted.
        """
        if self.private_key is None:
            return None
        signer = Signer.named(self.private_key, "signing.private_key")
        if self.trusted and signer.public_key not in self.trusted:
            raise UserInputError(
                f"signing.private_key names a key whose public half {signer.public_key} is not in signing.trusted, so "
                "nothing that it signs would be released: add it there, or name the secret of a trusted key"
            )
        return signer
