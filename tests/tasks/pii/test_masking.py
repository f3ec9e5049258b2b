"""Nothing of a value stays, masking twice changes nothing, and no stand-in can be somebody's."""

from __future__ import annotations

import random
import string

import pytest

from tasks.pii.checksums import iban_passes, luhn_passes
from tasks.pii.kinds import Kind, Scope
from tasks.pii.masking import UNSETTLED, Replacement, mask, name_of_kind
from tasks.pii.stand_ins import StandIns, is_nobodys
from tests.benchmarks.curation.labelled_texts import labelled_texts

STAND_INS = StandIns(b"a key of the tests, long enough")
MADE_UP = [one for one in labelled_texts(700, personal_share=1.0, negative_share=0.0, seed=3) if one.is_personal]


@pytest.mark.parametrize("replace", [name_of_kind, STAND_INS], ids=["redacted", "pseudonymised"])
def test_nothing_of_a_value_is_left_and_masking_twice_changes_nothing(replace: Replacement) -> None:
    untouched = 0
    for one in MADE_UP:
        value = one.text[one.start : one.end]
        once, found = mask(one.text, replace=replace)
        untouched += not found
        assert value not in once or not found, one.kind
        assert mask(once, replace=replace) == (once, {})
    assert untouched < 0.01 * len(MADE_UP)


def test_texts_of_random_pieces_settle_at_once() -> None:
    dice = random.Random(5)
    numbers = [
        "07700",
        "900123",
        "4111 1111 1111 1111",
        "+44",
        "DE89370400440532013000",
        "1.2.3.4",
        "536-22-1234",
        "4821",
    ]
    words = ["a@b.de", "ssn", "tel", "password:", "hunter2", "pin", "key=", "<EMAIL>", "order", "x", "://", "::1"]
    pieces = [*numbers, *words, ",", "-", "@"]
    for _ in range(400):
        text = dice.choice(("", " ")).join(dice.choices(pieces, k=dice.randrange(2, 9)))
        for replace in (name_of_kind, STAND_INS):
            once, _ = mask(text, replace=replace)
            assert mask(once, replace=replace) == (once, {}), text
            assert once != UNSETTLED


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "anna.k+shop@firma.co.uk"),
        ("phone", "+49 30 2312 5123"),
        ("phone", "07700900123"),
        ("phone", "(202) 456-1111"),
        ("ip", "84.17.46.3"),
        ("ip", "2a02:8109::1"),
    ],
)
def test_stand_ins_lie_in_space_reserved_for_examples(kind: Kind, value: str) -> None:
    drawn = STAND_INS(kind, value)
    assert drawn != value
    assert is_nobodys(kind, drawn)
    assert STAND_INS(kind, drawn) == drawn


def test_stand_ins_of_checked_numbers_keep_their_form_and_fail_their_check() -> None:
    card = STAND_INS("card", "4111 1111 1111 1111")
    iban = STAND_INS("iban", "DE89 3704 0044 0532 0130 00")
    assert [len(group) for group in card.split(" ")] == [4, 4, 4, 4]
    assert not luhn_passes(card.replace(" ", ""))
    assert iban.startswith("DE00 ")
    assert not iban_passes(iban.replace(" ", ""))
    assert STAND_INS("card", "4111-1111-1111-1111").replace("-", "") == card.replace(" ", "")
    assert STAND_INS("national_id", "536-22-1234")[3::3] != STAND_INS("national_id", "536-22-1235")[3::3]


def test_stand_ins_of_keys_name_their_issuer_and_say_that_they_are_examples() -> None:
    drawn = STAND_INS("secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a")
    assert drawn.startswith("ghp_")
    assert drawn.endswith("EXAMPLE")
    assert len(drawn) == 40


def test_stand_ins_are_fixed_by_the_key_and_by_nothing_else() -> None:
    assert StandIns(b"one")("email", "a@firma.de") == StandIns(b"one")("email", "A@FIRMA.de").lower()
    assert StandIns(b"one")("email", "anna.kowalska@firma.de") != StandIns(b"two")("email", "anna.kowalska@firma.de")


def test_what_was_named_a_secret_once_is_masked_wherever_it_stands() -> None:
    assert mask("password: hunter2, I typed hunter2.")[0] == "password: <SECRET>, I typed <SECRET>."


def test_only_what_is_in_scope_is_masked() -> None:
    text = "a@firma.de 84.17.46.3"
    assert mask(text, Scope(kinds=frozenset({"ip"})))[0] == "a@firma.de <IP>"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "1",
            "a@",
            ".",
            "1 ",
            "1.",
            "a.b@c-",
            "0770 ",
            ":",
            "a:",
            "eyJa.",
            "password ",
            "key ",
            "4111 ",
            "AB12 ",
            "://a:",
        ),
        *(
            "+1",
            "-----BEGIN PRIVATE KEY-----",
            "536-22-1234 ",
            "[at]",
            "(0",
            "\u00a0",
            "user: password: ",
            "a at b dot ",
        ),
    ],
)
def test_a_huge_cell_is_read_to_its_end(piece: str) -> None:
    text = piece * (80_000 // len(piece))
    once = mask(f"{text} anna@firma.de")[0]
    assert once.endswith(("<EMAIL>", "<SECRET>"))
    assert "anna" not in once


def test_random_bytes_do_no_harm() -> None:
    dice = random.Random(1)
    for _ in range(150):
        text = "".join(dice.choices(string.printable + "äİß@…\u2028\U0001f600", k=200))
        once, _ = mask(text)
        assert mask(once)[0] == once
