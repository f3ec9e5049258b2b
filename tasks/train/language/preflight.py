"""Before any step: what carries loss and what does not, shown to a person; rows that could teach nothing, refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.errors import UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.train.language.online import OnlineStage, check_rewards
from tasks.train.language.packing import PackingCollator, PaddingCollator, ShuffledSampler, cheapest_bins, width_of
from tasks.train.language.rows import Example, examples_of, rendered_rows
from tasks.train.language.sft import collator_of, read_examples
from tasks.train.language.work import StageWork
from tasks.train.ranks import is_first
from tasks.train.stage_kinds import AnyStage, DistilStage

FILE = "preflight.md"
SHOWN_ROWS = 5
SHOWN_CHARACTERS = 300
NAMED_ROWS = 5
MOST_BATCHES = 200
SPLITS = ("train", "validation")


def preflight(works: Sequence[StageWork], report: Path) -> None:
    """Check the rows of all stages, write `report/preflight.md`, and say in one line what is in it.

    Raises UserInputError that names rows by id: those without a token that carries loss, those whose answer the chat
    template leaves out, pairs with equal sides; and where no answer's end is learned.
    """
    first = works[0]
    _refuse_empty_splits(first.rows)
    if any(work.stage.kind in ("dpo", "reward") for work in works):
        for split in SPLITS:
            _refuse_equal_sides(first, split)
    for work in works:
        if isinstance(work.stage, OnlineStage):
            check_rewards(work.stage, work.rows)
    learning = [work for work in works if learns_answers(work.stage)]
    if not learning:
        return
    work = learning[0]
    for split in SPLITS:
        _refuse_swallowed_answers(work, split)
        _refuse_unsupervised(read_examples(work, split), split)
    _refuse_endless(read_examples(work, "train"))
    summary, page = _page(work)
    if is_first():
        report.mkdir(parents=True, exist_ok=True)
        (report / FILE).write_text(page, encoding="utf-8")
    work.tell("note", message=summary)


def learns_answers(stage: AnyStage) -> bool:
    """Whether a stage is taught with the rows' own answers."""
    if isinstance(stage, DistilStage):
        return stage.level == "logits"
    return stage.kind in ("sft", "dpo", "reward")


def fill_rates(examples: Sequence[Example], collator: PackingCollator | PaddingCollator, rows: int, seed: int) -> Any:
    """Share of a batch's places that hold a token: as it is trained, and padded in the order in which rows come.

    Both over the first 200 batches of `rows` rows of an epoch.
    """
    lengths = np.array([len(example) for example in examples])
    shuffled = np.array(list(ShuffledSampler(len(lengths), seed)))[: MOST_BATCHES * rows]
    grouped = shuffled[np.argsort(lengths[shuffled], kind="stable")]
    order = shuffled if isinstance(collator, PackingCollator) else grouped
    trained = [
        _places(batch.tolist(), collator.attention_cost if isinstance(collator, PackingCollator) else None)
        for batch in _batches(lengths[order], rows)
    ]
    padded = [_places(batch.tolist(), None) for batch in _batches(lengths[shuffled], rows)]
    tokens = float(lengths[shuffled].sum())
    return tokens / sum(trained), tokens / sum(padded)


def _batches(lengths: Any, rows: int) -> Iterable[Any]:
    return (lengths[start : start + rows] for start in range(0, len(lengths), rows))


def _places(lengths: list[int], attention_cost: float | None) -> int:
    """Places of a batch: packed where there is a cost of attention to pack by, else padded."""
    if attention_cost is None:
        return len(lengths) * max(lengths)
    bins = cheapest_bins(lengths, attention_cost)
    return len(bins) * width_of(bins, lengths)


def _refuse_empty_splits(rows: dict[str, pd.DataFrame]) -> None:
    for split in SPLITS:
        if rows[split].empty:
            hint = " or raise curation.validation_share" if split == "validation" else ""
            raise UserInputError(
                f"the {split} split has no rows, so there is nothing to train with: give more rows{hint}"
            )


def _refuse_swallowed_answers(work: StageWork, split: str) -> None:
    rendered = rendered_rows(work.rows[split], work.tokenizer, work.plan.task)
    swallowed = [row.id for row in rendered if any(part not in _words(row.text) for part in _parts(row.wanted))]
    if swallowed:
        raise UserInputError(
            f"the chat template leaves out the answer of {_named(swallowed)} of the {split} split: the answer is not "
            "in the text that the model would learn. Mend chat_template in the base model's tokenizer, or take "
            "another base model"
        )


def _refuse_unsupervised(examples: Sequence[Example], split: str) -> None:
    bare = [example.id for example in examples if not example.supervised.any()]
    if bare:
        raise UserInputError(
            f"{_named(bare)} of the {split} split would teach nothing: no token of an answer is there to learn. "
            "Give them an answer, or take them out of the data"
        )


def _refuse_endless(examples: Sequence[Example]) -> None:
    if not any(example.ends for example in examples):
        raise UserInputError(
            "no row teaches where an answer ends, so the model would write on for ever: either every answer is cut "
            "(raise training.max_tokens), or the chat template writes no end-of-text token behind the assistant's turn "
            "(mend chat_template or eos_token in the base model's tokenizer)"
        )


def _refuse_equal_sides(work: StageWork, split: str) -> None:
    rows = work.rows[split]
    chosen, rejected = (rows[name].fillna("").str.split().str.join(" ") for name in ("answer", "rejected"))
    equal = (chosen == rejected) | (rejected == "")
    names = list(rows["id"][equal]) or _equal_once_cut(work, split)
    if names:
        raise UserInputError(
            f"the preferred and the rejected answer of {_named(names)} of the {split} split are "
            "equal, or equal once they are cut to training.max_tokens, or there is no rejected one: such a pair says "
            "nothing about what to prefer. Mend these rows or take them out"
        )


def _equal_once_cut(work: StageWork, split: str) -> list[str]:
    """Rows whose sides differ only beyond `training.max_tokens`; both sides are cut then."""
    chosen = {example.id: example for example in read_examples(work, split) if example.cut}
    rows = work.rows[split][work.rows[split]["id"].isin(list(chosen))]
    if rows.empty:
        return []
    rendered = list(rendered_rows(rows.assign(answer=rows["rejected"]), work.tokenizer, work.plan.task))
    eos, limit = work.network.generation_config.eos_token_id, work.plan.config.max_tokens
    rejected = examples_of(rendered, work.tokenizer, eos, limit, "answer")
    return [one.id for one in rejected if np.array_equal(one.ids, chosen[one.id].ids)]


def _words(text: str) -> str:
    return " ".join(text.split())


def _parts(answer: str) -> list[str]:
    """What must be found of an answer: its words, those of a `<think>` block apart, since templates lay it out anew."""
    return [words for words in map(_words, answer.replace("</think>", "<think>").split("<think>")) if words]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED_ROWS} more" if len(ids) > NAMED_ROWS else ""
    return f"the row{'s' if len(ids) > 1 else ''} {', '.join(ids[:NAMED_ROWS])}{more}"


def _page(work: StageWork) -> tuple[str, str]:
    """The summary in one line, and the report as Markdown."""
    collator = collator_of(work)
    packed = isinstance(collator, PackingCollator)
    training = read_examples(work, "train")
    filled, padded = fill_rates(training, collator, work.rows_per_device // work.passes_per_step, work.plan.config.seed)
    columns = [_figures(read_examples(work, split)) for split in SPLITS]
    table = [f"| {name} | {one} | {other} |" for (name, one), (_, other) in zip(*columns, strict=True)]
    lines = [
        "# Preflight",
        "",
        "| | train | validation |",
        "|---|---|---|",
        *table,
        "",
        f"Batches are {filled:.1%} filled with tokens ({'packed' if packed else 'rows of like length'}); padded in the "
        f"order in which rows come, they would be {padded:.1%}.",
        "",
        "## What carries loss",
        "",
        "Rows from the shortest to the longest, decoded from their tokens; recognised personal data is masked.",
        *(line for example in _sample(training) for line in _shown(example, work.tokenizer)),
    ]
    figures = dict(columns[0])
    summary = (
        f"preflight: {figures['rows']} rows, {figures['tokens that carry loss']} of {figures['tokens']} tokens carry "
        f"loss, batches {filled:.0%} filled ({padded:.0%} if padded as they come), {figures['rows cut']} rows cut"
    )
    return summary, "\n".join(lines) + "\n"


def _figures(examples: Sequence[Example]) -> list[tuple[str, str]]:
    tokens = sum(len(example) for example in examples)
    supervised = sum(int(example.supervised.sum()) for example in examples)
    return [
        ("rows", f"{len(examples):,}"),
        ("tokens", f"{tokens:,}"),
        ("tokens that carry loss", f"{supervised / tokens:.1%}"),
        ("longest row, tokens", f"{max(len(example) for example in examples):,}"),
        ("rows cut", f"{sum(example.cut for example in examples):,}"),
        ("answers without their end", f"{sum(not example.ends for example in examples):,}"),
    ]


def _sample(examples: Sequence[Example]) -> list[Example]:
    by_length = sorted(examples, key=lambda example: (len(example), example.id))
    places = np.unique(np.linspace(0, len(by_length) - 1, SHOWN_ROWS).astype(int))
    return [by_length[place] for place in places]


def _shown(example: Example, tokenizer: Any) -> list[str]:
    """A row as Markdown: its stretches of tokens with and without loss."""
    heading = f"row {example.id}: {len(example)} tokens, {int(example.supervised.sum())} carry loss"
    lines = ["", f"### {heading}", ""]
    changes = np.flatnonzero(np.diff(example.supervised.astype(int))) + 1
    stretches = zip(np.split(example.ids, changes), np.split(example.supervised, changes), strict=True)
    for tokens, marks in stretches:
        text = tokenizer.decode(tokens.tolist(), skip_special_tokens=False)
        quoted = shown_text(text, SHOWN_CHARACTERS).replace("`", "'")
        lines.append(f"- {'**loss**' if marks[0] else 'no loss'}: `{quoted}`")
    return lines
