"""Back-formatting: the same words in another form, as other people or other channels would have sent them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tasks.datasets.kept_words import KEPT
from tasks.synthesize.paraphrase_rules import SHORT_AND_LONG, contraction_pattern

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")
COURTESY = re.compile(
    r"^(?:(?:hi|hello|hey|dear [^,.!]{1,30}|good (?:morning|day|afternoon|evening))\b(?: there| team| all)?[,!.]?\s+)+"
    r"|\b(?:please|kindly|thank you(?: very much| so much)?|thanks(?: a lot)?|many thanks)\b(?: in advance)?[,.!]?\s*"
    r"|\b(?:kind|best|warm) regards\b[,.!]?",
    re.IGNORECASE,
)
OPENINGS = re.compile(
    r"^(?:(?:can|could|would) you (?:tell me|help me(?: with)?|explain)|"
    r"i (?:want|need|would like|'d like) to(?: know)?|"
    r"i am writing (?:because|to ask(?: you)?)|how (?:do|can|should) i|what (?:do|can) i do (?:if|to)|"
    r"is it possible to|"
    r"i(?:'m| am) trying to)\s+",
    re.IGNORECASE,
)
_FILLERS = (
    "a an the my your our their its is are was were be been am do does did i me we you it this that to of and so just "
    "really very for would could will have has had some with on in at"
)
FILLERS = frozenset(_FILLERS.split())
"""What a hurried writer leaves out. Never a negation, a question word or a preposition that turns the meaning."""
SUBJECTS = ("", "Your message", "Question", "Request", "Fwd: my question", "Follow-up")
FORMAL_OPENINGS = ("Dear Sir or Madam,", "To whom it may concern,", "Dear customer service,", "Dear team,")
FORMAL_CLOSINGS = ("Yours faithfully", "Kind regards", "Yours sincerely", "I look forward to your reply.")


def reformatted(text: str, form: str, draw: np.random.Generator) -> str | None:
    """The text in a form of FORMS; None where the form does not suit it or changes nothing."""
    new = FORMS[form](text.strip(), draw)
    return None if new is None or not new.strip() or new == text else new


def terse(text: str, _draw: np.random.Generator) -> str | None:
    """The words that carry the meaning: no courtesy, no opening phrase, no filler. At least two words stay."""
    bare = OPENINGS.sub("", COURTESY.sub("", text).strip())
    words = [word for word in bare.split() if word.strip(".,!?;:'\"").casefold() not in FILLERS]
    short = " ".join(words).rstrip(".,!?;: ")
    return short if len(words) >= 2 and len(short) < len(text) else None


def formal(text: str, draw: np.random.Generator) -> str | None:
    """A letter: no contraction, an opening and a closing."""
    if text.startswith(("Dear ", "To whom")):
        return None
    body = COURTESY.sub("", text).strip() or text
    for short, long in SHORT_AND_LONG:
        body = re.sub(contraction_pattern(short), _same_case(long), body, flags=re.IGNORECASE)
    body = body[:1].upper() + body[1:] + ("" if body.endswith((".", "!", "?")) else ".")
    return f"{draw.choice(FORMAL_OPENINGS)}\n\n{body}\n\n{draw.choice(FORMAL_CLOSINGS)}"


def quoted_email(text: str, draw: np.random.Generator) -> str | None:
    """The text as an answer or a forward quotes it."""
    if text.lstrip().startswith(">"):
        return None
    subject = str(draw.choice(SUBJECTS))
    head = "-----Original Message-----" + (f"\nSubject: {subject}" if subject else "")
    return "\n".join([head, *(f"> {line}" for line in text.splitlines())])


def as_list(text: str, _draw: np.random.Generator) -> str | None:
    """One sentence a line, as a list; None for fewer than two sentences."""
    sentences = [sentence.strip() for sentence in SENTENCE_END.split(text) if sentence.strip()]
    return "\n".join(f"- {sentence}" for sentence in sentences) if len(sentences) > 1 else None


def no_punctuation(text: str, _draw: np.random.Generator) -> str | None:
    """Without commas, full stops, question marks and the like, except inside what KEPT names."""
    return " ".join(_outside(text, lambda part: re.sub(r"[.,!?;:…\"()]+", " ", part)).split())


def _outside(text: str, change: Callable[[str], str]) -> str:
    """The text changed between the matches of KEPT."""
    parts, done = list[str](), 0
    for match in KEPT.finditer(text):
        parts += (change(text[done : match.start()]), match[0])
        done = match.end()
    return "".join((*parts, change(text[done:])))


def _same_case(long: str) -> Callable[[re.Match[str]], str]:
    return lambda match: long[:1].upper() + long[1:] if match[0][:1].isupper() else long


FORMS: dict[str, Callable[[str, np.random.Generator], str | None]] = {
    "lower": lambda text, _draw: _outside(text, str.lower),
    "upper": lambda text, _draw: _outside(text, str.upper),
    "no_punctuation": no_punctuation,
    "terse": terse,
    "quoted_email": quoted_email,
    "list": as_list,
    "formal": formal,
}
