"""The quality `formatting`: rows whose form is broken, whatever they say: chats, JSON answers, characters, language."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from tasks.curate.quality.json_form import chat_faults, chat_words, json_faults
from tasks.curate.quality.languages import in_other_languages
from tasks.records import TaskKind
from tasks.section import Section

Mask = npt.NDArray[np.bool_]
Reason = Literal[
    "not_a_chat",
    "unknown_role",
    "empty_turn",
    "turns_out_of_order",
    "not_json",
    "missing_json_key",
    "answer_too_short",
    "answer_too_long",
    "answers_are_the_same",
    "control_characters",
    "mojibake",
    "html_left_over",
    "degenerate_repetition",
    "answer_truncated",
    "wrong_language",
]


class Formatting(Section):
    """What form a row must have. The defaults let through all that is not plainly broken."""

    remove: bool = True
    """Set rows of a broken form aside; otherwise they stay and are only counted in the report."""
    min: float | None = Field(default=None, ge=0, le=1)
    """The run stops where a smaller share of the rows than this is in order; without it, it never stops."""
    ignore: tuple[Reason, ...] = ()
    """Faults that are not looked for: html_left_over, for example, where answers are meant to be web pages."""
    roles: tuple[str, ...] = ("system", "user", "assistant", "tool")
    """Chat: the roles that a turn may have."""
    json_answers: bool = False
    """Every answer must be valid JSON, and nothing around it."""
    json_required_keys: tuple[str, ...] = ()
    """With json_answers: every answer must be an object with these keys."""
    min_answer_characters: int = Field(default=1, ge=0)
    """A shorter answer is broken; blanks around it do not count."""
    max_answer_characters: int | None = Field(default=None, ge=1)
    """A longer answer is broken; without it, none is too long."""
    languages: tuple[str, ...] = ()
    """Languages a row may be in, as ISO 639-1 codes (en, de, …); none named means any. Texts of a few words are judged
    only where they are clear, and JSON answers never."""
    language_certainty: float = Field(default=0.9, gt=0.5, lt=1)
    """How sure it must be that a text is in none of the languages before the row counts as broken."""


CONTROL = "[\\x{0}-\\x{8}\\x{B}\\x{C}\\x{E}-\\x{1F}\\x{7F}-\\x{84}\\x{86}-\\x{9F}\\x{FFFE}\\x{FFFF}]"
_RIGHT = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026"
_SECOND = "".join(sorted(set(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")) - set(_RIGHT + "\u00a0\u00bb")))
MOJIBAKE = f"\ufffd|Ã(?:[{_SECOND}]|[{_RIGHT}]\\pL)|Â[\u00a0-\u00bf]|(?:[ÐÑ][\u00a0\u00bb{_SECOND}]){{2}}|â€|ðŸ|ï»¿|ï¿½"
"""U+FFFD, or bytes of UTF-8 that were read as Windows-1252, as where é has become two characters that begin with Ã.
Pairs that occur in right text, such as Ã before a closing quotation mark, are left out."""
_TAGS = "a|b|blockquote|body|br|button|code|div|em|font|form|h[1-6]|head|hr|html|i|iframe|img|input|li|link|meta|nav|"
_TAGS += "ol|option|p|pre|script|section|select|small|span|strong|style|sub|sup|svg|table|tbody|td|th|thead|tr|u|ul"
MARKUP = f"(?i)</?(?:{_TAGS})(?:\\s[^<>]{{0,300}})?/?>|&(?:[a-z]{{2,8}}|#[0-9]{{2,5}}|#x[0-9a-f]{{2,5}});|<!--"
ABOUT_MARKUP = "(?i)html|css|xml|\\bweb ?(?:page|site)|javascript|<code|```|\\btags?\\b"
MARKUP_SHARE = 0.1
"""Characters of a text that are tags and entities before it counts as left over: one <br> in a page is no fault."""
RUN = "(?i)" + "|".join(f"{sign}{{30}}" for sign in (*"abcdefghijklmnopqrstuvwxyz0123456789!,;:'\"%@", "\\?", "\\$"))
LOOP_CHARACTERS, LOOP_RATIO, LOOP_DISTINCT_WORDS = 200, 7.0, 0.4
"""A text of so many characters that zlib shrinks to less than a seventh loops. Decoders are caught looping in this way
(Radford et al. 2022, Whisper, section 4.5); no text of Banking77, GSM8K or hh-rlhf shrinks to less than a fifth."""
CUT_OFF = "(?:[^:;=\\-'][(\\[{]|(?i:[\\pL,] (?:the|an|and|or|because)))\\s*$"
"""The end of an answer after which English goes on."""


def flag_format(rows: pd.DataFrame, task: TaskKind, settings: Formatting) -> pd.Series:
    """The first fault of each row with COLUMNS, aligned with its index; null where the row is in order.

    Answers that a row does not have are not looked at, nor is what the settings say to ignore. Raises UserInputError
    where `languages` names one that cannot be told.
    """
    reasons = pd.Series(pd.NA, index=rows.index, dtype="str")
    for faults in _faults(rows, task, settings):
        reasons = reasons.where(reasons.notna(), faults)
    return reasons.astype("str")


def _faults(rows: pd.DataFrame, task: TaskKind, settings: Formatting) -> Iterator[pd.Series]:
    """Faults aligned with the rows, the gravest series first; none that is to be ignored."""
    text, answer = rows["text"], rows["answer"]
    if task == "chat":
        yield _of_each(text, lambda chat: _first(chat_faults(chat, settings.roles), settings))
        text = _of_each(text, chat_words)
    if settings.json_answers:
        yield _of_each(answer, lambda said: _first(json_faults(said, settings.json_required_keys), settings))
    for name, faulty in _masks(rows, _arrow(text), _arrow(answer), settings):
        if name not in settings.ignore:
            yield _named(name, faulty, rows.index)
    if settings.languages and "wrong_language" not in settings.ignore:
        parts = [text] if settings.json_answers else [text, answer]
        other = [in_other_languages(part, settings.languages, settings.language_certainty) for part in parts]
        yield _named("wrong_language", np.logical_or.reduce(other), rows.index)


def _first(faults: list[str], settings: Formatting) -> str | None:
    return next((name for name in faults if name not in settings.ignore), None)


def _named(name: Reason, faulty: Mask, index: pd.Index) -> pd.Series:
    return pd.Series(name, index=index, dtype="str").where(faulty)


def _masks(rows: pd.DataFrame, text: Any, answer: Any, settings: Formatting) -> Iterator[tuple[Reason, Mask]]:
    """Each fault that is told from characters alone, with a mask of the rows that have it."""
    characters = pc.utf8_length(pc.utf8_trim_whitespace(answer))
    yield "answer_too_short", _filled(pc.less(characters, settings.min_answer_characters))
    if settings.max_answer_characters is not None:
        yield "answer_too_long", _filled(pc.greater(characters, settings.max_answer_characters))
    yield "answers_are_the_same", _filled(pc.equal(answer, _arrow(rows["rejected"])))
    yield "control_characters", _matches(text, CONTROL) | _matches(answer, CONTROL)
    yield "mojibake", _matches(text, MOJIBAKE) | _matches(answer, MOJIBAKE)
    about = _matches(text, ABOUT_MARKUP) | _matches(answer, "```")
    yield "html_left_over", (_mostly_markup(text) | _mostly_markup(answer)) & ~about
    yield "degenerate_repetition", _repeats_itself(text) | _repeats_itself(answer)
    fences = _filled(pc.equal(pc.bit_wise_and(pc.count_substring(answer, "```"), 1), 1))
    yield "answer_truncated", fences | _matches(answer, CUT_OFF)


def _of_each(texts: pd.Series, words: Callable[[str], str | None]) -> pd.Series:
    return pd.Series([words(text) if isinstance(text, str) else None for text in texts], index=texts.index, dtype="str")


def _arrow(texts: pd.Series) -> Any:
    return pa.array(texts, type=pa.large_string(), from_pandas=True)


def _filled(mask: Any) -> Mask:
    found: Mask = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return found


def _matches(texts: Any, pattern: str) -> Mask:
    return _filled(pc.match_substring_regex(texts, pattern))


def _mostly_markup(texts: Any) -> Mask:
    """Whether MARKUP_SHARE of a text's characters or more are HTML."""
    found = _matches(texts, MARKUP)
    marked = texts.filter(pa.array(found))
    left = pc.utf8_length(pc.replace_substring_regex(marked, MARKUP, ""))
    whole = pc.utf8_length(marked)
    found[found] = _filled(pc.less_equal(left, pc.multiply(pc.cast(whole, pa.float64()), 1 - MARKUP_SHARE)))
    return found


def _repeats_itself(texts: Any) -> Mask:
    """Whether a text holds thirty times the same character, or goes round in a loop."""
    found = _matches(texts, RUN)
    long = _filled(pc.greater_equal(pc.utf8_length(texts), LOOP_CHARACTERS)) & ~found
    found[long] = [_loops(text.as_py()) for text in texts.filter(pa.array(long))]
    return found


def _loops(text: str) -> bool:
    words = text.split()
    if len(words) >= 20 and len(set(words)) > LOOP_DISTINCT_WORDS * len(words):
        return False
    if text.lstrip()[:1] in "[{|<" or "```" in text:
        # Tables and code repeat themselves by nature.
        return False
    whole = text.encode()
    return len(whole) > LOOP_RATIO * len(zlib.compress(whole, 1))
