"""A language model that learns from a teacher: its distribution, its answers, and which teachers are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tasks.errors import UserInputError
from tasks.models.conversation import rendered_prompt
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.train.language import teacher as teachers
from tasks.train.language.distil import divergence, run_distil
from tasks.train.language.sft import run_sft
from tests.tasks.train.language.conftest import Events, MakeWork
from tests.tasks.train.language.tiny_language import QUESTIONS, TAILS, make_language_rows, make_qwen3

SHIFTED = dict(zip(QUESTIONS, [*list(QUESTIONS.values())[1:], next(iter(QUESTIONS.values()))], strict=True))
"""The answers of a teacher who always gives that of the next question, so that it cannot be taken for the rows."""


def shifted_rows() -> pd.DataFrame:
    rows = make_language_rows("instruction")
    answers = [SHIFTED[question] for _ in TAILS for question in QUESTIONS]
    return rows.assign(answer=answers)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wider teacher is put by the first test that trains it."""
    return tmp_path_factory.mktemp("teacher")


@pytest.fixture
def trained_teacher(teacher: Path, make_work: MakeWork, tmp_path: Path) -> Path:
    """A Qwen3 wider than the student, with more rows in its embeddings, that learned the shifted answers by heart."""
    if not (teacher / "config.json").is_file():
        wide = make_qwen3(tmp_path / "wide", hidden_size=64, intermediate_size=128)
        work = make_work(rows=shifted_rows(), base_model=str(wide), epochs=40, early_stopping_patience=40)
        run_sft(work)
        work.network.resize_token_embeddings(len(work.tokenizer) + 8)
        work.network.save_pretrained(teacher)
        work.tokenizer.save_pretrained(teacher)
    return teacher


def model_of(network: Any, tokenizer: Any) -> LanguageModel:
    info = ModelInfo(
        task="instruction", max_tokens=96, base_model="x", technique="full", stages=(), dataset_digest="d", seed=1
    )
    return LanguageModel(network.eval(), tokenizer, info)


def distance(work: Any, teacher: Path) -> float:
    """KL(teacher || student) in nats where an answer to a validation prompt begins: there the teacher is peculiar."""
    taught = teachers.load_teacher(str(teacher))
    total = 0.0
    for text in work.rows["validation"]["text"]:
        prompt = rendered_prompt(work.tokenizer, text, "instruction")
        ids = torch.tensor([work.tokenizer(prompt)["input_ids"]])
        with torch.no_grad():
            ours, theirs = (network(ids).logits[0, -1:] for network in (work.network.eval(), taught.network))
        total += float(divergence(ours, theirs[:, : ours.shape[-1]], 1.0))
    return total / len(work.rows["validation"])


def distil(teacher: Path, **fields: Any) -> list[dict[str, Any]]:
    return [{"kind": "distil", "teacher": str(teacher), "share": 1.0, **fields}]


def test_a_student_gets_nearer_to_its_teacher_than_training_on_the_rows_does(
    trained_teacher: Path, make_work: MakeWork
) -> None:
    fields: dict[str, Any] = {"epochs": 15, "early_stopping_patience": 15, "learning_rate": 1e-2}
    plain = make_work(code="plain", **fields)
    run_sft(plain)
    taught = make_work(code="taught", stages=distil(trained_teacher), **fields)
    log = run_distil(taught)
    assert distance(taught, trained_teacher) < 0.7 * distance(plain, trained_teacher)
    measured = [entry["eval_teacher_divergence"] for entry in log if "eval_teacher_divergence" in entry]
    assert len(measured) == 15
    assert measured[-1] < 0.5 * measured[0]
    assert "forward" not in taught.network.__dict__, "the trainer's forward is left in the network"
    assert not taught.network.base_model._forward_hooks


def test_a_share_of_the_loss_is_the_rows_own(trained_teacher: Path, make_work: MakeWork) -> None:
    losses = []
    for share in (1e-9, 0.5):
        stages = distil(trained_teacher, share=share)
        work = make_work(code=f"{share}", stages=stages, epochs=1, warmup_steps=0)
        losses.append([entry["loss"] for entry in run_distil(work) if "loss" in entry])
    plain = make_work(code="plain", epochs=1, warmup_steps=0)
    expected = [entry["loss"] for entry in run_sft(plain) if "loss" in entry]
    assert losses[0] == pytest.approx(expected, rel=1e-4)
    assert losses[1] != pytest.approx(expected, rel=1e-2)


def test_the_divergence_is_that_of_the_softened_distributions_whatever_the_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    ours, theirs = torch.randn(7, 11, requires_grad=True), torch.randn(7, 11)
    student, teacher = (torch.softmax(side / 3.0, dim=-1) for side in (ours, theirs))
    expected = 9.0 * (teacher * (teacher.log() - student.log())).sum()
    whole = divergence(ours, theirs, 3.0)
    monkeypatch.setattr("tasks.train.language.distil.LOGITS_AT_ONCE", 22)
    pieces = divergence(ours, theirs, 3.0)
    assert float(whole) == pytest.approx(float(expected), rel=1e-5)
    assert float(pieces) == pytest.approx(float(expected), rel=1e-5)
    gradients = [torch.autograd.grad(loss, ours)[0] for loss in (expected, pieces)]
    assert torch.allclose(*gradients, atol=1e-5)


def test_the_teachers_answers_take_the_place_of_a_share_of_the_rows(
    trained_teacher: Path, make_work: MakeWork, events: Events
) -> None:
    work = make_work(stages=distil(trained_teacher, level="sequence", share=0.5))
    stage: Any = work.stage
    mixed = teachers.taught_rows(work, stage)
    own = work.rows["train"].set_index("id")["answer"]
    changed = mixed["train"].set_index("id")["answer"] != own
    assert 9 <= changed.sum() <= 12, "half of 24 rows, less those that the teacher does not end"
    answered = mixed["train"].set_index("id").loc[changed[changed].index]
    shifted = [
        SHIFTED[next(question for question in QUESTIONS if text.startswith(question))] for text in answered["text"]
    ]
    assert sum(given == wanted for given, wanted in zip(answered["answer"], shifted, strict=True)) >= len(shifted) - 2
    pd.testing.assert_frame_equal(mixed["validation"], work.rows["validation"])
    assert "answered" in events[-1]["message"]


def test_the_teacher_answers_once_and_a_torn_line_is_answered_again(
    trained_teacher: Path, make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_work(stages=distil(trained_teacher, level="sequence"))
    stage: Any = work.stage
    first = teachers.taught_rows(work, stage)
    path = work.folder / "teacher-answers.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 1 + len(work.rows["train"])
    path.write_text("".join(lines[:-1]) + lines[-1][:10])
    asked: list[int] = []
    answer = teachers._answer

    def answer_and_count(work: Any, stage: Any, rows: pd.DataFrame, *more: Any) -> None:
        asked.append(len(rows))
        answer(work, stage, rows, *more)

    monkeypatch.setattr(teachers, "_answer", answer_and_count)
    again = teachers.taught_rows(work, stage)
    assert asked == [1], "only the row of the torn line"
    teachers.taught_rows(work, stage)
    assert asked == [1]
    pd.testing.assert_frame_equal(first["train"], again["train"])


def test_a_student_learns_its_teachers_answers(trained_teacher: Path, make_work: MakeWork) -> None:
    stages = distil(trained_teacher, level="sequence")
    work = make_work(stages=stages, epochs=30, early_stopping_patience=30)
    before = model_of(work.network, work.tokenizer)
    texts = work.rows["validation"]["text"].tolist()
    wanted = [SHIFTED[next(question for question in QUESTIONS if text.startswith(question))] for text in texts]
    unlearned = before.answer_log_probabilities(texts, wanted)[0].mean()
    run_distil(work)
    assert model_of(work.network, work.tokenizer).answer_log_probabilities(texts, wanted)[0].mean() > unlearned


def test_rows_without_an_answer_of_their_own_get_the_teachers(trained_teacher: Path, make_work: MakeWork) -> None:
    rows = make_language_rows("instruction").assign(answer=None)
    work = make_work(stages=distil(trained_teacher, level="sequence", share=0.1), rows=rows)
    stage: Any = work.stage
    mixed = teachers.taught_rows(work, stage)
    assert len(mixed["train"]) >= 20
    assert len(mixed["validation"]) >= 4
    assert mixed["train"]["answer"].str.len().min() > 0


def test_a_teacher_with_other_tokens_is_refused_with_the_way_out(
    tmp_path: Path, make_work: MakeWork, tiny_qwen3: Path
) -> None:
    other = make_qwen3(tmp_path / "other")
    tokens = json.loads((other / "tokenizer.json").read_text())
    vocabulary = tokens["model"]["vocab"]
    first, second = list(vocabulary)[300:302]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    (other / "tokenizer.json").write_text(json.dumps(tokens))
    work = make_work(stages=distil(other))
    with pytest.raises(UserInputError, match=r"has other tokens than .*of which 2 differ.*\(level: sequence\)"):
        run_distil(work)


def test_a_teacher_that_is_no_language_model_is_refused(tmp_path: Path, make_work: MakeWork) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(UserInputError, match="the teacher .* cannot be loaded as a language model"):
        run_distil(make_work(stages=distil(tmp_path)))
