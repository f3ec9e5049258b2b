"""Where national identity, insurance and tax numbers of persons stand in a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module

from tasks.pii.national_id_kinds import ANY_NAME, NATIONAL_IDS, NINO, NationalId
from tasks.pii.spans import BLANKS, HYPHENS, NAMED_NUMBER, Span, around, before

_CANONICAL = {
    **dict.fromkeys(map(ord, "012345678"), "9"),
    **dict.fromkeys(map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), "A"),
    **dict.fromkeys(map(ord, BLANKS), " "),
    **dict.fromkeys(map(ord, HYPHENS), "-"),
}
_CLASSES = {"9": "[0-9]", "A": "[A-Za-z]", " ": f"[{BLANKS}]", "-": f"[{HYPHENS}]"}
_PLAIN_SIGNS = {
    **dict.fromkeys(map(ord, BLANKS), " "),
    **dict.fromkeys(map(ord, HYPHENS), "-"),
}
_GOES_ON = re.compile(r"[0-9],$")
"""What stands before a number that is the end of a longer one, unless another id ends there."""
_ANY_NAME = re.compile(ANY_NAME, re.IGNORECASE)


class _Form:
    """One way to write a number, and the kinds that are written so, each with whether the form tells by itself."""

    def __init__(self, kinds: tuple[tuple[NationalId, bool], ...]) -> None:
        self.kinds = kinds
        self.tells = any(telling for _, telling in kinds)
        self.names = re.compile("|".join([ANY_NAME, *(kind.words for kind, _ in kinds)]), re.IGNORECASE)


def find_national_ids(text: str, locales: frozenset[str]) -> Iterator[Span]:
    """Numbers of the chosen countries in a form they are written in, that pass their checks and are called so."""
    forms, ends = _forms(locales), set[int]()
    for pattern in _patterns(locales):
        for match in pattern.finditer(text):
            if _GOES_ON.search(before(text, match.start(), 2)) and match.start() - 1 not in ends:
                continue
            form = forms[match[0].translate(_CANONICAL)]
            nearby = around(text, match.span())
            may_tell = form.tells and not NAMED_NUMBER.search(before(text, match.start()))
            if (may_tell or form.names.search(nearby)) and _is_one(match[0], form, nearby, may_tell):
                ends.add(match.end())
                yield match.span()


def _is_one(number: str, form: _Form, nearby: str, may_tell: bool) -> bool:
    is_named = _ANY_NAME.search(nearby) is not None
    for kind, telling in form.kinds:
        # The check digits come last: to compute them costs the most.
        enough = (telling and may_tell) or (is_named and kind.has_check_digits)
        if (enough or re.search(kind.words, nearby, re.IGNORECASE)) and passes(kind, number):
            return True
    return False


def could_be_a_national_id(number: str) -> bool:
    """Whether a number, in one of the forms, passes the checks of any country."""
    form = number.translate(_CANONICAL)
    return any(form in {*kind.telling, *kind.plain} and passes(kind, number) for kind in NATIONAL_IDS)


def passes(kind: NationalId, number: str) -> bool:
    """Whether a number keeps the rules of its kind: check digits, dates, prefixes that are given out."""
    written = number.translate(_PLAIN_SIGNS)
    if not kind.module:
        return NINO.fullmatch(re.sub("[ -]", "", written.upper())) is not None
    return _checker(kind.module)(written)


@cache
def _checker(module: str) -> Callable[[str], bool]:
    checker: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return checker


@lru_cache(maxsize=16)
def _forms(locales: frozenset[str]) -> dict[str, _Form]:
    kinds = defaultdict[str, list[tuple[NationalId, bool]]](list)
    for number in NATIONAL_IDS:
        if number.locale in locales:
            for form in (*number.telling, *number.plain):
                kinds[form].append((number, form in number.telling))
    return {form: _Form(tuple(own)) for form, own in kinds.items()}


@lru_cache(maxsize=16)
def _patterns(locales: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    """The forms that begin with a digit, and those that begin with a letter, each as one tree."""
    # In a tree each character is looked at once, however many forms there are; and `re` skips at once what cannot
    # begin one, as long as the first character leads and the look behind it follows.
    patterns = []
    for first in "9A":
        tails = [form[1:] for form in _forms(locales) if form[0] == first]
        one = _CLASSES[first]
        if tails:
            begins = rf"{one}(?<![\w+]{one})(?<![0-9][./-]{one})"
            patterns.append(re.compile(rf"{begins}{tree(tails)}(?!\w|[./-][0-9])"))
    return tuple(patterns)


def tree(forms: Iterable[str]) -> str:
    """One regular expression for all the forms, each beginning told apart once."""
    tails = defaultdict[str, list[str]](list)
    ends_here = False
    for form in forms:
        if form:
            tails[form[0]].append(form[1:])
        else:
            ends_here = True
    branches = [_CLASSES.get(head, re.escape(head)) + tree(rest) for head, rest in sorted(tails.items())]
    if not branches:
        return ""
    either = branches[0] if len(branches) == 1 and not ends_here else f"(?:{'|'.join(branches)})"
    return f"{either}?" if ends_here else either
