"""How people write: length, form, letters, references and slips, each text in exactly one cell of each dimension.

Told from characters and words alone. Whether a text is a question is told in any language where it has a question mark,
and without one in English only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.curate.quality.json_form import chat_turns
from tasks.records import TaskKind

Mask = npt.NDArray[np.bool_]

WORD = r"[\p{Han}\p{Hiragana}\p{Katakana}\x{30FC}\p{Thai}]{1,2}|[\pL\pN]+(?:['\x{2019}]\pL+)*"
"""A word; where a script sets no blanks between words, two characters count as one."""
LENGTHS = {"1 to 4 words": 4, "5 to 14 words": 14, "15 to 39 words": 39, "40 to 99 words": 99}
LONGEST = "100 words or more"
TERSE_WORDS, LONG_WORDS = 4, 40
ENGLISH_QUESTION = (
    r"(?i)^\W*(?:who|whom|whose|what|what's|when|where|where's|which|why|how|how's|is|are|am|was|were|do|does|did|"
    r"can|could|will|would|should|may|has|have)\s"
)
LINK = r"(?i)https?://|\bwww\."
CODE = r"```|`[^`\n]+`|[{};]\s*\n|(?m:^\s*(?:def|class|import|#include|function|const)\s)"
LIST_ITEM = r"(?m:^\s*(?:[0-9]{1,2}[.)]|[-*\x{2022}])\s+\S)"
QUOTATION = r"\"[^\"\n]{15,}\"|\x{201C}[^\x{201D}\n]{15,}\x{201D}|(?m:^>\s)"


def asked(texts: pd.Series, task: TaskKind) -> pd.Series:
    """What the user said last: the last user turn of a chat (nothing where it is no chat), else the text itself."""
    if task != "chat":
        return texts
    return pd.Series([_last_user_turn(text) for text in texts], index=texts.index, dtype="str")


def _last_user_turn(text: object) -> str:
    turns = chat_turns(text) if isinstance(text, str) else None
    return next((str(turn["content"]) for turn in reversed(turns or []) if turn["role"] == "user"), "")


def style_cells(texts: pd.Series, misspelt: pd.Series) -> pd.DataFrame:
    """The cells `style`, `length`, `form` and `letters` of each text, aligned with its index.

    `style` is the first that fits of: long with references, with references (a link, code, a list, a quotation), terse,
    long, with slips (`misspelt`, from spelling.py), plain.
    """
    written = as_arrow(texts)
    words = word_counts(written)
    refers = _refers(written)
    styles = {
        "long with references": refers & (words >= LONG_WORDS),
        "with references": refers,
        "terse": words <= TERSE_WORDS,
        "long": words >= LONG_WORDS,
        "with slips": misspelt.to_numpy(dtype=bool),
    }
    letters = {
        "all capitals": matches(written, r"\p{Lu}.*\p{Lu}") & ~matches(written, r"\p{Ll}"),
        "no capitals": matches(written, r"\p{Ll}") & ~matches(written, r"\p{Lu}"),
        "mixed case": matches(written, r"\p{Ll}"),
    }
    form = {"question": matches(written, r"[?\x{FF1F}\x{061F}]") | matches(written, ENGLISH_QUESTION)}
    cells = {
        "style": first_of(styles, "plain"),
        "length": length_cells(words),
        "form": first_of(form, "statement"),
        "letters": first_of(letters, "no case"),
    }
    return pd.DataFrame(cells, index=texts.index, dtype="str")


def word_counts(texts: Any) -> npt.NDArray[np.int64]:
    """Words of each text of an Arrow array; 0 for a null."""
    counts: npt.NDArray[np.int64] = pc.fill_null(pc.count_substring_regex(texts, WORD), 0).to_numpy().astype(np.int64)
    return counts


def length_cells(words: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """The cell of each number of words."""
    places = np.searchsorted(list(LENGTHS.values()), words, side="left")
    names: npt.NDArray[np.object_] = np.array([*LENGTHS, LONGEST], dtype=object)[places]
    return names


def as_arrow(texts: pd.Series) -> Any:
    """The texts as an Arrow array of large strings."""
    return pa.array(texts, type=pa.large_string(), from_pandas=True)


def matches(texts: Any, pattern: str) -> Mask:
    """Whether each text of an Arrow array has a match of an RE2 pattern; not where it is null."""
    found: Mask = pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
    return found


def first_of(masks: dict[str, Mask], otherwise: str) -> npt.NDArray[np.object_]:
    """For each row the first name whose mask holds."""
    chosen = np.select(list(masks.values()), list(range(len(masks))), default=len(masks))
    names: npt.NDArray[np.object_] = np.array([*masks, otherwise], dtype=object)[chosen]
    return names


def _refers(texts: Any) -> Mask:
    items = pc.fill_null(pc.count_substring_regex(texts, LIST_ITEM), 0).to_numpy()
    found: Mask = items >= 2
    for pattern in (LINK, CODE, QUOTATION):
        found = found | matches(texts, pattern)
    return found
