"""Rows from a teacher: asked in rounds until the quota is there, the spend limit is reached, or no round is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tasks.errors import RefitError
from tasks.records import TaskKind
from tasks.synthesize.amounts import Counts
from tasks.synthesize.config import TeacherMaker
from tasks.synthesize.copies import Existing
from tasks.synthesize.made import Made, as_made
from tasks.synthesize.teacher.answers import fit_answer, fit_texts
from tasks.synthesize.teacher.backends import Teacher, open_teacher
from tasks.synthesize.teacher.bill import Bill
from tasks.synthesize.teacher.cache import Answer
from tasks.synthesize.teacher.prompts import Prompt, answer_prompt, new_texts_prompt

OTHER_LABELS = 10


@dataclass
class _Taken:
    """Rows as they come in: text, label, answer, and the place of the parent."""

    existing: Existing
    refused: Counter[str] = field(default_factory=Counter)
    rows: list[tuple[str, str, str | None, int]] = field(default_factory=list)

    def offer(self, text: str, label: str, answer: str | None, parent: int) -> bool:
        reason = self.existing.refusal(text, answer)
        if reason is not None:
            self.refused[reason] += 1
            return False
        self.existing.take_in(text, answer)
        self.rows.append((text, label, answer, parent))
        return True


def teach_rows(
    maker: TeacherMaker, parents: pd.DataFrame, quotas: Counts, existing: Existing, *, task: TaskKind
) -> Made:
    """Ask the teacher for rows: new texts of a label (classification), or answers to the parents' prompts.

    Raises UserInputError for a backend whose settings are wrong, MissingSecret, and RefitError where no prompt at all
    was answered.
    """
    made = Made(f"teacher:{maker.backend.kind}", asked=sum(quotas.values()))
    if not made.asked:
        return made
    teacher = open_teacher(maker.backend)
    taken = _Taken(existing)
    try:
        ask = _ask_for_texts if task == "classification" else _ask_for_answers
        ask(teacher, maker, parents, quotas, taken, task)
    finally:
        teacher.close()
    made.maker, made.refused = f"teacher:{teacher.name}", taken.refused
    made.rows = _as_rows(parents, taken, made.maker, task)
    made.remarks = _remarks(maker, made, teacher.bill)
    return made


def _ask_for_texts(
    teacher: Teacher, maker: TeacherMaker, parents: pd.DataFrame, quotas: Counts, taken: _Taken, _task: TaskKind
) -> None:
    draw, missing = np.random.default_rng(maker.seed), dict(quotas)
    for attempt in range(maker.rounds):
        prompts = _text_prompts(maker, parents, missing, draw)
        answers = _answers(teacher, prompts, attempt)
        for prompt, answer in zip(prompts, answers, strict=True):
            if answer is None:
                continue
            texts, refused = fit_texts(
                answer, prompt.label, prompt.examples, least=maker.min_characters, most=maker.max_characters
            )
            taken.refused += refused
            for text in texts:
                if missing[prompt.label] and taken.offer(text, prompt.label, None, prompt.parent):
                    missing[prompt.label] -= 1
        if not sum(missing.values()) or teacher.bill.stopped:
            return


def _text_prompts(
    maker: TeacherMaker, parents: pd.DataFrame, missing: Counts, draw: np.random.Generator
) -> list[Prompt]:
    """Enough prompts for what is missing, each with other examples."""
    groups = parents.groupby("label", sort=True).indices
    texts = parents["text"].to_numpy(object)
    prompts = list[Prompt]()
    for label, count in missing.items():
        own = groups.get(label, np.array([], dtype=int))
        others = [name for name in groups if name != label]
        for start in range(0, count if len(own) else 0, maker.rows_a_request):
            examples = draw.permutation(own)[: maker.examples]
            shown = [str(others[int(place)]) for place in draw.permutation(len(others))[:OTHER_LABELS]]
            prompts.append(
                new_texts_prompt(
                    label,
                    maker.label_descriptions.get(label, ""),
                    [str(texts[place]) for place in examples],
                    int(examples[0]),
                    rows=min(maker.rows_a_request, count - start),
                    task_description=maker.task_description,
                    other_labels=shown,
                )
            )
    return prompts


def _ask_for_answers(
    teacher: Teacher, maker: TeacherMaker, parents: pd.DataFrame, quotas: Counts, taken: _Taken, task: TaskKind
) -> None:
    texts = parents["text"].to_numpy(object)
    order = np.random.default_rng(maker.seed).permutation(len(parents))
    waiting = [int(place) for place in order[: sum(quotas.values())]]
    for attempt in range(maker.rounds):
        prompts = [
            answer_prompt(
                str(texts[place]),
                task,
                place,
                task_description=maker.task_description,
                json_answers=maker.json_answers,
            )
            for place in waiting
        ]
        answers = _answers(teacher, prompts, attempt)
        waiting = [
            prompt.parent
            for prompt, answer in zip(prompts, answers, strict=True)
            if answer is None or not _take_answer(maker, str(texts[prompt.parent]), answer, prompt.parent, taken)
        ]
        if not waiting or teacher.bill.stopped:
            return


def _take_answer(maker: TeacherMaker, text: str, answer: Answer, parent: int, taken: _Taken) -> bool:
    fit, reason = fit_answer(
        answer, text, least=maker.min_characters, most=maker.max_characters, json_answers=maker.json_answers
    )
    if fit is None:
        taken.refused[str(reason)] += 1
        return False
    return taken.offer(text, "", fit, parent)


def _answers(teacher: Teacher, prompts: Sequence[Prompt], attempt: int) -> list[Answer | None]:
    answers = teacher.ask([prompt.messages for prompt in prompts], attempt)
    if prompts and not any(answers) and teacher.bill.stopped is None and not attempt:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in sorted(teacher.bill.unanswered.items()))
        raise RefitError(
            f"the teacher {teacher.name} answered none of {len(prompts):,} prompts: {reasons}. Check that the endpoint "
            "is up and what it allows, or raise synthesis…backend.timeout_seconds and retries; answers already paid "
            "for are kept"
        )
    return answers


def _as_rows(parents: pd.DataFrame, taken: _Taken, name: str, task: TaskKind) -> pd.DataFrame:
    """Rows with the parent's group, and with the parent's label where it is no classification."""
    rows = parents.iloc[[parent for *_, parent in taken.rows]].reset_index(drop=True)
    parent_ids = rows["id"].copy()
    columns = list(zip(*taken.rows, strict=True)) or [(), (), (), ()]
    texts, labels, answers = (pd.Series(list(column), dtype="str") for column in columns[:3])
    rows = rows.assign(text=texts, answer=answers, rejected=pd.Series([None] * len(rows), dtype="str"))
    if task == "classification":
        rows = rows.assign(label=labels)
    return as_made(rows.assign(made_by=pd.Series([name] * len(rows), dtype="str"), made_from=parent_ids))


def _remarks(maker: TeacherMaker, made: Made, bill: Bill) -> list[str]:
    backend, name = maker.backend, made.maker
    remarks = [
        f"{name}: {bill.sent:,} prompts sent, {bill.cached:,} answered from the cache; "
        f"{bill.prompt_tokens:,} tokens in, {bill.answer_tokens:,} out"
        + (f"; {bill.cost:.4g} {backend.currency} at most" if backend.kind == "endpoint" else "")
    ]
    if bill.unanswered:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in sorted(bill.unanswered.items()))
        remarks.append(f"{name}: prompts without an answer: {reasons}")
    if bill.stopped:
        remarks.append(f"{name}: stopped early, and what was there was kept: {bill.stopped}")
    if len(made.rows) < made.asked:
        remarks.append(f"{name}: {made.asked:,} rows were asked for and {len(made.rows):,} were fit to use")
    return remarks
