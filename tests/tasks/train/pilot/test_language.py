"""The pilot of a language model: what the base reads with the rows in its prompt, and a whole pilot in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.train.config import TrainingConfig
from tasks.train.language.learning import learn
from tasks.train.pilot import piloting
from tasks.train.pilot.config import PilotConfig
from tasks.train.pilot.language import prompted
from tasks.train.pilot.piloting import pilot_on
from tasks.train.pilot.rows import pilot_rows
from tests.tasks.train.language.tiny_language import make_language_dataset, make_qwen3

FEW = PilotConfig(rows=16, epochs=4, prompt_tokens=128)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train without starting Python anew, which takes most of the time of a tiny training."""
    torch.set_num_threads(1)

    def run(folder: Path, _on_progress: Callable[..., None], _on_note: Callable[[str], None]) -> dict[str, float]:
        return learn(folder, lambda _event, **_content: None)

    monkeypatch.setattr(piloting, "run_training", run)


def base_of(folder: Path, task: Any = "instruction") -> LanguageModel:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    info = ModelInfo(task=task, max_tokens=96, base_model="x", technique="none", stages=(), dataset_digest="", seed=0)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    return LanguageModel(network, AutoTokenizer.from_pretrained(folder), info)


@pytest.mark.parametrize(
    ("stages", "judged_by"),
    [((), "the answers' log probability"), (("dpo",), "by which the chosen answer exceeds the rejected one")],
    ids=["by answers", "by preferences"],
)
def test_a_pilot_says_whether_answers_become_likelier(tmp_path: Path, stages: tuple[str, ...], judged_by: str) -> None:
    dataset = make_language_dataset("preference" if stages else "instruction")
    training = TrainingConfig.model_validate(
        {"base_model": str(make_qwen3(tmp_path / "base")), "stages": stages, "learning_rate": 1e-2, "max_tokens": 96}
    )
    found = pilot_on(dataset, training, FEW, "code", lambda *_: None, lambda _: None)
    assert found is not None
    assert judged_by in found.sentence
    assert found.gains["base"].value == pytest.approx(found.scores["pilot"].value - found.scores["base"].value)
    if not stages:
        assert (found.state, found.go_on) == ("helps", True)
        assert found.scores["pilot"].value > found.scores["base"].value + 0.5


def test_the_rows_come_as_earlier_turns_as_many_as_fit(tmp_path: Path) -> None:
    rows = pilot_rows(make_language_dataset(), FEW)
    base = base_of(make_qwen3(tmp_path))
    counts = []
    for tokens in (80, 150):
        reader, texts = prompted(base, rows, tokens)
        assert reader.info.task == "chat"
        turns = json.loads(texts[0])
        assert turns[-1] == {"role": "user", "content": rows.judged["text"].iloc[0]}
        shown = [(turns[place]["content"], turns[place + 1]["content"]) for place in range(0, len(turns) - 1, 2)]
        learned = list(zip(rows.learned["text"], rows.learned["answer"], strict=True))
        assert shown == learned[: len(shown)]
        whole = reader.tokenizer.apply_chat_template(turns, tokenize=False)
        assert len(reader.tokenizer(whole)["input_ids"]) <= tokens + 64
        counts.append(len(shown))
    assert 0 < counts[0] < counts[1] < 16


def test_a_chat_keeps_its_own_turns_behind_the_rows(tmp_path: Path) -> None:
    rows = pilot_rows(make_language_dataset("chat"), FEW)
    _, texts = prompted(base_of(make_qwen3(tmp_path), "chat"), rows, 200)
    own = json.loads(rows.judged["text"].iloc[0])
    turns = json.loads(texts[0])
    assert turns[-len(own) :] == own
    assert len(turns) > len(own)


def test_without_a_chat_template_the_rows_stand_one_below_the_other(tmp_path: Path) -> None:
    rows = pilot_rows(make_language_dataset(), FEW)
    reader, texts = prompted(base_of(make_qwen3(tmp_path, chat_template=None)), rows, 200)
    first = f"{rows.learned['text'].iloc[0]}\n{rows.learned['answer'].iloc[0]}\n\n"
    assert reader.info.task == "instruction"
    assert texts[0].startswith(first)
    assert texts[0].endswith(rows.judged["text"].iloc[0])
