"""The whole training of a language model, in this process: its stages in order, resumable, to a plain model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from infra.storage import manifest_of
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.models.token_choices import read_token_choices, rows_to_ask, same_tokens, token_choices
from tasks.train.language import learning
from tasks.train.language.learning import learn
from tasks.train.plan import RunPlan
from tests.tasks.train.language.tiny_language import QUESTIONS
from tests.tasks.train.techniques.networks import make_language_base

Prepare = Callable[..., Path]
LORA = {"kind": "lora", "rank": 4}


class Killed(BaseException):
    """Stands for a process that is killed: nothing in the training may catch it."""


class Listener:
    """Collects events, and dies at the first message that holds `at`."""

    def __init__(self, at: str | None = None) -> None:
        self.at, self.events = at, list[dict[str, Any]]()

    def __call__(self, event: str, **content: Any) -> None:
        self.events.append({"event": event, **content})
        if self.at is not None and self.at in content.get("message", ""):
            raise Killed

    @property
    def notes(self) -> list[str]:
        return [event["message"] for event in self.events if event["event"] == "note"]


def test_an_instruction_model_learns_to_answer_and_to_stop(prepare: Prepare) -> None:
    folder = prepare(epochs=20, batch_size=4, learning_rate=2e-2, early_stopping_patience=20, warmup_steps=5)
    figures = learn(folder, Listener())
    assert figures["validation_perplexity"] == pytest.approx(math.exp(figures["validation_loss"]))
    assert figures["validation_loss"] == pytest.approx(figures["sft_validation_loss"], rel=1e-4)
    model = LanguageModel.load(folder / "model")
    said = [answers[0] for answers in model.generate(list(QUESTIONS), max_new_tokens=20)]
    assert said == list(QUESTIONS.values())


@pytest.mark.parametrize("task", ["instruction", "chat", "preference"])
def test_the_model_folder_is_plain_and_says_what_it_is(task: Any, prepare: Prepare, tmp_path: Path) -> None:
    folder = prepare(task, technique=LORA, epochs=1)
    figures = learn(folder, Listener())
    info = ModelInfo.read(folder / "model")
    stages = ("sft", "dpo") if task == "preference" else ("sft",)
    assert (info.task, info.stages, info.technique, info.labels) == (task, stages, "lora", ())
    network = AutoModelForCausalLM.from_pretrained(folder / "model")
    assert type(network).__name__ == "Qwen3ForCausalLM"
    assert AutoTokenizer.from_pretrained(folder / "model").chat_template
    assert {"report/preflight.md", "report/history.json", "report/loss.png"} <= {
        path.relative_to(folder / "model").as_posix() for path in (folder / "model").rglob("*")
    }
    texts = [path.read_text() for path in (folder / "model").rglob("*.json")]
    assert not any(str(tmp_path) in text for text in texts if '"base_model"' not in text)
    assert 0 < figures["trainable_parameters"] < 0.5 * figures["parameters"]


def test_steps_are_counted_through_all_stages(prepare: Prepare) -> None:
    folder = prepare("preference", epochs=1)
    figures = learn(folder, Listener())
    history = json.loads((folder / "model" / "report" / "history.json").read_text())
    assert history["stages"] == [
        {"kind": "sft", "first_step": 1, "last_step": 3},
        {"kind": "dpo", "first_step": 4, "last_step": 6},
    ]
    assert [entry["step"] for entry in history["training"]] == [1, 2, 3, 4, 5, 6]
    assert figures["steps"] == 6
    assert 0 <= figures["dpo_reward_accuracy"] <= 1


def test_the_same_seed_gives_the_same_bytes(prepare: Prepare) -> None:
    folders = [prepare(code=code, epochs=1) for code in ("one", "two")]
    for folder in folders:
        learn(folder, Listener())
    assert manifest_of(folders[0] / "model") == manifest_of(folders[1] / "model")


def test_a_stage_that_is_done_is_never_trained_again(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, killed = (prepare("preference", code=code, technique=LORA, epochs=1) for code in ("whole", "killed"))
    learn(whole, Listener())

    def never(kind: str) -> Any:
        if kind == "dpo":
            raise Killed
        return runner_of(kind)

    runner_of = learning.runner_of
    monkeypatch.setattr(learning, "runner_of", never)
    with pytest.raises(Killed):
        learn(killed, Listener())
    assert not (killed / "model").exists()
    assert not (killed / "stages" / "0-sft" / "checkpoints").exists()
    monkeypatch.setattr(learning, "runner_of", runner_of)
    listener = Listener()
    learn(killed, listener)
    assert "the stage sft (0-sft) is done already" in listener.notes
    assert manifest_of(killed / "model") == manifest_of(whole / "model")


def test_a_training_that_is_killed_inside_a_stage_goes_on_to_the_same_model(prepare: Prepare) -> None:
    whole, killed = (prepare(code=code, technique=LORA, epochs=4) for code in ("whole", "killed"))
    learn(whole, Listener())
    with pytest.raises(Killed):
        learn(killed, Listener(at="epoch 2.7"))
    listener = Listener()
    learn(killed, listener)
    assert any(note.startswith("goes on from step ") for note in listener.notes)
    assert manifest_of(killed / "model") == manifest_of(whole / "model")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen3_moe", "mixtral"])
@pytest.mark.parametrize("technique", ["expert_lora", "lora", "full"])
def test_a_mixture_of_experts_is_taught_by_sft_and_dpo(
    kind: str, technique: str, prepare: Prepare, tmp_path: Path
) -> None:
    base = make_language_base(tmp_path / "base", kind)
    before = AutoModelForCausalLM.from_pretrained(base).state_dict()
    folder = prepare("preference", base_model=str(base), technique={"kind": technique}, epochs=2)
    learn(folder, Listener())
    after = AutoModelForCausalLM.from_pretrained(folder / "model").state_dict()
    assert after.keys() == before.keys()
    routers = [name for name in before if name.endswith("mlp.gate.weight")]
    assert len(routers) == 2
    changed = {name for name in before if not before[name].equal(after[name])}
    assert bool(changed & set(routers)) == (technique == "full")
    assert any(".experts." in name for name in changed)


@pytest.mark.slow
@pytest.mark.parametrize("technique", ["expert_lora", "full"])
def test_a_mixture_of_experts_that_is_killed_goes_on_to_the_same_model(
    technique: str, prepare: Prepare, tmp_path: Path
) -> None:
    base = make_language_base(tmp_path / "base", "qwen3_moe")
    changes: dict[str, Any] = {"base_model": str(base), "technique": {"kind": technique}, "learning_rate": 2e-2}
    whole, killed = (prepare("preference", code=code, **changes) for code in ("whole", "killed"))
    learn(whole, Listener())
    with pytest.raises(Killed):
        learn(killed, Listener(at="epoch 2.7"))
    with pytest.raises(Killed):
        learn(killed, Listener(at="goes on from step"))
    learn(killed, Listener())
    assert manifest_of(killed / "model") == manifest_of(whole / "model")


def test_what_the_network_preferred_before_its_adapters_were_merged_is_kept(prepare: Prepare) -> None:
    folder = prepare(technique=LORA, epochs=1)
    learn(folder, Listener())
    rows, model = rows_to_ask(RunPlan.read(folder).dataset_folder), LanguageModel.load(folder / "model")
    kept = read_token_choices(folder / "model")
    assert kept is not None
    assert list(kept) == list(rows["id"])
    shares = [same_tokens(kept[row], tokens) for row, tokens in token_choices(model, rows).items()]
    assert min(shares) > 0.9
