"""Private stand-ins: rows with personal data give way to rows of the same label and shape with nobody's data in them.

Every value is made up anew from ranges that are kept free for it (example.com: RFC 2606; 192.0.2.0/24: RFC 5737;
555-01xx numbers: North American Numbering Plan), or is no valid number at all. Neither the row's id nor anything else
in a stand-in leads to the original: values come from a seeded draw, and not even under a key from the value replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from tasks.datasets.folder import set_aside
from tasks.pii.kinds import EXAMPLE, find_personal_data
from tasks.pii.masking import mask
from tasks.pii.stand_ins import is_nobodys
from tasks.synthesize.config import StandInsMaker
from tasks.synthesize.copies import Existing
from tasks.synthesize.made import Made, as_made, real_rows

MAKER, REASON = "stand_in", "private_stand_in"
TEXTS = ("text", "answer", "rejected")
MARKER = re.compile(r"<([A-Z][A-Z_0-9]*)>")
GIVEN = ("Alex", "Robin", "Sam", "Kim", "Charlie", "Noa", "Jamie", "Toni", "Andrea", "Sascha", "Jordan", "Quinn")
FAMILY = ("Example", "Sample", "Miller", "Weber", "Novak", "Rossi", "Jansen", "Dubois", "Lindgren", "Costa", "Moore")
NAME = re.compile(
    r"(?P<cue>\b(?:(?:[Mm]y|MY) (?:full )?name is|(?:[Mm]y|MY) name['\u2019]s|[Ii] am called|"
    r"(?:[Kk]ind |[Bb]est |[Ww]arm )?[Rr]egards,?|[Ss]incerely,?|[Ss]igned,?|"
    r"[Mm](?:r|rs|s|iss)\.?|[Dd]r\.?)\s+)"
    r"(?P<name>(?!The\b|A\b|My\b|Not\b)[A-ZÀ-Þ][\w'\u2019-]+(?: [A-ZÀ-Þ][\w'\u2019-]+){0,2})"
)


def _digits(count: int, draw: np.random.Generator) -> str:
    return "".join(str(digit) for digit in draw.integers(0, 10, size=count))


def _person(draw: np.random.Generator) -> str:
    return f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"


MADE_UP: dict[str, Callable[[np.random.Generator], str]] = {
    "EMAIL": lambda draw: f"{_person(draw).lower().replace(' ', '.')}{draw.integers(1, 1000)}@example.com",
    "PHONE": lambda draw: f"+1 202 555 01{_digits(2, draw)}",
    "IP": lambda draw: f"192.0.2.{draw.integers(1, 255)}",
    "CARD": lambda draw: f"0000 {_digits(4, draw)} {_digits(4, draw)} {_digits(4, draw)}",
    "IBAN": lambda draw: f"XX00 {_digits(4, draw)} {_digits(4, draw)} {_digits(4, draw)} {_digits(4, draw)}",
    "NATIONAL_ID": lambda _draw: "000-00-0000",
    "SECRET": lambda draw: f"{_digits(6, draw)}-{EXAMPLE}",
}
"""A value of each kind that is nobody's, by the mark that masking leaves. Any other mark stays as it is."""


def stand_in(text: str, draw: np.random.Generator, names: bool = True) -> str:
    """The text with its personal data, masked or not, replaced by made-up values of the same kind."""
    masked = _without_names(mask(text)[0], draw) if names else mask(text)[0]
    return MARKER.sub(lambda match: MADE_UP[match[1]](draw) if match[1] in MADE_UP else match[0], masked)


def is_private(row_texts: list[object], config: StandInsMaker) -> bool:
    """Whether one of a row's texts holds personal data, or its mask where `masked_rows` asks for that."""
    texts = [text for text in row_texts if isinstance(text, str)]
    found = any(holds_personal_data(text) for text in texts)
    named = config.names and any(NAME.search(text) for text in texts)
    masked = config.masked_rows and any(match[1] in MADE_UP for text in texts for match in MARKER.finditer(text))
    return found or named or masked


def holds_personal_data(text: str) -> bool:
    """Whether a text holds personal data that may be somebody's."""
    return any(not is_nobodys(found.kind, text[found.start : found.end]) for found in find_personal_data(text))


def _without_names(text: str, draw: np.random.Generator) -> str:
    """The text with each name that is told as one replaced, wherever it and its parts stand again."""
    for name in dict.fromkeys(match["name"] for match in NAME.finditer(text)):
        given, family = str(draw.choice(GIVEN)), str(draw.choice(FAMILY))
        first, *others = name.split()
        text = re.sub(rf"\b{re.escape(name)}\b", f"{given} {family}" if others else given, text)
        for part, made_up in ((first, given), *((other, family) for other in others)):
            text = re.sub(rf"\b{re.escape(part)}\b", made_up, text)
    return text


def private_rows(train: pd.DataFrame, config: StandInsMaker) -> pd.DataFrame:
    """The real rows with personal data in any of their texts."""
    parents = real_rows(train)
    private = [is_private(list(texts), config) for texts in zip(*(parents[name] for name in TEXTS), strict=True)]
    return parents[pd.Series(private, index=parents.index, dtype=bool)]


def without_texts(gone: pd.DataFrame) -> pd.DataFrame:
    """The rows as the quarantine holds them: their place (source and row) and no text, to give nothing away."""
    nothing = pd.Series(pd.NA, index=gone.index, dtype="str")
    return set_aside(gone.assign(**dict.fromkeys(TEXTS, nothing)), "train", "synthesize", REASON)


def make_stand_ins(gone: pd.DataFrame, config: StandInsMaker, existing: Existing) -> Made:
    """A stand-in for each private row, with its label and group and without its id; what comes in is remembered."""
    # Order would lead back to the originals, so that the stand-ins are shuffled.
    draw = np.random.default_rng(config.seed)
    rows = gone.iloc[draw.permutation(len(gone))].reset_index(drop=True)
    for name in TEXTS:
        texts = [stand_in(text, draw, config.names) if isinstance(text, str) else None for text in rows[name]]
        rows[name] = pd.Series(texts, dtype="str")
    rows = rows.assign(made_by=MAKER, made_from=pd.Series([None] * len(rows), dtype="str"))
    made, taken = Made(MAKER, asked=len(gone)), list[bool]()
    for text, answer, rejected in zip(*(rows[name] for name in TEXTS), strict=True):
        known = answer if isinstance(answer, str) else None
        private = any(holds_personal_data(each) for each in (text, answer, rejected) if isinstance(each, str))
        reason = "personal_data" if private else existing.refusal(text, known)
        taken.append(reason is None)
        if reason is None:
            existing.take_in(text, known)
        else:
            made.refused[reason] += 1
    made.rows = as_made(rows[taken].reset_index(drop=True))
    return made
