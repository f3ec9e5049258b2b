"""The training itself, in this process, on a tiny network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from infra.storage import file_sha256, manifest_of
from tasks.errors import UserInputError
from tasks.models.info import ModelInfo
from tasks.models.torch_classifier import TorchClassifier
from tasks.models.trained_logits import read_trained_logits, rows_to_ask
from tasks.train.classifier.learning import learn
from tasks.train.plan import RunPlan
from tasks.train.steering import evaluation_steps

Prepare = Callable[..., Path]
TECHNIQUES = [{"kind": "full"}, {"kind": "last_layers", "layers": 1}, {"kind": "lora", "rank": 4}]


class Killed(BaseException):
    """Stands for a process that is killed: nothing in the training may catch it."""


class Listener:
    """Collects events, and dies when `after` checkpoints of the run are in place."""

    def __init__(self, folder: Path, after: int | None = None) -> None:
        self.folder, self.after, self.events = folder, after, list[dict[str, Any]]()

    def __call__(self, event: str, **content: Any) -> None:
        self.events.append({"event": event, **content})
        newest = [int(path.name.split("-")[1]) for path in (self.folder / "checkpoints").glob("checkpoint-*")]
        if self.after is not None and newest and max(newest) >= self.after:
            raise Killed

    @property
    def notes(self) -> list[str]:
        return [event["message"] for event in self.events if event["event"] == "note"]


@pytest.fixture(autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("base", ["BertForSequenceClassification", "MeanPooledClassifier"])
@pytest.mark.parametrize("technique", TECHNIQUES, ids=lambda technique: technique["kind"])
def test_each_technique_learns_and_gives_a_plain_model(
    technique: dict[str, Any], base: str, prepare: Prepare, tiny_base: Path, tiny_encoder: Path
) -> None:
    place = tiny_encoder if base == "MeanPooledClassifier" else tiny_base
    changes = {"base_model": str(place), "technique": technique, "learning_rate": 1e-2}
    folder = prepare(**changes, epochs=10, early_stopping_patience=10)
    figures = learn(folder, Listener(folder))
    history = json.loads((folder / "model" / "report" / "history.json").read_text())
    assert history["training"][-1]["loss"] < 0.9 * history["training"][0]["loss"]
    assert figures["validation_loss"] == pytest.approx(min(entry["loss"] for entry in history["validation"]), rel=1e-3)
    model = TorchClassifier.load(folder / "model")
    assert model.labels == ("card", "login", "refund")
    assert type(model.network).__name__ == base
    share = figures["trainable_parameters"] / figures["parameters"]
    assert share == 1 if technique["kind"] == "full" else 0 < share < 0.9


def test_rows_of_no_weight_teach_nothing(prepare: Prepare) -> None:
    folder = prepare(epochs=10, learning_rate=1e-2, early_stopping_patience=10)
    dataset = RunPlan.read(folder).dataset_folder
    rows = pd.read_parquet(dataset / "train.parquet")
    weights = pd.DataFrame({"id": rows["id"], "weight": rows["label"].ne("card").astype(float)})
    weights.to_parquet(dataset / "weights.parquet")
    learn(folder, Listener(folder))
    model = TorchClassifier.load(folder / "model")
    assert model.probabilities(list(rows["text"])).argmax(axis=1).min() > model.labels.index("card")


def test_only_the_last_layers_and_the_head_move(prepare: Prepare, tiny_base: Path) -> None:
    from safetensors.torch import load_file

    folder = prepare(technique={"kind": "last_layers", "layers": 1}, epochs=1)
    learn(folder, Listener(folder))
    before, after = load_file(tiny_base / "model.safetensors"), load_file(folder / "model" / "model.safetensors")
    moved = {name for name, tensor in before.items() if not torch.equal(tensor, after[f"bert.{name}"])}
    assert moved
    assert all(name.startswith(("encoder.layer.1.", "pooler.")) for name in moved)


def test_more_layers_than_the_model_has_are_refused(prepare: Prepare) -> None:
    folder = prepare(technique={"kind": "last_layers", "layers": 3})
    with pytest.raises(UserInputError, match=r"training\.technique\.layers is 3, but the base model has 2 layers"):
        learn(folder, Listener(folder))


@pytest.mark.parametrize("technique", [TECHNIQUES[0], TECHNIQUES[2]], ids=lambda technique: technique["kind"])
def test_the_same_seed_gives_the_same_bytes(technique: dict[str, Any], prepare: Prepare) -> None:
    folders = [prepare(code=code, technique=technique, epochs=2) for code in ("one", "two")]
    for folder in folders:
        learn(folder, Listener(folder))
    assert manifest_of(folders[0] / "model") == manifest_of(folders[1] / "model")


def test_another_seed_gives_another_model(prepare: Prepare) -> None:
    digests = set()
    for seed in (1, 2):
        folder = prepare(seed=seed, epochs=1)
        learn(folder, Listener(folder))
        digests.add(file_sha256(folder / "model" / "model.safetensors"))
    assert len(digests) == 2


@pytest.mark.parametrize(("per_epoch", "killed_after"), [(1, 3), (2, 2)], ids=["between epochs", "inside an epoch"])
def test_a_killed_training_goes_on_to_the_same_model(prepare: Prepare, per_epoch: int, killed_after: int) -> None:
    whole, killed = (prepare(code=code, evaluations_per_epoch=per_epoch) for code in ("whole", "killed"))
    expected = learn(whole, Listener(whole))
    with pytest.raises(Killed):
        learn(killed, Listener(killed, after=killed_after))
    assert not (killed / "model").exists()
    listener = Listener(killed)
    assert learn(killed, listener) == expected
    assert any(note.startswith("goes on from step ") for note in listener.notes)
    assert manifest_of(killed / "model") == manifest_of(whole / "model")


def test_a_torn_checkpoint_is_ignored_with_a_note(prepare: Prepare) -> None:
    folder = prepare()
    with pytest.raises(Killed):
        learn(folder, Listener(folder, after=6))
    newest = folder / "checkpoints" / "checkpoint-6" / "optimizer.pt"
    newest.write_bytes(newest.read_bytes()[:100])
    listener = Listener(folder)
    learn(folder, listener)
    assert listener.notes[0].startswith("the checkpoint of step 6 is damaged and was removed")
    assert (folder / "model" / "model.safetensors").is_file()


def test_at_most_the_best_and_the_newest_checkpoint_are_kept(prepare: Prepare) -> None:
    folder = prepare(epochs=5)
    learn(folder, Listener(folder))
    assert 1 <= len(list((folder / "checkpoints").iterdir())) <= 2


def test_training_stops_early_and_keeps_the_best(prepare: Prepare) -> None:
    folder = prepare(epochs=60, learning_rate=5e-2, early_stopping_patience=1)
    figures = learn(folder, Listener(folder))
    history = json.loads((folder / "model" / "report" / "history.json").read_text())
    assert figures["epochs_done"] < 60
    assert figures["validation_loss"] == pytest.approx(min(entry["loss"] for entry in history["validation"]), rel=1e-3)


def test_the_model_folder_says_what_it_is_and_holds_no_path_of_this_machine(prepare: Prepare, tmp_path: Path) -> None:
    folder = prepare(base_model="bundled:minilm-l6", epochs=0.1, max_tokens=16)
    figures = learn(folder, Listener(folder))
    info = ModelInfo.read(folder / "model")
    assert (info.base_model, info.technique, info.max_tokens, info.seed) == ("bundled:minilm-l6", "full", 16, 17)
    assert info.temperature == figures["temperature"] > 0
    texts = [path.read_text() for path in (folder / "model").rglob("*.json")]
    assert not any("site-packages" in text or str(tmp_path) in text for text in texts)
    assert (folder / "model" / "report" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_too_many_tokens_for_the_base_model_are_refused(prepare: Prepare) -> None:
    folder = prepare(max_tokens=65)
    with pytest.raises(UserInputError, match=r"max_tokens is 65, but .* takes at most 64"):
        learn(folder, Listener(folder))


def test_a_loss_that_is_no_number_stops_the_training(prepare: Prepare) -> None:
    folder = prepare(learning_rate=1e30, warmup_steps=0)
    with pytest.raises(UserInputError, match=r"no longer a number at step \d+: lower training\.learning_rate"):
        learn(folder, Listener(folder))
    assert not (folder / "model").exists()


def test_evaluations_are_evenly_spaced_and_include_the_last_step() -> None:
    assert evaluation_steps(30, steps_per_epoch=10, per_epoch=1) == {10, 20, 30}
    assert evaluation_steps(15, steps_per_epoch=10, per_epoch=2) == {5, 10, 15}
    assert evaluation_steps(3, steps_per_epoch=10, per_epoch=1) == {3}
    assert evaluation_steps(2, steps_per_epoch=1, per_epoch=4) == {1, 2}


def test_what_the_network_said_before_its_adapters_were_merged_is_kept_beside_the_weights(prepare: Prepare) -> None:
    folder = prepare(technique={"kind": "lora", "rank": 4}, epochs=1)
    learn(folder, Listener(folder))
    kept = read_trained_logits(folder / "model", 3)
    assert kept is not None
    rows = rows_to_ask(RunPlan.read(folder).dataset_folder)
    assert kept[0] == rows["id"].tolist()
    texts = rows["text"].tolist()
    assert np.abs(TorchClassifier.load(folder / "model").logits(texts) - kept[1]).max() < 1e-4
