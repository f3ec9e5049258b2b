"""Whatever is trained: it goes on where it was, stops before it spoils a checkpoint, and says what it does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from tasks.errors import TrainingFailed, UserInputError
from tasks.train import checkpoints
from tasks.train.checkpoints import is_whole, steps_on
from tasks.train.pace import curve_values
from tasks.train.steering import train_to_the_end
from tasks.train.stopping import STOP, Stopped
from tests.tasks.train.line_trainer import STEPS, losses, make_steering, make_trainer

OFTEN, RARELY = 1e-6, 1e6


class Killed(BaseException):
    """Stands for a process that is killed."""


def killed_at(folder: Path, step: int, pauses: set[int], minutes: float, **changes: Any) -> None:
    """Train until the event of a step, and die there."""
    steering = make_steering(folder, pauses, checkpoint_minutes=minutes)

    def tell(_event: str, **content: Any) -> None:
        if content.get("done", 0) >= step:
            raise Killed

    steering.tell = tell
    with pytest.raises(Killed):
        train_to_the_end(make_trainer(steering, **changes), steering)


@pytest.fixture
def stop_request() -> Iterator[None]:
    yield
    STOP.heard = False


def test_checkpoints_come_between_evaluations_as_often_as_asked(tmp_path: Path) -> None:
    killed_at(tmp_path / "often", 7, {STEPS}, OFTEN)
    killed_at(tmp_path / "rarely", 7, {STEPS}, RARELY)
    assert steps_on(tmp_path / "often" / "checkpoints")
    assert not steps_on(tmp_path / "rarely" / "checkpoints")


@pytest.mark.parametrize(("step", "logging_steps"), [(8, 1), (9, 1), (20, 3)])
def test_the_resumed_loss_curve_is_the_same_to_the_bit(step: int, logging_steps: int, tmp_path: Path) -> None:
    whole = make_steering(tmp_path / "whole", {8, 16, STEPS})
    expected = train_to_the_end(make_trainer(whole, logging_steps=logging_steps), whole)
    killed_at(tmp_path / "killed", step, {8, 16, STEPS}, OFTEN, logging_steps=logging_steps)
    again = make_steering(tmp_path / "killed", {8, 16, STEPS})
    log = train_to_the_end(make_trainer(again, logging_steps=logging_steps), again)
    assert losses(log) == losses(expected)
    assert again.best(log).name == whole.best(expected).name


def test_told_to_stop_it_writes_one_more_checkpoint_and_goes_on_to_the_same_curve(
    tmp_path: Path, stop_request: None
) -> None:
    whole = make_steering(tmp_path / "whole", {STEPS})
    expected = train_to_the_end(make_trainer(whole, logging_steps=5), whole)
    steering = make_steering(tmp_path / "stopped", {STEPS}, checkpoint_minutes=RARELY)
    trainer = make_trainer(steering, logging_steps=5)
    trainer.add_callback(StopAt(7))
    with pytest.raises(Stopped, match=r"told to stop \(SIGTERM\) and ended after step 8"):
        train_to_the_end(trainer, steering)
    STOP.heard = False
    assert steps_on(tmp_path / "stopped" / "checkpoints") == [8]
    again = make_steering(tmp_path / "stopped", {STEPS})
    assert losses(train_to_the_end(make_trainer(again, logging_steps=5), again)) == losses(expected)


class StopAt(TrainerCallback):  # type: ignore[misc]
    """Has the process told to stop after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        STOP.heard = STOP.heard or state.global_step >= self.step


def test_one_loss_that_is_no_number_stops_it_with_the_rows_of_its_batch(tmp_path: Path) -> None:
    steering = make_steering(tmp_path, {STEPS}, checkpoint_minutes=OFTEN)
    # Only each tenth step is logged, and the row that does the harm comes before that.
    trainer = make_trainer(steering, nan_at=5, logging_steps=10)
    with pytest.raises(UserInputError) as refused:
        train_to_the_end(trainer, steering)
    message = str(refused.value)
    assert "the training loss is no longer a number at step" in message
    assert "lower training.learning_rate (now 0.01)" in message
    assert "r5" in message.rpartition("the ids ")[2].split(", ")
    assert all(torch.isfinite(parameter).all() for parameter in saved_weights(tmp_path))


def saved_weights(folder: Path) -> list[torch.Tensor]:
    from safetensors.torch import load_file

    files = (folder / "checkpoints").glob("*/model.safetensors")
    return [tensor for file in files for tensor in load_file(file).values()]


def test_a_loss_that_explodes_stops_it(tmp_path: Path) -> None:
    steering = make_steering(tmp_path, {1000})
    changes: dict[str, Any] = {
        "learning_rate": 0.5,
        "max_grad_norm": 0.0,
        "lr_scheduler_type": "constant",
        "optim": "sgd",
    }
    trainer = make_trainer(steering, max_steps=1000, **changes)
    with pytest.raises(UserInputError, match=r"loss has exploded by step \d+: .*; the medians of the \d+ steps before"):
        train_to_the_end(trainer, steering)
    assert trainer.state.global_step < 100


def test_a_full_disk_says_where_and_how_much_and_leaves_the_older_checkpoints_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steering = make_steering(tmp_path, {8, 16, STEPS})
    real = checkpoints._sync

    def no_room(path: Path) -> None:
        if "checkpoint-16" in str(path):
            raise OSError(28, "No space left on device")
        real(path)

    monkeypatch.setattr(checkpoints, "_sync", no_room)
    with pytest.raises(TrainingFailed, match=r"checkpoint-16 cannot be written to .*incoming: there is no room left"):
        train_to_the_end(make_trainer(steering), steering)
    assert is_whole(tmp_path / "checkpoints" / "checkpoint-8")
    monkeypatch.setattr(checkpoints, "_sync", real)
    again = make_steering(tmp_path, {8, 16, STEPS})
    train_to_the_end(make_trainer(again), again)
    assert again.tell.events[0]["message"] == "goes on from step 8 of 24"  # type: ignore[attr-defined]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 kB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() or mount is None or unmount is None:
        pytest.skip("only root may mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    # Lazily: the writer that failed may still hold its file.
    subprocess.run([unmount, "-l", str(place)], check=True)


def test_a_really_full_disk_is_told_too_and_goes_on_once_there_is_room(small_disk: Path) -> None:
    pauses = {8, 16, STEPS}
    first = make_steering(small_disk / "run", pauses)
    trainer = make_trainer(first, max_steps=STEPS)
    trainer.add_callback(Fill(small_disk, 8))
    with pytest.raises(TrainingFailed, match=r"no room left .*One checkpoint takes 0\.\d MB.*larger disk"):
        train_to_the_end(trainer, first)
    (small_disk / "ballast").unlink()
    assert is_whole(small_disk / "run" / "checkpoints" / "checkpoint-8")
    again = make_steering(small_disk / "run", pauses)
    train_to_the_end(make_trainer(again), again)
    assert again.tell.events[0]["message"] == "goes on from step 8 of 24"  # type: ignore[attr-defined]


class Fill(TrainerCallback):  # type: ignore[misc]
    """Fills the disk some steps after a step."""

    def __init__(self, disk: Path, step: int) -> None:
        self.disk, self.step = disk, step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.step + 4:
            free = shutil.disk_usage(self.disk).free
            (self.disk / "ballast").write_bytes(bytes(max(0, free - 4096)))


def test_progress_says_how_far_how_fast_and_what_was_measured(tmp_path: Path) -> None:
    steering = make_steering(tmp_path, {12, STEPS})
    train_to_the_end(make_trainer(steering), steering)
    events = [event for event in steering.tell.events if "measures" in event]  # type: ignore[attr-defined]
    trained = [event for event in events if "train/loss" in event["measures"]]
    assert [event["measured_at"] for event in trained] == list(range(1, STEPS + 1))
    assert {"train/loss", "train/learning_rate", "system/cpu_percent", "system/memory_bytes"} <= set(
        trained[-1]["measures"]
    )
    assert trained[3]["seconds_left"] > 0
    scored = [event["measured_at"] for event in events if "validation/loss" in event["measures"]]
    assert scored == [12, STEPS]


def test_curves_have_the_names_of_the_models_history() -> None:
    assert curve_values({"loss": 1.0, "learning_rate": 0.1, "epoch": 2.0}) == {
        "train/loss": 1.0,
        "train/learning_rate": 0.1,
    }
    scored = {"eval_cross_entropy": 0.5, "eval_loss": 0.7, "eval_accuracy": 0.9, "eval_runtime": 3.0}
    assert curve_values(scored) == {"validation/loss": 0.5, "validation/accuracy": 0.9}
    assert curve_values({"eval_loss": 0.7}) == {"validation/loss": 0.7}


def test_sigterm_where_nobody_trains_ends_at_once(stop_request: None) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        STOP.listen()
        with pytest.raises(Stopped, match="before its first step"):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.gpu
def test_on_a_gpu_every_step_is_judged_though_no_step_waits(tmp_path: Path) -> None:
    steering = make_steering(tmp_path, {STEPS})
    trainer = make_trainer(steering, nan_at=5, logging_steps=10)
    assert trainer.args.device.type == "cuda"
    with pytest.raises(UserInputError, match=r"no longer a number at step \d+"):
        train_to_the_end(trainer, steering)
