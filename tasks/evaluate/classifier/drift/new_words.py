"""New vocabulary: content words replaced by words that no training row has, the same word always by the same one.

People come to call known things by other names, and new names come up. A word whose rarer name stands below and is
unknown to the training rows gets that; any other gets an invented name, from which nothing can be read. What is lost is
thus at least what real new words would take. The word list is English; invented names serve every language that puts
blanks between its words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from tasks.datasets.kept_words import KEPT
from tasks.evaluate.classifier.drift.kept import WORD

_FUNCTION_WORDS = """
a about above after again against all also am an and any are aren't as at be because been before being below between
both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from
further had has have haven't having he her here hers him his how i i'd i'll i'm i've if in into is isn't it it's its
just let me more most my no nor not of off on once only or other our out over own please same she should so some such
than that that's the their them then there there's these they this those through to too under until up very was wasn't
we were what what's when where which while who why will with won't would you your
"""
_RARER_NAMES = """
money=dosh cash=banknotes card=plastic account=ledger payment=disbursement pay=remit paid=remitted refund=recompense
transfer=remittance fee=levy charge=levy charged=levied bank=moneylender balance=reserves delivery=conveyance
parcel=bundle package=consignment shop=emporium store=emporium buy=procure bought=procured price=tariff cost=outlay
cheap=economical broken=busted stolen=pilfered lost=misplaced missing=vanished late=belated delayed=belated
slow=sluggish fast=speedy quick=swift wrong=erroneous bad=dreadful good=splendid new=novel old=antiquated big=sizeable
small=diminutive change=amend changed=amended cancel=rescind cancelled=rescinded stop=halt start=commence
begin=commence open=unseal close=shut send=dispatch sent=dispatched receive=obtain received=obtained find=locate
found=located need=require want=desire like=fancy know=fathom think=reckon ask=query help=succour tell=notify
show=exhibit use=employ using=employing work=function working=functioning works=functions problem=snag issue=hiccup
error=glitch answer=rejoinder reason=rationale phone=blower call=ring email=missive letter=missive message=missive
password=passphrase website=webpage app=applet computer=workstation picture=snapshot photo=snapshot house=abode
home=abode address=whereabouts car=motor friend=mate customer=patron person=individual people=folk job=gig boss=gaffer
rain=drizzle food=grub meal=repast drink=beverage music=tunes film=flick game=pastime holiday=getaway ticket=voucher
travel=voyage hotel=lodgings room=chamber doctor=physician medicine=remedy
"""
SHORTEST = 3
"""Shorter words carry little."""

FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
RARER_NAMES = dict(pair.split("=") for pair in _RARER_NAMES.split())
SYLLABLES = tuple(
    onset + vowel
    for onset in ("br", "d", "f", "gl", "k", "l", "m", "n", "p", "qu", "s", "tr", "v", "z")
    for vowel in "aeiou"
)
ENDINGS = ("dax", "lor", "mint", "nix", "rell", "son", "tik", "vane", "wick", "zar")
TRIES = 100


class NewWords:
    """A stand-in for every word, unknown to the texts it is made with."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known` are the texts of the training rows."""
        self.known = {word.casefold() for text in known for word in WORD.findall(text)}
        self.found: dict[str, str] = {}

    def instead_of(self, word: str) -> str:
        """The word's stand-in, with its first letter in the same case; the same each time."""
        key = word.casefold()
        if key not in self.found:
            self.found[key] = self._new(key)
        other = self.found[key]
        return other[:1].upper() + other[1:] if word[:1].isupper() else other

    def _new(self, word: str) -> str:
        rarer = RARER_NAMES.get(word)
        if rarer is not None and rarer not in self.known:
            return rarer
        names = (_invented(f"{word} {number}") for number in range(TRIES))
        # A name of three syllables out of a million is hardly ever known; all of a hundred never are.
        return next(name for name in names if name not in self.known)


def in_new_words(text: str, share: float, words: NewWords, draw: np.random.Generator) -> str:
    """The text with `share` (0 to 1) of its content words replaced, drawn by `draw`; more of them where more are asked.

    From the same state of `draw` a larger share replaces the words of a smaller one and others.
    """
    kept = [match.span() for match in KEPT.finditer(text)]
    places = [match.span() for match in WORD.finditer(text) if _is_content(match[0])]
    places = [place for place in places if not any(start < place[1] and place[0] < end for start, end in kept)]
    order = draw.permutation(len(places))
    # Rounded up or down by chance, since of a short text's words a small share would always be none.
    count = int(share * len(places) + draw.random())
    for start, end in sorted((places[index] for index in order[:count]), reverse=True):
        text = text[:start] + words.instead_of(text[start:end]) + text[end:]
    return text


def _is_content(word: str) -> bool:
    return len(word) >= SHORTEST and word.casefold().replace("\u2019", "'") not in FUNCTION_WORDS


def _invented(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    first, second = (SYLLABLES[byte % len(SYLLABLES)] for byte in digest[:2])
    return first + second + ENDINGS[digest[2] % len(ENDINGS)]
