"""What a text claims, as far as a program can tell: its sentences, and in each the numbers, names and content words.

Numbers are compared by value, so that 1,250.00 is 1250; where a sign may part thousands or decimals, either reading
counts. Figures only are claims, while a source may say "two" for 2. Names are words with a capital, or with a digit or
a capital inside, but for the first word of a sentence, whose capital says nothing; so a name that only begins sentences
is missed. Content words are all others but the commonest of English, by a light stem (after Harman 1991, "How effective
is suffixing?"), so that orders and ordered are order. Texts of scripts without blanks between words have no content
words that could be told apart: judge those by meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.metrics.generation import words_of

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'\u201d\u2019)\]]*\s+|\s*\n+\s*")
ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Nr|vs|etc|e\.g|i\.e|approx)\.$", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,'\u2019\u00a0\u202f]\d+)*")
GROUPED = re.compile(r"\d{1,3}(?:([.,'\u2019\u00a0\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
WORD = re.compile(r"[^\W_](?:[\w'\u2019-]*[^\W_])?")
COUNTED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SUFFIXES = ("ations", "ation", "ments", "ment", "ings", "ing", "edly", "ies", "ied", "ed", "es", "ly", "s", "e", "y")
SHORTEST_STEM = 4
_COMMONEST = """
a about above after again all also am an and another any anybody anyone anything are as at back be because been
before being below between both but by can cannot could did do does doing done down during each either else even
ever every few for from further get gets got had has have having he her here hers herself him himself his how
however i if in into is it its itself just let like made make makes many may me might mine more most much must my
myself neither no nor not now of off on once only or other our ours ourselves out over own per please quite rather
really same shall she should since so some such than that the their theirs them themselves then there these they
thing things this those though through to too under until up upon us very was we well were what when where whether
which while who whom whose why will with within without would yes yet you your yours yourself yourselves don't
doesn't didn't isn't aren't wasn't weren't won't wouldn't can't couldn't i'm i've i'll you're you've we're we've
we'll they're it's that's there's
"""
FUNCTION_WORDS = frozenset(_COMMONEST.split())


@dataclass(frozen=True)
class Claims:
    """What one sentence claims."""

    sentence: str
    numbers: frozenset[frozenset[str]]
    """Each number by its readings."""
    names: frozenset[str]
    """Each word of a name in lower case."""
    words: frozenset[str]
    """Stems of the content words."""

    @property
    def any(self) -> bool:
        """Whether there is anything that could be supported."""
        return bool(self.numbers or self.names or self.words)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text that hold a word or a figure; a line break ends one too."""
    parts: list[str] = []
    for piece in SENTENCE_END.split(text):
        if parts and ABBREVIATION.search(parts[-1]):
            parts[-1] += f" {piece}"
        elif piece:
            parts.append(piece)
    return [part.strip() for part in parts if WORD.search(part)]


def claims_of(sentence: str, *, names: bool = True) -> Claims:
    """What a sentence claims; without names where they are not to be told apart from other words."""
    named = names_of(sentence) if names else frozenset()
    return Claims(sentence, frozenset(numbers_of(sentence)), named, stems_of(sentence))


def numbers_of(text: str) -> list[frozenset[str]]:
    """The numbers of a text in their order, each as the set of its readings in canonical decimal form."""
    return [readings_of(match.group()) for match in NUMBER.finditer(text)]


def readings_of(number: str) -> frozenset[str]:
    """A number that is written in figures: 1.250 is 1250 or 1.25."""
    found = set()
    grouped = GROUPED.fullmatch(number)
    if grouped:
        whole = (
            re.split(r"[.,](?=\d+$)", number)
            if number.count(grouped[1]) != len(re.findall(r"\D", number))
            else [number]
        )
        digits = re.sub(r"\D", "", whole[0])
        found.add(_canonical(digits, whole[1] if len(whole) > 1 else ""))
    head, mark, tail = number.replace(",", ".").partition(".")
    if head.isdigit() and (not mark or tail.isdigit()):
        found.add(_canonical(head, tail))
    return frozenset(found or {number})


def names_of(sentence: str) -> frozenset[str]:
    """The words of names in a sentence, in lower case; its first word only where it has a capital or figure inside."""
    found = set()
    for place, match in enumerate(WORD.finditer(sentence)):
        word = re.sub(r"['\u2019]s$", "", match.group())
        inside = any(letter.isupper() or letter.isdigit() for letter in word[1:]) and any(map(str.isalpha, word))
        if (inside or (place and word[0].isupper())) and not _is_function(word):
            found.add(word.casefold())
    return frozenset(found)


def stems_of(text: str) -> frozenset[str]:
    """Stems of the words of a text that are no function words and hold no figure."""
    words = (word for word in WORD.findall(text.casefold()) if not _is_function(word))
    parts = (part for word in words for part in words_of(word))
    return frozenset(_stem(part) for part in parts if len(part) > 1 and not any(map(str.isdigit, part)))


def known_numbers(text: str) -> frozenset[str]:
    """All readings of the numbers of a source, those in words up to twelve among them."""
    words = set(words_of(text))
    spelled = {str(number) for number, word in enumerate(COUNTED) if word in words}
    return frozenset().union(spelled, *numbers_of(text))


def _stem(word: str) -> str:
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM - (suffix in ("s", "e", "y")):
            stem = word.removesuffix(suffix)
            doubled = suffix in ("ed", "ing") and stem[-1] == stem[-2] and stem[-1] not in "aeiou"
            return stem[:-1] if doubled else stem
    return word


def _is_function(word: str) -> bool:
    return word.casefold().replace("\u2019", "'") in FUNCTION_WORDS


def _canonical(whole: str, part: str) -> str:
    shortened = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{f'.{shortened}' if shortened else ''}"
