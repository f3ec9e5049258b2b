"""Where personal data stands in a text: e-mail addresses, IBANs, card numbers, IP addresses and telephone numbers.

Every pattern is bounded and begins only where a word may begin, so that a cell of a megabyte is read in linear time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from tasks.pii.checksums import IBAN_LENGTHS, card_lengths, iban_passes, luhn_passes

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@[^\W_](?:[\w-]{0,62}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ -]?[A-Za-z0-9])")
CARD = re.compile(r"(?<![\w.,])(?<![0-9][ -])[2-6][0-9]{3}(?=[ -]?[0-9])")
IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.[0-9])")
VERSION = re.compile(r"(?:version|firmware|release|build|update|v)[\s:]*$", re.IGNORECASE)

_BEGIN = r"(?<![\w+.,#/-])"
_END = r"(?!\w|[-./,][0-9])(?!\s?(?:[€$£%]|EUR|USD|GBP))"
INTERNATIONAL = re.compile(r"(?<![\w+])\+[1-9](?:[ .\-/()]{0,2}[0-9]){8,14}" + _END)
DIALLED_OUT = re.compile(_BEGIN + r"00[1-9](?:[ .\-/()]{0,2}[0-9]){9,13}" + _END)
NORTH_AMERICAN = re.compile(
    _BEGIN + r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}" + _END
)
NATIONAL = re.compile(_BEGIN + r"\(?0[1-9][0-9]{0,4}\)?(?:[ ./-]?[0-9]){5,10}" + _END)
DATE = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])")
NAMED_NUMBER = re.compile(
    r"\b(?:order|invoice|ticket|tracking|parcel|shipment|reference|ref|case|item|sku|article|transaction|booking|"
    r"customer|policy|serial|model|part|voucher|coupon|receipt|product|isbn|ean)s?[\s:#.-]*"
    r"(?:number|numbers|no|nr|num|id|code)?[\s:#.-]*(?:is|was|are)?[\s:#.-]*$",
    re.IGNORECASE,
)
_CONTEXT_CHARACTERS = 40


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses."""
    yield from (match.span() for match in EMAIL.finditer(text))


def find_ibans(text: str) -> Iterator[Span]:
    """IBANs of the right length for their country and with right check digits, grouped or not."""
    for match in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match[0][:2].upper())
        if length is not None:
            compact, ends = _spelled_out(text, match.start(), length, str.isalnum)
            if len(compact) == length and compact.isascii() and iban_passes(compact) and _ends_at(text, ends[-1]):
                yield match.start(), ends[-1]


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers that an issuer could have given out and that pass the Luhn check."""
    for match in CARD.finditer(text):
        digits, ends = _spelled_out(text, match.start(), 19, _is_digit)
        for length in card_lengths(digits):
            if len(digits) >= length and luhn_passes(digits[:length]) and _ends_at(text, ends[length - 1]):
                yield match.start(), ends[length - 1]
                break


def find_addresses(text: str) -> Iterator[Span]:
    """IPv4 addresses that may be somebody's: neither loopback, multicast or a netmask, nor a version number."""
    for match in IPV4.finditer(text):
        try:
            address = ipaddress.IPv4Address(match[0])
        except ValueError:
            continue
        nobodys = address.is_loopback or address.is_multicast or address.is_reserved or address.is_unspecified
        if not nobodys and not VERSION.search(_before(text, match)):
            yield match.span()


def find_phones(text: str) -> Iterator[Span]:
    """Telephone numbers, international or as dialled at home, but not what the text calls an order number."""
    yield from (match.span() for match in INTERNATIONAL.finditer(text))
    for pattern in (DIALLED_OUT, NORTH_AMERICAN, NATIONAL):
        for match in pattern.finditer(text):
            is_other = DATE.match(match[0]) or NAMED_NUMBER.search(_before(text, match))
            enough = pattern is not NATIONAL or 10 <= sum(map(_is_digit, match[0])) <= 12
            if enough and not is_other:
                yield match.span()


FINDERS: dict[str, Finder] = {
    "EMAIL": find_emails,
    "IBAN": find_ibans,
    "CARD": find_cards,
    "IP": find_addresses,
    "PHONE": find_phones,
}
"""Kinds of personal data in the order in which they are looked for: what has a check digit before what has none."""


def _spelled_out(text: str, start: int, limit: int, belongs: Callable[[str], bool]) -> tuple[str, list[int]]:
    """Up to `limit` characters from `start`, single blanks and hyphens between them left out, and where each ends."""
    characters, ends, place = "", list[int](), start
    while len(characters) < limit and place < len(text):
        if text[place] in " -" and characters and place + 1 < len(text) and belongs(text[place + 1]):
            place += 1
        if not belongs(text[place]):
            break
        characters += text[place]
        place += 1
        ends.append(place)
    return characters, ends


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def _ends_at(text: str, end: int) -> bool:
    return end == len(text) or not text[end].isalnum()


def _before(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - _CONTEXT_CHARACTERS) : match.start()]
