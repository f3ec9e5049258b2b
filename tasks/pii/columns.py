"""Whole columns of texts masked at once: Arrow finds the few that may hold anything, and only they are looked into."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.pii.kinds import EVERYTHING, KINDS, Found, Scope, find_kind, hidden
from tasks.pii.masking import PASSES, UNSETTLED, Replacement, mask, name_of_kind, replaced_in
from tasks.pii.structured_text import mask_json
from tasks.pii.triggers import Flags, matches, may_hold, may_hold_any

_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class MaskedColumn:
    """A column of texts without its personal data."""

    texts: pd.Series
    concerned: Flags
    """[rows]: whether the text held any."""
    found: Counter[str]
    """How many of each kind were replaced."""


def mask_column(
    texts: pd.Series, scope: Scope = EVERYTHING, replace: Replacement = name_of_kind, *, keep: bool = False
) -> MaskedColumn:
    """`mask` for each text of a column of strings; nulls stay. JSON stays JSON: it is masked inside its strings.

    With `keep` the texts come back as they are, looked at only. Memory grows with the texts that hold personal data,
    not with the column.
    """
    column = pa.chunked_array(pa.array(texts, type=pa.large_string(), from_pandas=True))
    masked, found = dict[int, str](), Counter[str]()
    for start in range(0, len(column), _ROWS_AT_ONCE):
        part = column.slice(start, _ROWS_AT_ONCE)
        places = np.flatnonzero(may_hold_any(part, scope))
        shown = _masked(part.take(pa.array(places)), scope, replace, found)
        masked.update((start + int(places[place]), text) for place, text in shown.items())
    concerned = np.zeros(len(texts), dtype=np.bool_)
    concerned[list(masked)] = True
    if keep or not masked:
        return MaskedColumn(texts, concerned, found)
    shown_texts = pa.array([masked[place] for place in sorted(masked)], type=pa.large_string())
    changed = pc.replace_with_mask(column.combine_chunks(), pa.array(concerned), shown_texts)
    return MaskedColumn(pd.Series(changed, index=texts.index, dtype="str", name=texts.name), concerned, found)


def _masked(texts: pa.ChunkedArray, scope: Scope, replace: Replacement, found: Counter[str]) -> dict[int, str]:
    """Texts with personal data, masked, by their place; `found` is added to."""
    is_json = matches(texts, r"^\s*[\[{]")
    originals = dict(enumerate(texts.to_pylist()))
    shown = dict[int, str]()
    for place in np.flatnonzero(is_json).tolist():
        shown[place] = _mask_text(originals[place], scope, replace, found)
    waiting = {place: text for place, text in originals.items() if not is_json[place]}
    for _ in range(PASSES):
        if not waiting:
            break
        changed = dict[int, str]()
        for place, finds in _look(waiting, scope).items():
            text = replaced_in(waiting[place], sorted(finds), replace, found)
            if text != waiting[place]:
                changed[place] = text
        shown.update(changed)
        waiting = changed
    shown.update(dict.fromkeys(waiting, UNSETTLED))
    return {place: text for place, text in shown.items() if text != originals[place]}


def _look(texts: dict[int, str], scope: Scope) -> dict[int, list[Found]]:
    """`find_personal_data` for many texts, kind by kind, in the texts whose trigger says that they may hold it."""
    column = pa.chunked_array([pa.array(texts.values(), type=pa.large_string())])
    places, left = list(texts), dict(texts)
    found = defaultdict[int, list[Found]](list)
    for kind in KINDS:
        for row in np.flatnonzero(may_hold(column, kind, scope)) if kind in scope.kinds else ():
            place = places[row]
            fresh = find_kind(kind, left[place], scope.locales)
            if fresh:
                found[place] += fresh
                left[place] = hidden(left[place], fresh)
    return found


def _mask_text(text: str, scope: Scope, replace: Replacement, found: Counter[str]) -> str:
    """`mask` inside the strings of a JSON text; of the whole text where it only looks like JSON."""
    inside = Counter[str]()

    def counted(part: str) -> str:
        shown, kinds = mask(part, scope, replace)
        inside.update(kinds)
        return shown

    shown = mask_json(text, counted)
    if shown is None:
        shown, inside = mask(text, scope, replace)
    found.update(inside)
    return shown
