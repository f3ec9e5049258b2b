"""From a maker of the config to the rows that it makes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.records import TaskKind
from tasks.synthesize.amounts import Counts
from tasks.synthesize.config import ParaphraseMaker, ReformatMaker, SlotsMaker, TeacherMaker, TyposMaker
from tasks.synthesize.copies import Existing
from tasks.synthesize.made import Made, Rewriting, rewrite_rows
from tasks.synthesize.paraphrase import paraphrased
from tasks.synthesize.reformat import reformatted
from tasks.synthesize.slots import find_slots
from tasks.synthesize.teacher.rows import teach_rows
from tasks.synthesize.typos import with_typos

AddingMaker = TyposMaker | ParaphraseMaker | SlotsMaker | ReformatMaker | TeacherMaker


def make_rows(
    maker: AddingMaker,
    parents: pd.DataFrame,
    unlabelled: pd.DataFrame,
    quotas: Counts,
    existing: Existing,
    *,
    task: TaskKind,
) -> Made:
    """Up to the quotas of rows from real parents; only a teacher may be given the prompts of `unlabelled`."""
    if isinstance(maker, TeacherMaker):
        prompts = unlabelled if maker.prompts_from == "unlabelled" and task != "classification" else parents
        return teach_rows(maker, prompts, quotas, existing, task=task)
    rewriting = rewriting_of(maker, parents)
    return rewrite_rows(maker.kind, rewriting, parents, quotas, existing, task=task, seed=maker.seed)


def rewriting_of(maker: TyposMaker | ParaphraseMaker | SlotsMaker | ReformatMaker, parents: pd.DataFrame) -> Rewriting:
    """The maker's transform. Slots are looked for in the parents first."""
    if isinstance(maker, TyposMaker):
        rate = maker.per_100_characters
        return lambda words, _label, draw: _named(with_typos(words, rate, draw), "typos")
    if isinstance(maker, ParaphraseMaker):
        changes = maker.changes
        return lambda words, _label, draw: _named(paraphrased(words, changes, draw), "paraphrase")
    if isinstance(maker, ReformatMaker):
        forms = maker.forms
        return lambda words, _label, draw: _in_a_form(words, forms, draw)
    slots = find_slots(list(parents["text"]), list(parents["label"].fillna("")), maker.seed)
    at_most = maker.changes
    return lambda words, label, draw: _named(slots.filled(words, label, at_most, draw), "slots")


def _in_a_form(words: str, forms: tuple[str, ...], draw: np.random.Generator) -> tuple[str, str] | None:
    form = forms[int(draw.integers(len(forms)))]
    return _named(reformatted(words, form, draw), f"reformat:{form}")


def _named(text: str | None, name: str) -> tuple[str, str] | None:
    return None if text is None else (text, name)
