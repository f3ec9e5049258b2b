"""Check digits tell right numbers from wrong ones."""

from __future__ import annotations

import pytest

from tasks.pii.checksums import card_lengths, iban_passes, luhn_passes


@pytest.mark.parametrize("iban", ["DE89370400440532013000", "GB29NWBK60161331926819", "NO9386011117947"])
def test_a_right_iban_passes_and_a_changed_one_does_not(iban: str) -> None:
    assert iban_passes(iban)
    assert not iban_passes(iban[:-1] + str((int(iban[-1]) + 1) % 10))
    assert not iban_passes(iban + "0")


@pytest.mark.parametrize("number", ["4111111111111111", "5555555555554444", "378282246310005"])
def test_a_right_card_number_passes_and_a_changed_one_does_not(number: str) -> None:
    assert luhn_passes(number)
    assert len(number) in card_lengths(number)
    assert not luhn_passes(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_a_number_that_no_issuer_gives_out_is_no_card() -> None:
    assert card_lengths("2000000000000000") == ()
