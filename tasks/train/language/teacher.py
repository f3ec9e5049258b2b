"""A language model's teacher: loaded like any model, asked for its answers once, and refused where it does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError

from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED, base_model_digest, resolve_base_model
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan
from tasks.train.ranks import is_first, wait_for_all
from tasks.train.stage_kinds import DistilStage

SETTING = "training.stages: the teacher of the stage distil"
SLICE_ROWS = 64
"""Rows that are answered before they are written down; bounds what a kill costs."""
LEAST_ANSWER_TOKENS = 16


@dataclass(frozen=True)
class Teacher:
    """A causal language model that is not trained, and its tokenizer."""

    name: str
    network: Any
    tokenizer: Any

    def require_same_tokens(self, tokenizer: Any, plan: RunPlan) -> None:
        """Raise UserInputError where the teacher has other tokens than the student, or reads too few of them."""
        theirs, ours = self.tokenizer.get_vocab(), tokenizer.get_vocab()
        if theirs != ours:
            different = sorted(token for token in theirs.keys() | ours.keys() if theirs.get(token) != ours.get(token))
            raise UserInputError(
                f"the teacher {self.name!r} has other tokens than {plan.config.base_model!r} ({len(theirs)} and "
                f"{len(ours)}, of which {len(different)} differ, such as {different[0]!r}), so their logits cannot be "
                "compared: take a teacher with the same tokenizer, or learn from its answers (level: sequence)"
            )
        limit = getattr(self.network.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and limit < plan.config.max_tokens:
            raise UserInputError(
                f"training.max_tokens is {plan.config.max_tokens}, but the teacher {self.name!r} takes at most {limit}"
            )


def load_teacher(name: str) -> Teacher:
    """Load a teacher, in half precision where the GPU has it. Raises UserInputError where it cannot be loaded."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place = resolve_base_model(name, SETTING)
    source: dict[str, Any] = {"trust_remote_code": False, "local_files_only": Path(place).is_dir()}
    halves = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **source)
        network, found = AutoModelForCausalLM.from_pretrained(
            place,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.bfloat16 if halves else torch.float32,
            **source,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserInputError(
            f"the teacher {name!r} cannot be loaded as a language model: {reason}; {ALLOWED}"
        ) from error
    if found["missing_keys"]:
        lacking = ", ".join(sorted(found["missing_keys"])[:3])
        raise UserInputError(f"the teacher {name!r} is no trained language model: it lacks the weights {lacking}")
    return Teacher(name, network.eval().requires_grad_(False), tokenizer)


def taught_rows(work: StageWork, stage: DistilStage) -> dict[str, pd.DataFrame]:
    """The work's rows with the teacher's greedy answers in place of `share` of the training rows' own.

    A row without an answer of its own always gets the teacher's. An answer that is empty, or does not end within the
    tokens that it is given, is not learned: the row keeps its own, or leaves. Answers are kept in the stage's folder.
    """
    draw = np.random.default_rng(work.plan.config.seed)
    train = work.rows["train"]
    chosen = draw.permutation(len(train))[: round(stage.share * len(train))]
    asked = {
        split: rows["answer"].isna() | (np.isin(np.arange(len(rows)), chosen) if split == "train" else False)
        for split, rows in work.rows.items()
    }
    texts = pd.concat([rows[asked[split]] for split, rows in work.rows.items()])
    answers = _teacher_answers(work, stage, texts)
    mixed = {}
    for split, rows in work.rows.items():
        taught = rows["id"].map(answers)
        mixed[split] = rows.assign(answer=taught.where(taught.notna(), rows["answer"])).dropna(subset="answer")
    work.tell(
        "note",
        message=f"the teacher {stage.teacher} answered {len(answers)} of {len(texts)} rows in full, "
        f"{mixed['train']['id'].isin(answers).sum()} of them among the {len(mixed['train'])} training rows",
    )
    return mixed


def _teacher_answers(work: StageWork, stage: DistilStage, rows: pd.DataFrame) -> dict[str, str]:
    """By the id of a row, the teacher's answer where it is whole; generated once, by the first process."""
    most_tokens = _most_answer_tokens(work)
    path = work.folder / "teacher-answers.jsonl"
    heading = {"teacher": base_model_digest(stage.teacher), "most_tokens": most_tokens}
    if is_first():
        known = {entry["id"] for entry in _read(path, heading)}
        missing = rows[~rows["id"].isin(known)]
        if len(missing):
            _answer(work, stage, missing, most_tokens, path)
    wait_for_all()
    return {entry["id"]: entry["answer"] for entry in _read(path, heading) if entry["answer"]}


def _answer(work: StageWork, stage: DistilStage, rows: pd.DataFrame, most_tokens: int, path: Path) -> None:
    """Have the teacher answer rows, shortest first, and write its answers down slice by slice."""
    teacher = load_teacher(stage.teacher)
    network = teacher.network.to("cuda" if torch.cuda.is_available() else "cpu")
    plan = work.plan
    info = ModelInfo(
        task=plan.task,
        max_tokens=plan.config.max_tokens,
        base_model=stage.teacher,
        technique="none",
        stages=(),
        dataset_digest=plan.dataset_digest,
        seed=plan.config.seed,
    )
    model = LanguageModel(network, teacher.tokenizer, info)
    work.tell("note", message=f"the teacher {stage.teacher} answers {len(rows)} rows")
    ordered = rows.iloc[np.argsort(rows["text"].str.len().to_numpy(), kind="stable")]
    with path.open("a", encoding="utf-8") as file:
        for start in range(0, len(ordered), SLICE_ROWS):
            part = ordered[start : start + SLICE_ROWS]
            drawn = model.generate_tokens(part["text"].tolist(), max_new_tokens=most_tokens)
            for row_id, (tokens,) in zip(part["id"], drawn, strict=True):
                whole = bool(tokens) and tokens[-1] in model.stop_ids
                text = teacher.tokenizer.decode(tokens, skip_special_tokens=True).strip() if whole else ""
                file.write(json.dumps({"id": row_id, "answer": text}, ensure_ascii=False) + "\n")
            file.flush()


def _read(path: Path, heading: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers that are kept for this teacher; a file of another one, and a torn last line, are dropped."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    whole = [line for line in lines if line.endswith("\n")]
    if not whole or json.loads(whole[0]) != heading:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = [json.dumps(heading) + "\n"]
    if whole != lines and is_first():
        path.write_text("".join(whole), encoding="utf-8")
    return (json.loads(line) for line in whole[1:])


def _most_answer_tokens(work: StageWork) -> int:
    """Tokens that an answer may take: twice the longest of the rows' own; where there are none, half of all."""
    most = work.plan.config.max_tokens
    own = work.rows["train"]["answer"].dropna().tolist()
    if not own:
        return max(most // 2, 1)
    longest = max(len(ids) for ids in work.tokenizer(own, add_special_tokens=False, verbose=False)["input_ids"])
    return min(most, max(2 * longest, LEAST_ANSWER_TOKENS))
