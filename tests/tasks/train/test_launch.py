"""One training in several processes: the same losses as in one, and refused where it cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings import settings
from tasks.errors import TrainingFailed, UserInputError
from tasks.models.language_model import LanguageModel
from tasks.models.torch_classifier import TorchClassifier
from tasks.records import DatasetRef, TaskKind
from tasks.store import fetch
from tasks.train import launch, process
from tasks.train.checkpoints import newest_whole
from tasks.train.command import Node, accelerate_settings, command_of
from tasks.train.config import TrainingConfig
from tasks.train.devices import check_devices
from tasks.train.plan import prepare_run
from tasks.train.process import ROOT, run_training
from tests.tasks.models.tiny_model import make_base_model
from tests.tasks.train.language.tiny_language import make_language_dataset, make_qwen3

Prepare = Callable[..., Path]
TWO = {"processes": 2}
SPLIT = {"processes": 2, "sharding": "full"}
LONG = 100_000


def _steady(folder: Path, *, mean: bool) -> Path:
    """A base model without dropout, which would be drawn otherwise in each process."""
    make_base_model(folder, mean=mean)
    config = json.loads((folder / "config.json").read_text())
    without = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config | without))
    return folder


def _trained(folder: Path) -> dict[str, float]:
    notes: list[str] = []
    return run_training(folder, lambda *_: None, notes.append)


def _losses(folder: Path, curve: str = "training") -> list[float]:
    history = json.loads((folder / "model" / "report" / "history.json").read_text())
    return [entry["loss"] for entry in history[curve]]


def _prepare_language(base: Path, task: TaskKind = "instruction", **changes: Any) -> Path:
    dataset = make_language_dataset(task)
    fields = {"base_model": str(base), "epochs": 2, "batch_size": 10, "learning_rate": 5e-3, "max_tokens": 96}
    config = TrainingConfig.model_validate(fields | changes)
    return prepare_run(settings().home_path / "runs", dataset, fetch(dataset), config, "code")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"batch_size": 33, "devices": TWO}, "batch_size is 33, which 2 processes .* multiples of 2"),
        ({"stages": [{"kind": "classify", "batch_size": 5}], "devices": TWO}, "of the stage classify is 5"),
        ({"devices": {"sharding": "full"}}, "nothing can be split over one device"),
        ({"technique": {"kind": "qlora"}, "devices": SPLIT}, "does not go with the technique qlora"),
        ({"stages": ["distil"], "devices": SPLIT}, "does not go with the stage distil"),
    ],
)
def test_devices_that_cannot_share_the_work_are_refused(changes: dict[str, Any], reason: str) -> None:
    if changes.get("stages") == ["distil"]:
        changes = {**changes, "stages": [{"kind": "distil", "teacher": "a/b"}]}
    with pytest.raises(UserInputError, match=reason):
        check_devices(TrainingConfig.model_validate(changes), "classification")


def test_one_process_is_started_plainly_and_several_by_accelerate(prepare: Prepare) -> None:
    alone, folder = prepare(), prepare(devices=TWO)
    assert command_of(alone) == [sys.executable, "-m", "tasks.train.run", str(alone), "--die-with-parent"]
    command = command_of(folder)
    assert command[1:5] == ["-m", "accelerate.commands.launch", "--config_file", str(folder / "accelerate.yaml")]
    assert command[5:] == [*command_of(alone)[1:3], str(folder), "--die-with-parent"]
    written = yaml.safe_load((folder / "accelerate.yaml").read_text())
    assert (written["distributed_type"], written["num_processes"]) == ("MULTI_GPU", 2)
    split = accelerate_settings(TrainingConfig.model_validate({"devices": SPLIT, "activation_checkpointing": True}))
    assert (split["distributed_type"], split["fsdp_config"]["fsdp_version"]) == ("FSDP", 2)
    assert split["fsdp_config"]["fsdp_activation_checkpointing"] is True


def test_each_node_has_its_own_settings_and_its_share_of_the_processes(prepare: Prepare) -> None:
    folder = prepare(devices=TWO)
    second = Node(rank=1, count=2, host="node-0.training", port=29500)
    assert command_of(folder, second)[4] == str(folder / "accelerate-1.yaml")
    written = yaml.safe_load((folder / "accelerate-1.yaml").read_text())
    names = ("num_machines", "machine_rank", "main_process_ip", "main_process_port", "num_processes")
    assert [written[name] for name in names] == [2, 1, "node-0.training", 29500, 2]
    with pytest.raises(UserInputError, match="processes is 2, which 3 nodes cannot share evenly"):
        command_of(folder, Node(rank=0, count=3, host="node-0", port=29500))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--nodes", "2", "--node-rank", "2", "--main", "a:1"], "--node-rank is 2 and --nodes 2; allowed are"),
        (["--nodes", "2", "--node-rank", "1"], "--main is '', and 2 nodes must know where the first one is reached"),
        (["--nodes", "0"], "--node-rank is 0 and --nodes 0; allowed are one node or more"),
        (["--nodes", "2", "--main", "node-0"], "--main is 'node-0'"),
    ],
)
def test_a_node_that_cannot_be_is_refused(
    words: list[str],
    reason: str,
    prepare: Prepare,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["launch", str(prepare(devices=TWO)), *words])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert launch.main() == UserInputError.exit_code
    assert reason in capsys.readouterr().out


@pytest.mark.slow
def test_two_nodes_have_the_losses_of_one_process(tmp_path: Path, prepare: Prepare) -> None:
    changes = {"base_model": str(_steady(tmp_path / "steady", mean=True)), "batch_size": 10, "epochs": 2}
    alone, spread = prepare(**changes), prepare(**changes, devices=TWO)
    _trained(alone)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "tasks.train.launch", str(spread), "--nodes", "2", "--main", place, "--node-rank"]
    nodes = [subprocess.Popen([*command, str(rank)], cwd=ROOT, stdout=subprocess.PIPE, text=True) for rank in range(2)]
    said = [node.communicate(timeout=300)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    assert said[1] == "node 1 is done; the first one has the figures\n"
    assert _losses(spread) == pytest.approx(_losses(alone), abs=1e-4)
    assert _losses(spread, "validation") == pytest.approx(_losses(alone, "validation"), abs=1e-4)


@pytest.mark.slow
def test_a_node_ends_when_another_one_dies(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG, early_stopping_patience=LONG, devices=TWO)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = ["--nodes", "2", "--main", f"127.0.0.1:{free.getsockname()[1]}"]
    command = [sys.executable, "-m", "tasks.train.launch", str(folder), *place, "--node-rank", "1"]
    second = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    first = _launched_until(folder, "step 6 ", *place)
    second.kill()
    second.communicate(timeout=60)
    said, _ = first.communicate(timeout=120)
    assert first.returncode == TrainingFailed.exit_code, said
    assert "It goes on from its newest checkpoint when run again" in said
    _wait_until_nobody_trains(folder)


@pytest.mark.slow
def test_fewer_processes_than_the_config_says_are_refused(prepare: Prepare) -> None:
    command = [sys.executable, "-m", "tasks.train.run", str(prepare(devices=TWO))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == UserInputError.exit_code
    assert "processes is 2, but 1 were started" in json.loads(ended.stdout.splitlines()[-1])["message"]


@pytest.mark.slow
@pytest.mark.parametrize(("smoothing", "mean"), [(0.0, False), (0.1, True)])
def test_a_classifier_has_the_losses_of_one_process_in_two(
    tmp_path: Path, prepare: Prepare, smoothing: float, mean: bool
) -> None:
    base = _steady(tmp_path / "steady", mean=mean)
    changes = {"base_model": str(base), "batch_size": 10, "epochs": 2, "label_smoothing": smoothing}
    runs = [prepare(**changes, devices=devices) for devices in ({}, TWO)]
    alone, both = (_trained(folder) for folder in runs)
    assert both["steps"] == alone["steps"]
    assert _losses(runs[1]) == pytest.approx(_losses(runs[0]), abs=1e-4)
    assert _losses(runs[1], "validation") == pytest.approx(_losses(runs[0], "validation"), abs=1e-4)
    assert TorchClassifier.load(runs[1] / "model").labels == ("card", "login", "refund")


@pytest.mark.slow
@pytest.mark.parametrize("packing", [True, False])
def test_a_language_model_has_the_losses_of_one_process_in_two(tmp_path: Path, packing: bool) -> None:
    base = make_qwen3(tmp_path / "base")
    stages = [{"kind": "sft", "packing": packing}]
    runs = [_prepare_language(base, stages=stages, devices=devices) for devices in ({}, TWO)]
    alone, both = (_trained(folder) for folder in runs)
    assert both["steps"] == alone["steps"]
    assert _losses(runs[1]) == pytest.approx(_losses(runs[0]), abs=1e-4)
    assert both["validation_loss"] == pytest.approx(alone["validation_loss"], abs=1e-4)
    assert LanguageModel.load(runs[1] / "model").info.stages == ("sft",)


@pytest.mark.slow
def test_dpo_has_the_losses_of_one_process_in_two(tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base")
    changes: dict[str, Any] = {"task": "preference", "stages": ["sft", "dpo"], "batch_size": 12}
    runs = [_prepare_language(base, **changes, devices=devices) for devices in ({}, TWO)]
    alone, both = (_trained(folder) for folder in runs)
    assert both["steps"] == alone["steps"]
    assert _losses(runs[1]) == pytest.approx(_losses(runs[0]), abs=1e-4)


@pytest.mark.slow
def test_a_policy_is_trained_against_a_reward_model_in_two_processes(tmp_path: Path) -> None:
    base = make_qwen3(tmp_path / "base")
    policy = {"kind": "rloo", "generations": 2, "max_answer_tokens": 8, "rewards": [{"kind": "reward_model"}]}
    changes: dict[str, Any] = {"task": "preference", "stages": ["sft", "reward", policy], "batch_size": 12, "epochs": 1}
    runs = [_prepare_language(base, **changes, devices=devices) for devices in ({}, TWO)]
    alone, both = (_trained(folder) for folder in runs)
    assert both["steps"] == alone["steps"]
    # The policy draws other answers in each process; what stands before it is the same.
    assert both["reward_train_loss"] == pytest.approx(alone["reward_train_loss"], abs=1e-4)
    assert LanguageModel.load(runs[1] / "model").info.stages == ("sft", "reward", "rloo")


@pytest.fixture
def split_on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets trainings split their model over CPU processes."""

    def command(folder: Path, node: Node) -> list[str]:
        words = command_of(folder, node)
        split = "tests.tasks.train.split_on_cpu" if (folder / "accelerate.yaml").exists() else "tasks.train.run"
        return [split if word == "tasks.train.run" else word for word in words]

    monkeypatch.setattr(process, "command_of", command)


@pytest.mark.slow
@pytest.mark.usefixtures("split_on_cpu")
@pytest.mark.parametrize("technique", [{"kind": "full"}, {"kind": "lora", "rank": 4, "dropout": 0.0}], ids=str)
def test_a_model_that_is_split_over_two_processes_has_the_losses_of_one(
    tmp_path: Path, technique: dict[str, Any]
) -> None:
    base = make_qwen3(tmp_path / "base")
    changes: dict[str, Any] = {"stages": ["sft"], "batch_size": 12, "technique": technique}
    runs = [_prepare_language(base, **changes, devices=devices) for devices in ({}, SPLIT)]
    alone, split = (_trained(folder) for folder in runs)
    assert split["steps"] == alone["steps"]
    assert _losses(runs[1]) == pytest.approx(_losses(runs[0]), abs=1e-4)
    assert LanguageModel.load(runs[1] / "model").info.stages == ("sft",)


@pytest.mark.slow
def test_two_processes_told_to_stop_save_and_go_on_where_they_were(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG, early_stopping_patience=LONG, devices=TWO)
    child = _launched_until(folder, "step 12 ")
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 143
    _wait_until_nobody_trains(folder)
    kept = newest_whole(folder / "checkpoints", pytest.fail)
    assert kept is not None
    assert {path.name for path in kept.glob("rng_state_*")} == {"rng_state_0.pth", "rng_state_1.pth"}
    child = _launched_until(folder, f"goes on from step {kept.name.removeprefix('checkpoint-')} ")
    child.kill()
    child.communicate(timeout=60)
    _wait_until_nobody_trains(folder)


@pytest.mark.slow
def test_every_process_dies_with_the_one_that_started_them(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG, early_stopping_patience=LONG, devices=TWO)
    child = _launched_until(folder, "step 6 ")
    child.kill()
    child.communicate(timeout=60)
    _wait_until_nobody_trains(folder)


@pytest.mark.slow
def test_the_cause_is_quoted_when_one_of_two_processes_fails(dataset: DatasetRef, prepare: Prepare) -> None:
    folder = prepare(batch_size=10, devices=TWO)
    (fetch(dataset) / "train.parquet").write_bytes(b"torn")
    with pytest.raises(TrainingFailed, match="ArrowInvalid") as caught:
        _trained(folder)
    assert "ChildFailedError" not in str(caught.value)


@pytest.mark.slow
def test_splitting_a_model_over_processors_is_refused_in_words(prepare: Prepare) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("here it could be split over GPUs")
    with pytest.raises(UserInputError, match="this machine has no GPU"):
        _trained(prepare(batch_size=10, devices=SPLIT))


def _launched_until(folder: Path, words: str, *options: str) -> subprocess.Popen[str]:
    """The launched training, once a line that it prints begins with `words`."""
    command = [sys.executable, "-m", "tasks.train.launch", str(folder), *options]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    while not child.stdout.readline().startswith(words):
        assert child.poll() is None
    return child


def _wait_until_nobody_trains(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not _processes_of(folder):
            return
        time.sleep(0.2)
    pytest.fail(f"still running: {_processes_of(folder)}")


def _processes_of(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(folder).encode() in words:
                found.append(int(entry.name))
    return found
