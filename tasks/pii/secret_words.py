"""Secrets that show by the words around them: `password: …`, `api_key=…`, `my PIN is …`, and random-looking strings."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from tasks.pii.spans import Span, before, is_digit

STRONG_NAMES = (
    r"pass(?:word|wort|wd|phrase|code)|kennwort|contrase[ñn]a|mot de passe|pwd|secret(?:[ _-]?(?:access[ _-]?)?key)?|"
    r"token|bearer|credentials?|connection[ _-]?string"
)
SHORT_NAMES = "pass|pw"
WEAK_NAMES = "keys?|aws|oauth|webhook|authori[sz]ation"
_STEMS = (
    *("pass", "kennwort", "contrase", "mot de passe", "pw", "secret", "token", "bearer", "credential", "connection"),
    *("key", "aws", "oauth", "webhook", "authori"),
)
NAME = re.compile(rf"({STRONG_NAMES})|({SHORT_NAMES})|(?:{WEAK_NAMES})(?![a-z])")
"""Group 1: words for a secret; group 2: short ones, that count before `:` and `=` only; else words it may be near."""
KEY_OF = re.compile(r"(?:api|app|access|auth|private|encryption|signing|account|shared|license|storage|master)[ _-]?$")
_ASSIGNS = r"[\"'\]]{0,2}\s{0,3}(?::=|=>|==?|:)\s{0,3}"
_SAYS = r"(?: (?:for|to) \w{1,20}(?: \w{1,20})?)?(?: (?:is|was|ist|lautet|es|est)(?: now| still)?:?|,)? {1,3}"
ASSIGNED, SAID = re.compile(_ASSIGNS), re.compile(_SAYS)
QUOTED = re.compile(r"\\?([\"'`“])([^\"'`“”<\n\\]{4,200})\\?[\"'`”]")
VALUE = re.compile(r"[^\s\"'`“”<>,;\\]{4,200}")
BLAND = re.compile(
    r"\$|%|\{|\[|\*{3}|x{4}|\.{3}|#{3}|(?:none|null|true|false|nil|undefined|required|optional|string|text|hidden|"
    r"password|passwd|secret|token|changeme|redacted|masked|your|my|the|not|must|should|incorrect|wrong|invalid|expired|"
    r"missing|empty)(?![A-Za-z0-9])|https?:|[\w.]+[\[(]|(?:[A-Za-z_]+\.)+[A-Za-z_]+$|[.,:;!?-]+$",
    re.IGNORECASE,
)
"""Values that are no secret: gaps to fill in, calls and names in a program, words about passwords."""
LOGIN = re.compile(r"\b(?:user(?:name| name| id)?|login|account|u)\b\s?(?::|=|is)")
_PIN_SIGNS = ("pin", "cvv", "cvc", "otp", "code")
RANDOM = re.compile(r"[A-Za-z0-9+/_=-](?<![\w/+=.-].)[A-Za-z0-9+/_=-]{19,199}(?![\w/+=-])")
OF_CONTENT = re.compile(
    r"(?:commit|sha-?[0-9]*|md5|git|revision|checksum|digest|hash|etag|base64,|image|integrity|uuid|"
    r"idempotency[ _-]key|public[ _-]key|fingerprint|signature|primary[ _-]key|cache[ _-]key|order|tracking)"
    r"[^\n]{0,24}$"
)
UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-fA-F]+")
_OF_WORDS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'\u2019_-/.()?! ")
_MIN_BITS, _MIN_HEX_BITS = 3.5, 3.0
_MIN_RANDOM_CHARACTERS, _MIN_HEX_CHARACTERS = 24, 32
_PIN_WORD = r"pin|cvv2?|cvc2?|otp|passcode|(?:security|verification|one-time|sms|auth(?:entication)?) (?:code|pin)"
PIN = re.compile(
    rf"\b(?:{_PIN_WORD})(?: (?:code|number))?(?: (?:is|was)|:|=)?:? {{0,3}}([0-9]{{3,8}})(?![ -]?[0-9]|\w|[.,][0-9])"
)
_NEAR_CHARACTERS, _LONGEST_CHARACTERS = 40, 200


def find_spoken_secrets(text: str) -> Iterator[Span]:
    """Values that the text calls a password, key, token or PIN, and random strings near such a word."""
    lowered = _lowered(text)
    for name in _names(lowered):
        if _begins_a_word(text, name.start()):
            yield from _after(text, lowered, name)
    for match in PIN.finditer(lowered) if any(sign in lowered for sign in _PIN_SIGNS) else ():
        if len(set(match[1])) > 1:
            yield match.span(1)


def _names(lowered: str) -> Iterator[re.Match[str]]:
    # To look for fifteen fixed strings is ten times faster than to look for one pattern with as many branches.
    for stem in _STEMS:
        place = lowered.find(stem)
        while place >= 0:
            name = NAME.match(lowered, place)
            if name:
                yield name
            place = lowered.find(stem, name.end() if name else place + 1)


def _after(text: str, lowered: str, name: re.Match[str]) -> Iterator[Span]:
    is_strong = name[1] is not None or KEY_OF.search(before(lowered, name.start(), 12)) is not None
    assigned = ASSIGNED.match(text, name.end()) if is_strong or name[2] else None
    said = SAID.match(lowered, name.end()) if is_strong else None
    if assigned:
        # `password=word` is meant as it stands; in `Password: eight characters or more` the word is prose.
        tight = assigned[0].endswith("=") or LOGIN.search(before(lowered, name.start(), 60)) is not None
        yield from _value(text, assigned.end(), any_word=tight, any_quoted=True)
    elif said:
        yield from _value(text, said.end(), any_word=False, any_quoted=False)
    if name[2]:
        return
    for match in RANDOM.finditer(text, name.end(), name.end() + _NEAR_CHARACTERS + _LONGEST_CHARACTERS + 1):
        near = match.start() - name.end() <= _NEAR_CHARACTERS and any(map(is_digit, match[0]))
        # A bare hash near the word key is rather a commit than a key.
        telling = near and looks_random(match[0]) and (is_strong or not HEX.fullmatch(match[0]))
        if telling and not OF_CONTENT.search(before(lowered, match.start())):
            yield match.span()


def _begins_a_word(text: str, start: int) -> bool:
    """Whether a name is not the middle of a word: `db_password`, `DB_PASSWORD` and `dbPassword` hold one."""
    return start == 0 or not text[start - 1].isalpha() or (text[start].isupper() and text[start - 1].islower())


def _lowered(text: str) -> str:
    lowered = text.lower()
    # A few letters become two when lowered (İ), and every place after them would be wrong.
    return lowered if len(lowered) == len(text) else "".join(map(_lowered_one, text))


def _lowered_one(character: str) -> str:
    return character.lower() if character.isascii() else character


def looks_random(token: str) -> bool:
    """Whether a token has letters and digits without order: Shannon's entropy of its characters, in bits each."""
    if UUID.fullmatch(token) or token.isdigit():
        return False
    bits = -sum(count / len(token) * math.log2(count / len(token)) for count in Counter(token).values())
    if HEX.fullmatch(token):
        return len(token) >= _MIN_HEX_CHARACTERS and bits >= _MIN_HEX_BITS
    return bits >= _MIN_BITS


def _value(text: str, place: int, *, any_word: bool, any_quoted: bool) -> Iterator[Span]:
    """The value at a place, unless it reads as prose or as a gap to fill in."""
    quoted = QUOTED.match(text, place)
    found = quoted or VALUE.match(text, place)
    if found is None:
        return
    start, end = found.span(2) if quoted else (place, place + len(found[0].rstrip(".:)]}")))
    value = text[start:end]
    may_be_a_word = any_quoted if quoted else any_word
    if len(value) >= 4 and len(set(value)) > 1 and not BLAND.match(value) and (may_be_a_word or _is_no_word(value)):
        yield start, end


def _is_no_word(value: str) -> bool:
    has_digit, has_letter = any(map(is_digit, value)), any(map(str.isalpha, value))
    has_sign = not set(value) <= _OF_WORDS
    is_mixed = (has_digit and (has_letter or len(value) >= 6)) or (has_sign and has_letter and len(value) >= 8)
    in_both_cases = value != value.lower() and value != value.upper() and " " not in value
    return is_mixed or (in_both_cases and len(value) >= _MIN_RANDOM_CHARACTERS and looks_random(value))
