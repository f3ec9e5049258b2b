"""English rewriting rules that keep the meaning: each a pattern and what may stand in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

RuleKind = Literal["contraction", "politeness", "question", "synonym"]


@dataclass(frozen=True)
class Rule:
    """Where `pattern` stands (any case), one of `replacements` may stand; `\\1` is the pattern's first group."""

    kind: RuleKind
    pattern: re.Pattern[str]
    replacements: tuple[str, ...]


def _rules(kind: RuleKind, *table: tuple[str, tuple[str, ...]]) -> tuple[Rule, ...]:
    return tuple(Rule(kind, re.compile(pattern, re.IGNORECASE), replacements) for pattern, replacements in table)


SHORT_AND_LONG = (
    ("don't", "do not"), ("doesn't", "does not"), ("didn't", "did not"), ("can't", "cannot"), ("won't", "will not"),
    ("isn't", "is not"), ("aren't", "are not"), ("wasn't", "was not"), ("haven't", "have not"), ("hasn't", "has not"),
    ("couldn't", "could not"), ("wouldn't", "would not"), ("shouldn't", "should not"), ("I'm", "I am"),
    ("I've", "I have"), ("I'll", "I will"), ("it's been", "it has been"), ("what's", "what is"),
    ("where's", "where is"), ("how's", "how is"), ("that's", "that is"), ("there's", "there is"), ("you're", "you are"),
    ("they're", "they are"), ("we're", "we are"), ("we've", "we have"), ("you've", "you have"),
)  # fmt: skip

NO_INVERSION = r"(?!\s+(?:i|you|he|she|it|we|they|there|my|your|our|his|her|their|the|this|that|these|those|an?)\b)"
"""A contraction before its subject cannot be written out in place: "why won't it" is not "why will not it"."""
PARTICIPLE = r"(?:been|not|already|just|made|done|tried|lost|sent|got|had|seen|\w{2,}ed)\b"
"""What makes "I have" an auxiliary, which can be shortened; "I have to" and "I have a card" cannot."""
APOSTROPHE, LETTER = r"['\u2019]", r"[^\W\d_]"


def contraction_pattern(short: str) -> str:
    """Where a contraction can be written out, whether it has the typewriter's apostrophe or the printer's."""
    return rf"\b{short.replace(chr(39), APOSTROPHE)}\b" + (NO_INVERSION if short.endswith("n't") else "")


CONTRACTIONS = tuple(
    rule
    for short, long in SHORT_AND_LONG
    for rule in _rules(
        "contraction",
        (contraction_pattern(short), (long,)),
        (rf"\b{long}\b(?=\s+{PARTICIPLE if long.endswith(' have') else LETTER})", (short,)),
    )
)
"""Both ways; the short form only before another word, since nobody writes "yes, I'm." for "yes, I am."."""

POLITENESS = _rules(
    "politeness",
    (r"^(?:please|kindly)[,]?\s+(?=\w)", ("", "could you please ", "would you kindly ")),
    (r",?\s+please(?=[.?!]*$)", ("", ", thank you", ", thanks")),
    (r"^(?:can|could) you (?:please )?(?=\w)", ("could you please ", "can you ", "would you be able to ", "please ")),
    (r"^i (?:want|need) to (?=\w)", ("I would like to ", "I'd like to ", "I have to ")),
    (r"^i(?:'d| would) like to (?=\w)", ("I want to ", "I wish to ")),
    (r"^(?:hi|hello|hey)(?: there| team)?\s*[,!.]?\s+(?=\w)", ("", "hello, ", "hi, ", "good morning, ")),
    (r"\bthank you\b(?! letter| card| note)", ("thanks", "many thanks")),
    (r"\bthanks\b(?! to)", ("thank you", "many thanks")),
)

QUESTIONS = _rules(
    "question",
    (r"\bhow (?:do|can) i (?=\w)", ("how do I ", "how can I ", "what do I have to do to ", "what is the way to ")),
    (r"\bhow should i (?=\w)", ("how do I ", "how can I ", "what is the best way to ")),
    (r"\bwhat do i (?:need|have) to do to (?=\w)", ("how do I ", "how can I ")),
    (r"^can i (?=\w)", ("am I able to ", "is it possible to ", "may I ")),
    (r"^(?:is it possible to|am i able to) (?=\w)", ("can I ", "could I ")),
    (r"\bwhat is the reason (?:that|why) (?=\w)", ("why is it that ",)),
    (r"\bwhy is it that (?=\w)", ("for what reason is it that ",)),
    (
        r"\bhow long (?:does|will) it take\b",
        ("how long does it take", "how long will it take", "how much time does it take"),
    ),
    (r"\bhow much (?:does|will) (?:it|this) cost\b", ("what does it cost", "what is the price of it")),
    (r"^(?:where is|where's) (?=my|the)", ("can you tell me where to find ", "I am looking for ")),
    (r"^i (?:do not|don't) know how to (?=\w)", ("I am not sure how to ", "I cannot find out how to ")),
    (r"^tell me (?:about )?(?=how|what|where|when|why)", ("I would like to know ", "please explain ")),
)

SYNONYMS: dict[str, tuple[str, ...]] = {
    "buy": ("purchase",), "bought": ("purchased",),
    "fix": ("repair",), "repair": ("fix",), "fast": ("quickly",), "begin": ("start",), "mistake": ("error",),
    "incorrect": ("wrong",), "assist": ("help",), "receive": ("get",), "received": ("got",),
    "parcel": ("package", "delivery"), "package": ("parcel",), "refunded": ("reimbursed",), "delete": ("remove",),
    "remove": ("delete",), "reply": ("answer", "response"), "entire": ("whole",), "shortly": ("soon",),
    "currently": ("at the moment", "right now"), "problem": ("issue",), "issue": ("problem",), "issues": ("problems",),
    "problems": ("issues",), "urgently": ("as soon as possible",), "twice": ("two times",), "inform": ("notify",),
    "require": ("need",), "photo": ("picture",), "picture": ("photo",), "photos": ("pictures",),
    "holiday": ("vacation",), "vacation": ("holiday",), "children": ("kids",), "kids": ("children",),
    "film": ("movie",), "movie": ("film",), "choose": ("select", "pick"), "select": ("choose", "pick"),
    "large": ("big",), "big": ("large",), "small": ("little",), "perhaps": ("maybe",), "maybe": ("perhaps",),
    "approximately": ("about", "around"), "attempt": ("try",), "tried": ("attempted",), "verify": ("confirm",),
    "confirm": ("verify",), "strange": ("odd", "weird"), "weird": ("odd", "strange"), "odd": ("strange", "weird"),
    "occurred": ("happened",), "happened": ("occurred",), "modify": ("change",), "alter": ("change",),
    "telephone": ("phone",), "obtain": ("get",),
    "details": ("information",), "rapidly": ("quickly",),
    "quickly": ("fast",), "permit": ("allow",), "permitted": ("allowed",), "allowed": ("permitted",),
    "additional": ("extra",), "extra": ("additional",), "nearby": ("close by",),
}  # fmt: skip
"""What may stand for a word in a customer's message. Many go one way: not every "get" is a "receive"."""

SYNONYM_RULES = tuple(rule for word, others in SYNONYMS.items() for rule in _rules("synonym", (rf"\b{word}\b", others)))

RULES: tuple[Rule, ...] = (*CONTRACTIONS, *POLITENESS, *QUESTIONS, *SYNONYM_RULES)
