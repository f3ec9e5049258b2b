"""The three contestants of a language model's pilot: how likely each of them holds the judged rows' answers to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.models.conversation import messages_of, rendered_answer
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.records import TaskKind
from tasks.train.pilot.comparison import BASE, PILOT, PROMPTED, Floats, Measure
from tasks.train.pilot.rows import PilotRows
from tasks.train.plan import RunPlan

ROOM_FOR_THE_TEMPLATE = 16
"""Tokens that a chat template may put around a whole conversation."""


def language_scores(
    rows: PilotRows, plan: RunPlan, model: Path, measure: Measure, prompt_tokens: int
) -> dict[str, Floats]:
    """Of each contestant the mean log probability in nats of the tokens of each judged row's answer, shape (rows,).

    For `margin` that of the rejected answer is taken from it. `plan` is the pilot's, `model` its folder.
    """
    scores = {}
    with _base_of(plan) as base:
        scores[BASE] = _scores(base, rows.judged, rows.judged["text"].tolist(), measure)
        with_rows, texts = prompted(base, rows, prompt_tokens)
        scores[PROMPTED] = _scores(with_rows, rows.judged, texts, measure)
    with _freed(LanguageModel.load(model)) as pilot:
        scores[PILOT] = _scores(pilot, rows.judged, rows.judged["text"].tolist(), measure)
    return scores


def prompted(base: LanguageModel, rows: PilotRows, prompt_tokens: int) -> tuple[LanguageModel, list[str]]:
    """The base as it reads a conversation, and each judged text after as many of the pilot's rows as fit.

    The rows come as earlier turns of the conversation; where the tokenizer has no chat template, as texts and answers
    one below the other.
    """
    tokenizer, task = base.tokenizer, base.info.task
    lengths = [
        _tokens(tokenizer, text, answer, task)
        for text, answer in zip(rows.judged["text"], rows.judged["answer"], strict=True)
    ]
    known = getattr(base.network.config.get_text_config(), "max_position_embeddings", None) or prompt_tokens
    room = min(known, prompt_tokens + max(lengths)) - max(lengths) - ROOM_FOR_THE_TEMPLATE
    shown = list(_that_fit(rows.learned, tokenizer, task, room))
    if not tokenizer.chat_template:
        before = "".join(f"{text}\n{answer}\n\n" for text, answer in shown)
        return base, [f"{before}{text}" for text in rows.judged["text"]]
    turns = [
        turn
        for text, answer in shown
        for turn in [*_without_system(messages_of(text, task)), {"role": "assistant", "content": answer}]
    ]
    conversations = []
    for text in rows.judged["text"]:
        own = messages_of(text, task)
        spoken = _without_system(own)
        conversations.append(json.dumps([*own[: len(own) - len(spoken)], *turns, *spoken], ensure_ascii=False))
    reader = LanguageModel(base.network, tokenizer, base.info.model_copy(update={"task": "chat"}))
    return reader, conversations


def _that_fit(rows: pd.DataFrame, tokenizer: Any, task: TaskKind, room: int) -> Iterator[tuple[str, str]]:
    """Texts and answers, from the first on, until the next would not fit into so many tokens."""
    for text, answer in zip(rows["text"], rows["answer"], strict=True):
        room -= _tokens(tokenizer, text, answer, task)
        if room < 0:
            return
        yield text, answer


def _tokens(tokenizer: Any, text: str, answer: str, task: TaskKind) -> int:
    return len(
        tokenizer("".join(rendered_answer(tokenizer, text, answer, task)), add_special_tokens=False)["input_ids"]
    )


def _without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages after those that set the scene: templates allow these at the beginning alone."""
    spoken = [place for place, message in enumerate(messages) if message["role"] in ("user", "assistant")]
    return messages[spoken[0] :] if spoken else messages


def _scores(model: LanguageModel, rows: pd.DataFrame, texts: list[str], measure: Measure) -> Floats:
    sums, counts = model.answer_log_probabilities(texts, rows["answer"].tolist())
    score: Floats = sums / counts
    if measure == "margin":
        sums, counts = model.answer_log_probabilities(texts, rows["rejected"].tolist())
        score = score - sums / counts
    return score


@contextmanager
def _base_of(plan: RunPlan) -> Iterator[LanguageModel]:
    """The base model as the training loads it, ready to answer."""
    import torch

    from tasks.train.language.network import load_language_model

    base = load_language_model(plan)
    network = base.network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    info = ModelInfo(
        task=plan.task,
        max_tokens=plan.config.max_tokens,
        base_model=plan.config.base_model,
        technique="none",
        stages=(),
        dataset_digest=plan.dataset_digest,
        seed=plan.config.seed,
    )
    with _freed(LanguageModel(network, base.tokenizer, info)) as model:
        yield model


@contextmanager
def _freed(model: LanguageModel) -> Iterator[LanguageModel]:
    """The model for the block alone; its place on the GPU is then free for the training that follows."""
    import torch

    try:
        yield model
    finally:
        del model.network
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
