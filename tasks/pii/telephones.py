"""Telephone numbers, international or as dialled at home.

Patterns find candidates; the numbering plans of phonenumbers decide about those that only their digits speak for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tasks.pii.spans import BLANKS, HYPHENS, NAMED_NUMBER, SEPARATOR, Span, before, digits_of

_GAP = f"[{BLANKS}.{HYPHENS}]"
_END = r"(?:\s?(?:x|ext\.?|extension)\s?[0-9]{1,6})?(?!\w|[-./,][0-9])(?!\s?(?:[€$£%]|EUR|USD|GBP))"


def _begin(first: str) -> str:
    """A first character that no other number stands before. It leads, so that `re` skips what does not begin so."""
    return rf"{first}(?<![\w+.#/-]{first})"


INTERNATIONAL = re.compile(rf"\+(?<![\w+]\+)[1-9](?:{SEPARATOR}{{0,2}}[0-9]){{7,14}}{_END}")
DIALLED_OUT = re.compile(rf"{_begin('0')}0[1-9](?:{SEPARATOR}{{0,2}}[0-9]){{9,13}}{_END}")
NORTH_AMERICAN = re.compile(
    rf"{_begin('[(1-9]')}(?:(?<=1){_GAP}\(?[2-9]|(?<=\()[2-9]|(?<=[2-9]))[0-9]{{2}}(?:\){_GAP}?|{_GAP})"
    rf"[2-9][0-9]{{2}}{_GAP}[0-9]{{4}}{_END}"
)
NATIONAL = re.compile(
    rf"{_begin('[(0]')}(?:(?<=0)|(?<=\()0)[1-9](?:[0-9]{{8,10}}|[0-9]{{0,3}}\)?(?:(?:{_GAP}|/)?[0-9]){{5,10}}){_END}"
)
GOES_ON = re.compile(rf"[0-9],$|(?<![0-9])[0-9]{{4}}{_GAP}$")
"""What stands before a number that is the end of a longer one, unless a telephone number ends there."""
SPOKEN_OF = re.compile(rf"{_begin('[(1-9]')}[0-9]{{0,4}}\)?(?:{_GAP}{{0,2}}[0-9]){{6,11}}{_END}")
DATE = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])|[12][0-9]{3}-[01][0-9]-[0-3][0-9]")
PHONE_WORD = re.compile(
    r"\b(?:tele)?phone\b|\btel[:. ]|telefon|tel[ée]f|t[ée]l[ée]phone|\b(?:mobile?|cell|celular|m[óo]vil|handy|"
    r"rufnummer|portable|whats ?app|signal|sms|text|call|ring|dial|reach|cellulare|puhelin|numer|num[ée]ro|"
    r"fax)\b|手机|电话",
    re.IGNORECASE,
)

_SENTENCE_END = re.compile(r"(?<!\b[Tt]el)[.!?]\s")


def find_phones(text: str, locales: frozenset[str]) -> Iterator[Span]:
    """Telephone numbers of any country in international form, and of the chosen ones as dialled at home."""
    ends = set[int]()
    for pattern in (INTERNATIONAL, DIALLED_OUT, NORTH_AMERICAN, NATIONAL, SPOKEN_OF):
        for match in pattern.finditer(text):
            ahead = before(text, match.start())
            goes_on = GOES_ON.search(ahead) is not None and match.start() - 1 not in ends
            is_other = DATE.match(match[0]) or NAMED_NUMBER.search(ahead)
            if pattern is INTERNATIONAL:
                known = _has_country_code(digits_of(match[0]))
            else:
                known = not goes_on and not is_other and _speaks_for_itself(pattern, match[0], ahead, locales)
            if known:
                ends.add(match.end())
                yield match.span()


def _speaks_for_itself(pattern: re.Pattern[str], number: str, ahead: str, locales: frozenset[str]) -> bool:
    number = number.partition("x")[0].partition("e")[0].rstrip()
    digits = digits_of(number)
    if pattern is SPOKEN_OF:
        return bool(_is_spoken_of(ahead)) and _is_planned(digits, locales)
    if pattern is not NATIONAL:
        return True
    in_groups = digits != number
    known = in_groups or _is_spoken_of(ahead) or _is_planned(digits, locales)
    return 10 <= len(digits) <= 12 and bool(known)


def _is_spoken_of(ahead: str) -> bool:
    return PHONE_WORD.search(_SENTENCE_END.split(ahead)[-1]) is not None


def _has_country_code(digits: str) -> bool:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return any(int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE for length in (1, 2, 3))


def _is_planned(digits: str, locales: frozenset[str]) -> bool:
    return any(prefix_and_plan.fullmatch(digits) for prefix_and_plan in _plans(locales))


@lru_cache(maxsize=16)
def _plans(locales: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    """The numbers of fixed lines and mobiles as dialled within each country, from the metadata of phonenumbers."""
    from phonenumbers import PhoneMetadata

    plans = []
    for locale in sorted(locales):
        plan = PhoneMetadata.metadata_for_region(locale)
        if plan is not None:
            numbers = [part.national_number_pattern for part in (plan.fixed_line, plan.mobile) if part is not None]
            trunk = f"(?:{plan.national_prefix})?" if plan.national_prefix else ""
            plans.append(re.compile(f"{trunk}(?:{'|'.join(filter(None, numbers))})", re.VERBOSE))
    return tuple(plans)
