"""Whether what a teacher wrote can be used: it parses, has the right label and length, declines and copies nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tasks.pii.masking import mask
from tasks.synthesize.copies import bare_form
from tasks.synthesize.teacher.cache import Answer

FENCE = re.compile(r"^\s*```(?:json)?\s*\n?(.*?)\n?\s*```\s*$", re.DOTALL | re.IGNORECASE)
REFUSAL = re.compile(
    r"^\W*(?:i(?:['\u2019]m| am) (?:really |so |very )?(?:sorry|afraid|unable)|i apologi[sz]e|my apologies|"
    r"sorry,? (?:but )?i|"
    r"i (?:can(?:['\u2019]t|not)|won['\u2019]t|will not|could not|am not able to) "
    r"(?:help|assist|comply|fulfil|provide|create|generate|write|do that|answer|share)|"
    r"as an? (?:ai|artificial intelligence|large language|language model|assistant)|"
    r"(?:unfortunately,? )?i(?:['\u2019]m| am) not able to|"
    r"i must (?:decline|refuse))",
    re.IGNORECASE,
)
"""How models begin when they decline. Only the beginning counts: a customer may well say "I'm sorry" further on."""


def fit_texts(
    answer: Answer, label: str, examples: Sequence[str], *, least: int, most: int
) -> tuple[list[str], Counter[str]]:
    """The new texts of an answer that can be used, masked of personal data, and how many cannot, by reason."""
    refused: Counter[str] = Counter()
    items = _json_list(answer.text)
    if items is None:
        refused["refusal" if REFUSAL.search(answer.text) else "cut_off" if not answer.whole else "not_json"] += 1
        return [], refused
    fit, copies = list[str](), {bare_form(example) for example in examples}
    for item in items:
        text = item.get("text") if isinstance(item, dict) else None
        if not isinstance(text, str):
            refused["not_json"] += 1
            continue
        text = mask(text.strip())[0]
        reason = _text_problem(text, least, most)
        if reason is None and item.get("label") != label:
            reason = "wrong_label"
        if reason is None and bare_form(text) in copies:
            reason = "copies_example"
        if reason is not None:
            refused[reason] += 1
            continue
        fit.append(text)
    return fit, refused


def fit_answer(
    answer: Answer, prompt: str, *, least: int, most: int, json_answers: bool
) -> tuple[str | None, str | None]:
    """The answer, masked of personal data, and None; or None, and why it cannot be used."""
    text = mask(answer.text.strip())[0]
    if not answer.whole:
        return None, "cut_off"
    reason = _text_problem(text, least, most)
    if reason is None and REFUSAL.search(text):
        reason = "refusal"
    if reason is None and json_answers and not _is_json(text):
        reason = "not_json"
    if reason is None and bare_form(text) == bare_form(prompt):
        reason = "copies_prompt"
    return (None, reason) if reason is not None else (text, None)


def _text_problem(text: str, least: int, most: int) -> str | None:
    if len(text) < least or not bare_form(text):
        return "too_short"
    return "too_long" if len(text) > most else None


def _json_list(text: str) -> list[Any] | None:
    """The list in an answer, with or without a fence or an object around it; None where there is none."""
    fenced = FENCE.match(text)
    try:
        parsed = json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, dict):
        lists = [value for value in parsed.values() if isinstance(value, list)]
        parsed = lists[0] if len(lists) == 1 else [parsed]
    return parsed if isinstance(parsed, list) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
