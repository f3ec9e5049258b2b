"""What the finders of personal data share: spans, the forms of a number, and the words that stand around it."""

from __future__ import annotations

import re
from collections.abc import Callable

Span = tuple[int, int]

BLANKS = " \u00a0\u2009\u202f"
HYPHENS = "\u2010\u2011\u2013-"
SEPARATOR = f"[{BLANKS}./(){HYPHENS}]"
"""What people put between the digits of one number, typographic blanks and hyphens included; for re and for RE2."""

NAMED_NUMBER = re.compile(
    r"\b(?:order|invoice|ticket|tracking|parcel|shipment|reference|ref|case|item|sku|article|transaction|booking|"
    r"customer|policy|serial|model|part|voucher|coupon|receipt|product|barcode|isbn|ean|upc|gtin|asin|job|build|commit)s?"
    r"[\s:#._-]*(?:number|numbers|no|nr|num|id|code)?[\s:#.=\"-]*(?:is|was|are)?[\s:#.-]*$",
    re.IGNORECASE,
)
"""Words that say of the number after them that it is no person's."""


def before(text: str, start: int, characters: int = 40) -> str:
    """What stands in front of a place."""
    return text[max(0, start - characters) : start]


def around(text: str, span: Span, ahead: int = 48, behind: int = 16) -> str:
    """What stands in front of a span and after it, without the span itself."""
    start, end = span
    return f"{text[max(0, start - ahead) : start]} {text[end : end + behind]}"


def spelled_out(text: str, start: int, limit: int, belongs: Callable[[str], bool]) -> tuple[str, list[int]]:
    """Up to `limit` characters from `start`, single blanks and hyphens between them left out, and where each ends."""
    characters, ends, place = list[str](), list[int](), start
    while len(characters) < limit and place < len(text):
        if text[place] in BLANKS + HYPHENS and characters and place + 1 < len(text) and belongs(text[place + 1]):
            place += 1
        if not belongs(text[place]):
            break
        characters.append(text[place])
        place += 1
        ends.append(place)
    return "".join(characters), ends


def is_digit(character: str) -> bool:
    """Whether a character is one of 0 to 9."""
    return "0" <= character <= "9"


def ends_at(text: str, end: int) -> bool:
    """Whether no letter or digit goes on at a place."""
    return end == len(text) or not text[end].isalnum()


def digits_of(text: str) -> str:
    """The digits 0 to 9 of a text."""
    return "".join(character for character in text if is_digit(character))
