"""Card numbers and IBANs: numbers with check digits, grouped or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.pii.checksums import IBAN_LENGTHS, card_lengths, iban_passes, luhn_passes
from tasks.pii.spans import BLANKS, HYPHENS, NAMED_NUMBER, Span, before, ends_at, is_digit, spelled_out

_GAP = f"[{BLANKS}{HYPHENS}]"
IBAN = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}[0-9]{{2}}(?={_GAP}?[A-Za-z0-9])")
CARD = re.compile(rf"[2-6](?<![\w.][2-6])[0-9]{{3}}(?={_GAP}?[0-9])")
_GOES_ON = re.compile(rf"[0-9]{_GAP}$")
"""What stands before a number that is the end of a longer one, unless a card's number ends there."""


def find_ibans(text: str) -> Iterator[Span]:
    """IBANs of the right length for their country and with right check digits, grouped or not."""
    for match in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match[0][:2].upper())
        if length is not None:
            compact, ends = spelled_out(text, match.start(), length, str.isalnum)
            if len(compact) == length and compact.isascii() and iban_passes(compact) and ends_at(text, ends[-1]):
                yield match.start(), ends[-1]


def find_cards(text: str) -> Iterator[Span]:
    """Card numbers that an issuer could have given out and that pass the Luhn check."""
    cards_end = set[int]()
    for match in CARD.finditer(text):
        if _GOES_ON.search(before(text, match.start(), 2)) and match.start() - 1 not in cards_end:
            continue
        digits, ends = spelled_out(text, match.start(), 19, is_digit)
        for length in card_lengths(digits):
            # Thirteen digits are also what stands under a bar code.
            is_other = length == 13 and NAMED_NUMBER.search(before(text, match.start()))
            fits = len(digits) >= length and luhn_passes(digits[:length]) and ends_at(text, ends[length - 1])
            if fits and not is_other:
                cards_end.add(ends[length - 1])
                yield match.start(), ends[length - 1]
                break
