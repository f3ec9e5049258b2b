"""Which texts may hold personal data, told by RE2 over whole Arrow columns, some two hundred characters a microsecond.

A trigger matches wherever a finder finds something, and now and then elsewhere. RE2 knows no look-around; and hardly a
count stands here, since counts multiply the states of its automaton until it falls back to a slow way.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tasks.pii.kinds import KINDS, Kind, Scope
from tasks.pii.national_id_kinds import ANY_NAME, NATIONAL_IDS
from tasks.pii.national_ids import tree
from tasks.pii.secret_words import SHORT_NAMES, STRONG_NAMES, WEAK_NAMES
from tasks.pii.spans import BLANKS, HYPHENS, SEPARATOR
from tasks.pii.telephones import PHONE_WORD

Flags = npt.NDArray[np.bool_]
Groups = tuple[tuple[str, ...], ...]

_GAP = f"[{BLANKS}.{HYPHENS}]"
_ESCAPED = r"\\u[0-9A-Fa-f]"
"""JSON that writes characters as `\\u0040` may hide anything from a pattern."""
_SIX_DIGITS = f"[0-9]{f'{SEPARATOR}*[0-9]' * 5}"
_SECRET = (
    "A(?:KI|SI|RO|ID|GP|NP)A[A-Z2-7]|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt)-|xox[abeoprs]-|[srp]k_(?:live|test)_|"
    "whsec_|sk-[A-Za-z0-9]|hf_|AIza|ya29[.]|GOCSPX-|npm_|pypi-AgE|SG[.]|(?:SK|AC|dapi|key-)[0-9a-f]|do[opr]_v1_|hvs[.]|"
    "shp(?:at|ca|pa|ss)_|lin_api_|AGE-SECRET|:AA[A-Za-z0-9_-]|eyJ[A-Za-z0-9_-]|-----BEGIN|hooks[.]slack|"
    rf"://[^\s/@]*:[^\s/@]+@|(?i:{STRONG_NAMES}|(?:{SHORT_NAMES})[\"'\]]*\s*[:=]|"
    "(?:pin|cvv2?|cvc2?|otp|code)(?: code| number)?(?: is| was|:|=)?:? *[0-9][0-9][0-9])"
)
_LONG_WORD = "[A-Za-z0-9+/_=-]{20}"
_MAIL = r"[\pL\pN_.%+-]@[\pL\pN]|(?i:[\[({]\s?at\s?[\])}]| at [^\s]+ dot )"
_IP = r"[0-9]\.[0-9]+\.[0-9]+\.[0-9]|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f]"
_IBAN = rf"[A-Za-z][A-Za-z][0-9][0-9]{_GAP}?[A-Za-z0-9]{_GAP}?[A-Za-z0-9]{_GAP}?[A-Za-z0-9]{_GAP}?[A-Za-z0-9]"
_LETTERS_AND_DIGITS = "[A-Za-z]{5}[0-9]{4}[A-Za-z]|[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}"
_HINTS: dict[Kind, str] = {
    "secret": _SECRET,
    "email": _MAIL,
    "iban": _IBAN,
    "card": _SIX_DIGITS,
    "ip": _IP,
    "national_id": f"{_SIX_DIGITS}|{_LETTERS_AND_DIGITS}",
    "phone": _SIX_DIGITS,
}
_GROUPS: dict[Kind, Groups] = {
    "secret": ((_SECRET,), (_LONG_WORD, f"(?i:{WEAK_NAMES})")),
    "email": ((_MAIL,),),
    "iban": ((_IBAN,),),
    "card": ((rf"[2-6][0-9]{{3}}(?:{_GAP}?[0-9]){{9}}",),),
    "ip": ((_IP,),),
    "phone": (
        (
            rf"\+[1-9](?:{SEPARATOR}{{0,2}}[0-9]){{7}}|00[1-9](?:{SEPARATOR}{{0,2}}[0-9]){{9}}|"
            rf"[2-9][0-9]{{2}}\)?{_GAP}?[2-9][0-9]{{2}}{_GAP}[0-9]{{4}}|"
            rf"(?:^|[^0-9A-Za-z_])\(?0[1-9](?:\)?(?:{_GAP}|/)?[0-9]){{8}}",
        ),
        (_SIX_DIGITS, f"(?i:{PHONE_WORD.pattern})"),
    ),
}


def may_hold_any(texts: pa.ChunkedArray, scope: Scope) -> Flags:
    """[rows]: whether a text may hold anything in scope; a null holds nothing."""
    hints = dict.fromkeys(_HINTS[kind] for kind in KINDS if kind in scope.kinds)
    hinted = matches(texts, "|".join(f"(?:{hint})" for hint in [*hints, _ESCAPED]))
    return hinted | matches(texts, _LONG_WORD) if "secret" in scope.kinds else hinted


def may_hold(texts: pa.ChunkedArray, kind: Kind, scope: Scope) -> Flags:
    """[rows]: whether a text may hold one kind: all patterns of one of its groups match."""
    possible = np.zeros(len(texts), dtype=np.bool_)
    for first, *others in _national_ids(scope.locales) if kind == "national_id" else _GROUPS[kind]:
        in_group = matches(texts, first)
        for pattern in others:
            in_group &= matches(texts, pattern)
        possible |= in_group
    return possible


def matches(texts: pa.ChunkedArray, pattern: str) -> Flags:
    """[rows]: whether a pattern (RE2) matches somewhere in a text; in a null it does not."""
    found: Flags = pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy()
    return found.copy()


@lru_cache(maxsize=16)
def _national_ids(locales: frozenset[str]) -> Groups:
    chosen = [number for number in NATIONAL_IDS if number.locale in locales]
    telling = tree(form for number in chosen for form in number.telling)
    names = f"(?i:{'|'.join([ANY_NAME, *(number.words for number in chosen)])})"
    named = (f"{_SIX_DIGITS}|{_LETTERS_AND_DIGITS}", names)
    return ((f"(?:^|[^A-Za-z0-9_])(?:{telling})",), named) if telling else (named,)
