"""The kinds of personal data and secrets, and where they stand in a text.

Every pattern is bounded and begins only where a word may begin, so that a cell of a megabyte is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from tasks.pii import contacts, national_ids, payments, secret_tokens, secret_words, telephones
from tasks.pii.spans import Span

Kind = Literal["secret", "email", "iban", "card", "ip", "national_id", "phone"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Locale = Literal[
    "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CN", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB",
    "GR", "HR", "IE", "IL", "IN", "IS", "IT", "JP", "KR", "LT", "MX", "MY", "NL", "NO", "NZ", "PL", "PT", "RO",
    "SE", "SI", "SK", "TH", "TR", "US", "ZA",
]  # fmt: skip
LOCALES: tuple[Locale, ...] = get_args(Locale)
EXAMPLE = "EXAMPLE"
"""How issuers end the keys that stand in their manuals; such a key opens nothing."""


class Found(NamedTuple):
    """Personal data in a text."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Scope:
    """What is looked for."""

    kinds: frozenset[str] = frozenset(KINDS)
    locales: frozenset[str] = frozenset(LOCALES)
    """Countries whose telephone numbers as dialled at home, and whose national ids, are looked for."""


EVERYTHING = Scope()


def find_personal_data(text: str, scope: Scope = EVERYTHING) -> list[Found]:
    """All personal data and secrets in scope, in order, no two overlapping.

    What tells more is looked for first: a secret may hold an e-mail address, a card number looks like a telephone
    number. What is found is hidden from the kinds after it.
    """
    found = list[Found]()
    for kind in KINDS:
        if kind in scope.kinds:
            fresh = find_kind(kind, text, scope.locales)
            text = hidden(text, fresh)
            found += fresh
    return sorted(found)


def find_kind(kind: Kind, text: str, locales: frozenset[str]) -> list[Found]:
    """Where one kind stands, in order, no two overlapping; of two that begin together the longer one."""
    spans, done = list(_find(kind, text, locales)), 0
    found = list[Found]()
    for start, end in sorted(spans, key=_longest_first) if len(spans) > 1 else spans:
        if start >= done:
            found.append(Found(start, end, kind))
            done = end
    return found


def hidden(text: str, found: list[Found]) -> str:
    """The text with each find covered, its borders as a mask would have them; every other character keeps its place."""
    if not found:
        return text
    parts, done = list[str](), 0
    for start, end, _ in found:
        parts += (text[done:start], "<", "\0" * (end - start - 2), ">")
        done = end
    return "".join((*parts, text[done:]))


def _longest_first(span: Span) -> Span:
    return span[0], -span[1]


def _find(kind: Kind, text: str, locales: frozenset[str]) -> Iterator[Span]:
    if kind == "phone":
        yield from telephones.find_phones(text, locales)
    elif kind == "national_id":
        yield from national_ids.find_national_ids(text, locales)
    elif kind == "secret":
        yield from _secrets(text)
    else:
        yield from _FINDERS[kind](text)


def _secrets(text: str) -> Iterator[Span]:
    spans = [*secret_tokens.find_tokens(text), *secret_words.find_spoken_secrets(text)]
    spans = [(start, end) for start, end in spans if not text.endswith(EXAMPLE, start, end)]
    yield from spans
    values = {text[start:end] for start, end in spans if end - start >= _MIN_REPEATED_CHARACTERS}
    if values:
        # A password that was named once gives itself away wherever it stands again.
        yield from (match.span() for match in _WHOLE_WORD.finditer(text) if match[0] in values)


_MIN_REPEATED_CHARACTERS = 6
_WHOLE_WORD = re.compile(r"[^\s\"'`“”<>,;\\]+(?<![.:)\]}])")
_FINDERS: dict[Kind, Callable[[str], Iterator[Span]]] = {
    "email": contacts.find_emails,
    "iban": payments.find_ibans,
    "card": payments.find_cards,
    "ip": contacts.find_addresses,
}
