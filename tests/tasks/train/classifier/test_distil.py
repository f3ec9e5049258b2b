"""A classifier that learns from a teacher: its logits, its labels, and which teachers are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tasks.errors import UserInputError
from tasks.metrics.calibration import softmax
from tasks.models.torch_classifier import TorchClassifier
from tasks.train.classifier import distil
from tasks.train.classifier.distil import add_teacher, distilled, only_stage, teacher_logits
from tasks.train.classifier.learning import learn
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import DistilStage

Prepare = Callable[..., Path]
LABELS = ("card", "login", "refund")


@pytest.fixture(autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with a head of its own for the labels, in another order, that was never taught what they mean."""
    from transformers import BertConfig, BertForSequenceClassification

    from tests.tasks.models.tiny_model import make_base_model

    folder = tmp_path_factory.mktemp("teacher")
    make_base_model(folder)
    names = ["refund", "card", "login"]
    torch.manual_seed(3)
    config = BertConfig.from_pretrained(
        folder, id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)}
    )
    network = BertForSequenceClassification.from_pretrained(folder, config=config)
    with torch.no_grad():
        network.classifier.weight.mul_(20)
    network.save_pretrained(folder)
    return folder


def quiet(_event: str, **_content: Any) -> None:
    """Nobody listens."""


def test_the_teachers_logits_come_in_the_order_of_the_students_labels(teacher: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    texts = ["my card is lost", "refund this payment", "the password is wrong"]
    tokens = AutoTokenizer.from_pretrained(teacher)(
        texts, padding=True, return_tensors="pt", return_token_type_ids=False
    )
    with torch.no_grad():
        whole = AutoModelForSequenceClassification.from_pretrained(teacher)(**tokens).logits.numpy()
    assert teacher_logits(str(teacher), LABELS, texts) == pytest.approx(whole[:, [1, 2, 0]], abs=1e-5)


def test_the_loss_is_the_teachers_share_of_the_softened_divergence_and_the_rest_the_rows_own() -> None:
    logits, theirs, own = torch.tensor([[1.0, 2.0, 0.5]]), torch.tensor([[0.1, 3.0, 1.0]]), torch.tensor([0.7])
    student, taught = (softmax(side.numpy(), 2.0)[0] for side in (logits, theirs))
    divergence = float((taught * (np.log(taught) - np.log(student))).sum())
    stage = DistilStage(teacher="x", temperature=2.0, share=0.3)
    assert float(distilled(logits, theirs, own, stage)) == pytest.approx(0.3 * 4 * divergence + 0.7 * 0.7, rel=1e-5)
    hard = stage.model_copy(update={"level": "sequence"})
    expected = 0.3 * -np.log(softmax(logits.numpy())[0, 1]) + 0.7 * 0.7
    assert float(distilled(logits, theirs, own, hard)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_a_student_gets_nearer_to_its_teacher_than_training_on_the_labels_does(prepare: Prepare) -> None:
    fields: dict[str, Any] = {"epochs": 10, "learning_rate": 1e-2, "early_stopping_patience": 10}
    unsure = prepare(code="teacher", label_smoothing=0.5, **fields)
    learn(unsure, quiet)
    teacher = str(unsure / "model")
    divergence = []
    for stages in ([], [{"kind": "distil", "teacher": teacher, "share": 1.0}]):
        folder = prepare(stages=stages, **fields)
        learn(folder, quiet)
        texts = pd.read_parquet(RunPlan.read(folder).dataset_folder / "holdout.parquet")["text"].tolist()
        student = softmax(TorchClassifier.load(folder / "model").logits(texts))
        taught = softmax(teacher_logits(teacher, LABELS, texts))
        divergence.append(float((taught * np.log(taught / student)).sum(axis=1).mean()))
    assert divergence[1] < 0.5 * divergence[0]


def test_the_teacher_reads_the_rows_once_and_again_only_when_it_is_another(
    teacher: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = prepare(stages=[{"kind": "distil", "teacher": str(teacher)}])
    plan = RunPlan.read(folder)
    stage = only_stage(plan)
    assert isinstance(stage, DistilStage)
    rows = len(pd.read_parquet(plan.dataset_folder / "train.parquet"))
    notes: list[str] = []

    def tell(_event: str, **content: Any) -> None:
        notes.append(content["message"])

    first: list[dict[str, Any]] = [{} for _ in range(rows)]
    add_teacher(first, folder, plan, stage, tell)
    assert notes[0] == f"the teacher {teacher} reads {rows} training rows"
    again: list[dict[str, Any]] = [{} for _ in range(rows)]
    add_teacher(again, folder, plan, stage, tell)
    assert len(notes) == 2
    assert all(np.array_equal(one["teacher"], other["teacher"]) for one, other in zip(first, again, strict=True))
    monkeypatch.setattr(distil, "base_model_digest", lambda _name: "another")
    add_teacher(again, folder, plan, stage, tell)
    assert len(notes) == 4


def test_a_teacher_with_other_labels_is_refused_by_their_names(teacher: Path) -> None:
    with pytest.raises(UserInputError, match="it lacks 'parcel' and has 'login' besides; .* the same 3 labels"):
        teacher_logits(str(teacher), ("card", "parcel", "refund"), ["hello"])


def test_a_base_model_without_a_head_is_no_teacher(tiny_base: Path) -> None:
    with pytest.raises(UserInputError, match="is no trained classifier: it lacks the weights classifier.bias"):
        teacher_logits(str(tiny_base), LABELS, ["hello"])


def test_a_classifier_is_taught_in_one_stage(prepare: Prepare, teacher: Path) -> None:
    folder = prepare(stages=["classify", {"kind": "distil", "teacher": str(teacher)}])
    with pytest.raises(UserInputError, match="names classify, distil, but a classifier is taught in one stage"):
        only_stage(RunPlan.read(folder))
