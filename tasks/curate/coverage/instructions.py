"""What instructions ask for: the kind of task, the form of the answer, and whether one answer is right.

Told by patterns of English; in other languages nearly everything is `other`, `prose` and `open`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from tasks.curate.coverage.styles import as_arrow, first_of, length_cells, matches, word_counts

LEADING_VERBS = {
    "write": "write create compose generate draft make produce design develop build construct prepare invent imagine",
    "rewrite": "rewrite rephrase paraphrase edit correct fix improve convert change shorten simplify revise replace "
    "transform reword proofread format expand",
    "summarise": "summarise summarize condense outline shorten",
    "classify": "classify categorise categorize identify label detect determine sort rank decide choose select pick",
    "extract": "extract find locate search pull highlight",
    "translate": "translate",
    "calculate": "calculate compute solve count add subtract multiply divide estimate convert evaluate simplify",
    "suggest": "suggest list name brainstorm give provide propose recommend come think",
    "explain": "explain describe define tell discuss compare contrast analyse analyze elaborate clarify show teach",
}
_OPENING = (
    r"(?i)^\W*(?:(?:please|kindly|hi|hello|hey|ok|okay|now|then|also|and|so)\W+|(?:can|could|would|will) you\s+|"
    r"(?:i want|i need|i would like|i'd like|i'd love) (?:you )?to\s+|(?:help|teach) me (?:to )?|let's\s+|"
    r"your task is to\s+|(?:you are|act as|imagine you are)\b[^.\n]{0,200}[.\n]\s*|"
    r"(?:just|quickly|briefly)\s+)*(?P<verb>[\pL]+)"
)
QUESTION = r"[?\x{FF1F}]"
_NUMBER = r"(?:[0-9]+|two|three|four|five|six|seven|eight|nine|ten|some|several|a few)"
FORMATS = {
    "JSON": r"(?i)\bjson\b",
    "table": r"(?i)\b(?:as|in|into|using)\s+(?:an?\s+)?(?:\pL+\s+)?table\b|"
    r"\b(?:make|create|draw|generate)\s+(?:me\s+)?an?\s+(?:\pL+\s+)?table\s+(?:of|with|that|show|compar)|\bcsv\b|\bspreadsheet\b",
    "code": r"(?i)\b(?:write|create|implement|give|show|generate|complete|fix|debug|make|need)\b[^.?!\n]{0,60}"
    r"\b(?:code|function|script|program|query|regex|sql|html|css|python|javascript|java|bash|algorithm)\b",
    "steps": r"(?i)\bstep[ -]by[ -]step\b|\b(?:list|give|outline|describe|explain|what are)\b[^.?!\n]{0,40}\bsteps\b",
    "list": rf"(?i)\bbullet|\bnumbered list|\b(?:as|in|make|create|give|write)\s+(?:me\s+)?an?\s+(?:\pL+\s+)?list\b|"
    rf"^\W*list\b|\b(?:name|list|suggest|provide|mention|give(?: me)?|tell me|what are)\s+(?:the\s+)?"
    rf"(?:top\s+)?{_NUMBER}\s+\pL",
    "one word": r"(?i)\bone[ -]word\b|\bsingle word\b|\byes or no\b|\btrue or false\b|"
    r"\b(?:answer|reply|respond)\s+(?:only|just|with (?:only|just))\b|"
    r"\b(?:only|just) the (?:\pL+\s+)?(?:number|letter|name|label)\b",
}
CLOSED = (
    r"(?i)\byes or no\b|\btrue or false\b|\bwhich of\b|(?m:^\s*\(?[A-D][.)]\s)|"
    r"(?:^|[.!?,;:\n]\s*|\b(?:and|then|so)\s+)(?:how (?:many|much|old|far|long|often|tall|fast|big)|when|where|who|"
    r"whose|which|what (?:year|day|time|date|number|percent|percentage|fraction|colou?r|size)|"
    r"what(?:'s| is| was| are) the|is|are|was|were|does|did|has|have)\s[^?\n]*\?"
)


def instruction_cells(texts: pd.Series, answers: pd.Series) -> pd.DataFrame:
    """The cells `task_type`, `asked_format`, `openness` and `answer_length` of each row, aligned with the texts' index.

    `answer_length` is null where there is no answer.
    """
    written, said = as_arrow(texts), as_arrow(answers)
    formats = {name: matches(written, pattern) for name, pattern in FORMATS.items()}
    closed = matches(written, CLOSED) | formats["one word"]
    lengths = pd.Series(length_cells(word_counts(said)), index=texts.index).where(answers.notna().to_numpy())
    cells = {
        "task_type": _task_types(texts),
        "asked_format": first_of(formats, "prose"),
        "openness": first_of({"closed": closed}, "open"),
        "answer_length": lengths,
    }
    return pd.DataFrame(cells, index=texts.index, dtype="str")


def _task_types(texts: pd.Series) -> pd.Series:
    """The type of the leading verb; failing that, `answer a question` where there is a question mark, else `other`."""
    written = as_arrow(texts)
    leading = pc.utf8_lower(pc.struct_field(pc.extract_regex(written, _OPENING), "verb")).to_pylist()
    types = {verb: name for name, verbs in reversed(LEADING_VERBS.items()) for verb in verbs.split()}
    otherwise = np.where(matches(written, QUESTION), "answer a question", "other")
    return pd.Series(
        [types.get(verb, other) for verb, other in zip(leading, otherwise, strict=True)], index=texts.index
    )
