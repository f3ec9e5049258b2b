"""Personal data is found in the forms people write it in, and other numbers are left alone."""

from __future__ import annotations

import pytest

from tasks.pii.masking import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to anna.k+shop@mail.example.co.uk.", "write to <EMAIL>."),
        ("(jörg@example.de)", "(<EMAIL>)"),
        ("call +44 7700 900123 today", "call <PHONE> today"),
        ("call +49 (0)30 23125-123", "call <PHONE>"),
        ("07700 900123", "<PHONE>"),
        ("07700900123", "<PHONE>"),
        ("0044 20 7946 0018 or (202) 555-0112!", "<PHONE> or <PHONE>!"),
        ("202-555-0112, +1 202-555-0143", "<PHONE>, <PHONE>"),
        ("my number is 030/23125 123", "my number is <PHONE>"),
        ("IBAN DE89 3704 0044 0532 0130 00 PLEASE", "IBAN <IBAN> PLEASE"),
        ("gb29nwbk60161331926819", "<IBAN>"),
        ("card 4111-1111-1111-1111 12/27", "card <CARD> 12/27"),
        ("4111111111111111,378282246310005", "<CARD>,<CARD>"),
        ("amex 3782 822463 10005", "amex <CARD>"),
        ("from 84.17.46.3 and 192.168.0.14.", "from <IP> and <IP>."),
        ("a@example.com b@example.org +44 7700 900123", "<EMAIL> <EMAIL> <PHONE>"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    "text",
    [
        "order number 0123456789 has not come",
        "Order #203-4567890-1234567",
        "invoice 2026-000123456",
        "tracking no. 0340434161094021",
        "I paid 1,234.56 EUR on 2026-05-06 at 10:30",
        "between 01.02.2026 and 03.04.2026 10 11 12",
        "01/02/2026 10 20",
        "DE89 3704 1044 1532 1130 11",
        "4111 1111 1111 1112",
        "1234 5678 9012 3456",
        "version 10.2.3.4 of the app",
        "firmware: 1.2.3.4",
        "127.0.0.1 and 255.255.255.0 and 1.2.3.400",
        "3 x 250 ml @ 5 EUR",
        "meet me @ 10",
        "size 42 1000 2000",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    masked, found = mask(text)
    assert masked == text
    assert not found


def test_masking_twice_changes_nothing() -> None:
    once, found = mask("reach me: a.b@example.com, 07700 900123, DE89370400440532013000")
    assert mask(once) == (once, {})
    assert dict(found) == {"email": 1, "phone": 1, "iban": 1}


@pytest.mark.parametrize("piece", ["a", "1 ", "+1", "a.b@", "DE12", "0 1", "x@a-", "4111 ", "1.1."])
def test_a_huge_cell_without_personal_data_is_read_to_its_end(piece: str) -> None:
    text = piece * 20_000
    assert mask(f"{text} a@example.com")[0].endswith("<EMAIL>")


def test_no_real_question_is_taken_for_personal_data(banking77: object) -> None:
    import pandas as pd

    texts = pd.read_csv(f"{banking77}/train.csv")["text"]
    assert [text for text in texts if mask(text)[1]] == []
