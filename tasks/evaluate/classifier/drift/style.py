"""Style shift: the same request in other clothes, as when users come from another channel or another generation.

Six changes that leave the meaning alone: a frame of polite or chatty sentences, contractions, abbreviations, chat
spelling, punctuation left out, another case. At strength s each text gets round(6 s) of them, drawn for the text, and
at a greater strength those of a smaller one and others. The word lists are English; elsewhere case, punctuation and the
frame still change.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tasks.evaluate.classifier.drift.kept import WORD, outside_kept

OPENINGS = (
    "Hi there, hope you are doing well.",
    "Good evening,",
    "hey",
    "Dear Sir or Madam,",
    "Sorry to bother you, but I have something to ask.",
    "ok so",
    "I am not sure if this is the right place to write to.",
    "Hello again!",
)
CLOSINGS = (
    "Thank you very much in advance for your time.",
    "thx",
    "Kind regards",
    "Could you please let me know as soon as possible?",
    "cheers mate",
    "Any help would be greatly appreciated.",
    "lol",
    "I look forward to hearing from you.",
)
CONTRACTIONS = {
    "i am": "i'm", "you are": "you're", "we are": "we're", "they are": "they're", "it is": "it's", "that is": "that's",
    "i have": "i've", "we have": "we've", "i will": "i'll", "i would": "i'd", "do not": "don't", "does not": "doesn't",
    "did not": "didn't", "is not": "isn't", "are not": "aren't", "was not": "wasn't", "were not": "weren't",
    "have not": "haven't", "has not": "hasn't", "had not": "hadn't", "cannot": "can't", "can not": "can't",
    "could not": "couldn't", "would not": "wouldn't", "should not": "shouldn't", "will not": "won't",
    "what is": "what's", "where is": "where's", "there is": "there's", "want to": "wanna", "going to": "gonna",
    "have to": "gotta", "let us": "let's",
}  # fmt: skip
ABBREVIATIONS = {
    "please": "pls", "account": "acct", "information": "info", "message": "msg", "number": "no.", "payment": "pmt",
    "transaction": "txn", "transfer": "trf", "received": "rcvd", "address": "addr", "password": "pwd",
    "application": "app", "telephone": "tel", "minutes": "mins", "hours": "hrs", "because": "bc", "tomorrow": "tmrw",
    "appointment": "appt", "amount": "amt", "balance": "bal", "immediately": "asap", "identity": "id",
    "identification": "id", "verification": "verif", "company": "co.", "department": "dept", "document": "doc",
    "without": "w/o", "with": "w/", "month": "mth", "people": "ppl", "question": "q", "reference": "ref",
    "approximately": "approx", "maximum": "max", "minimum": "min", "temporary": "temp", "customer": "cust",
}  # fmt: skip
CHAT = {
    "you": "u", "your": "ur", "are": "r", "why": "y", "to": "2", "for": "4", "thanks": "thx", "okay": "k",
    "great": "gr8", "later": "l8r", "before": "b4", "what": "wat", "through": "thru", "really": "rly", "be": "b",
    "about": "abt", "and": "n", "the": "da", "this": "dis", "have": "hav", "know": "kno", "something": "smth",
    "got": "gt", "just": "jst", "when": "wen", "my": "ma", "would": "wud", "could": "cud", "should": "shud",
}  # fmt: skip
PUNCTUATION = re.compile(r"""[.,;:!?"'\u2019\u2018\u201c\u201d()\[\]\u2026-]+""")
Change = Callable[[str, np.random.Generator], str]


def framed(text: str, draw: np.random.Generator) -> str:
    """The text between an opening and a closing that say nothing about it."""
    opening, closing = (str(draw.choice(sentences)) for sentences in (OPENINGS, CLOSINGS))
    return f"{opening} {text.strip()} {closing}"


def contracted(text: str, draw: np.random.Generator) -> str:
    """ "I do not" as "I don't", "want to" as "wanna"."""
    return outside_kept(text, lambda part: CONTRACTION.sub(_as_written(CONTRACTIONS), part))


def abbreviated(text: str, draw: np.random.Generator) -> str:
    """ "please" as "pls", "account" as "acct"."""
    return outside_kept(text, lambda part: WORD.sub(_as_written(ABBREVIATIONS), part))


def in_chat_spelling(text: str, draw: np.random.Generator) -> str:
    """ "you" as "u", "before" as "b4"."""
    return outside_kept(text, lambda part: WORD.sub(_as_written(CHAT), part))


def without_punctuation(text: str, draw: np.random.Generator) -> str:
    """No marks but those inside addresses and numbers."""
    return " ".join(outside_kept(text, lambda part: PUNCTUATION.sub(" ", part)).split())


def in_another_case(text: str, draw: np.random.Generator) -> str:
    """All small letters, all capitals, or a capital at the head of each word."""
    way = (str.lower, str.upper, str.title)[int(draw.integers(3))]
    return outside_kept(text, way)


CHANGES: tuple[Change, ...] = (framed, contracted, abbreviated, in_chat_spelling, without_punctuation, in_another_case)
"""In the order in which they are made."""
CONTRACTION = re.compile(rf"\b(?:{'|'.join(sorted(CONTRACTIONS, key=len, reverse=True))})\b", re.IGNORECASE)


def in_another_style(text: str, strength: float, draw: np.random.Generator) -> str:
    """The text with round(6 strength) of the CHANGES, drawn by `draw`."""
    chosen = sorted(draw.permutation(len(CHANGES))[: round(strength * len(CHANGES))])
    # Each change draws from a stream of its own, so that it is the same whichever others are made.
    streams = draw.spawn(len(CHANGES))
    for number in chosen:
        text = CHANGES[number](text, streams[number])
    return text


def _as_written(others: dict[str, str]) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps a capital at the head of the word."""

    def written(match: re.Match[str]) -> str:
        other = others.get(match[0].casefold())
        if other is None:
            return match[0]
        return other[:1].upper() + other[1:] if match[0][:1].isupper() else other

    return written
