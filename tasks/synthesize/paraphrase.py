"""Paraphrase by rules: a text said again with the same meaning in other words, for English."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from tasks.datasets.kept_words import KEPT
from tasks.synthesize.paraphrase_rules import RULES, Rule

_ARTICLE = re.compile(r"\b([Aa])n?( +)$")


def paraphrased(text: str, changes: int, draw: np.random.Generator, rules: Sequence[Rule] = RULES) -> str | None:
    """The text with one to `changes` rules applied, each at one place; None where no rule fits.

    Masks, addresses and whatever holds a digit stay as they are. A rule is not applied twice, nor to what another rule
    has put in.
    """
    new, touched = text, set[int]()
    for _ in range(int(draw.integers(1, changes + 1))):
        fitting = [number for number, rule in enumerate(rules) if number not in touched and _place(new, text, rule)]
        if not fitting:
            break
        number = int(draw.choice(fitting))
        touched.add(number)
        new = _applied(new, text, rules[number], draw)
    return new if new != text else None


def applied_rule(text: str, rule: Rule, choice: int = 0) -> str | None:
    """The text with a rule applied at its first place and its replacement number `choice`; None if it fits nowhere."""
    match = _place(text, text, rule)
    return None if match is None else _put(text, match, rule.replacements[choice % len(rule.replacements)])


def _place(new: str, original: str, rule: Rule) -> re.Match[str] | None:
    """Where the rule fits and stands on words of the original; None where nowhere."""
    for match in rule.pattern.finditer(new):
        untouched = match[0].strip().casefold() in original.casefold()
        if untouched and not any(
            kept.start() < match.end() and match.start() < kept.end() for kept in KEPT.finditer(new)
        ):
            return match
    return None


def _applied(new: str, original: str, rule: Rule, draw: np.random.Generator) -> str:
    match = _place(new, original, rule)
    if match is None:
        return new
    others = [other for other in rule.replacements if other.casefold().strip() != match[0].casefold().strip()]
    return _put(new, match, str(draw.choice(others))) if others else new


def _put(text: str, match: re.Match[str], replacement: str) -> str:
    """The text with the match replaced: its case, a preceding article and the beginning of the sentence made to fit."""
    found, before, after = match[0], text[: match.start()], text[match.end() :]
    if found.isupper() and len(found) > 1:
        replacement = replacement.upper()
    elif found[:1].isupper() and not (found[:2] in ("I ", "I'", "I\u2019") and before.strip()):
        replacement = replacement[:1].upper() + replacement[1:]
    elif _goes_on(before) and replacement[:2] not in ("I ", "I'"):
        replacement = replacement[:1].lower() + replacement[1:]
    if not replacement:
        after = after[:1].upper() + after[1:] if found[:1].isupper() else after
    elif after[:2] == "I " or not after[:1].isupper() or not found.endswith(" "):
        pass
    elif not after[:2].isupper():
        after = after[:1].lower() + after[1:]
    return _ARTICLE.sub(_article_for(replacement), before) + replacement + after


def _goes_on(before: str) -> bool:
    return bool(before.strip()) and before.rstrip()[-1] not in ".!?:\n"


def _article_for(word: str) -> str:
    return r"\1n\2" if word[:1].lower() in "aeio" and word[:1] else r"\1\2"
