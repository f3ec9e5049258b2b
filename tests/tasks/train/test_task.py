"""The stage: a process of its own that leaves nothing behind, whatever happens to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.settings import settings
from tasks.errors import TrainingFailed, UserInputError
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef
from tasks.store import fetch_whole
from tasks.train import process
from tasks.train.config import TrainingConfig
from tasks.train.process import run_training
from tasks.train.task import in_words, train
from tests.tasks.models.tiny_model import make_dataset
from tests.tasks.train.language.tiny_language import make_language_dataset, make_qwen3

Config = Callable[..., TrainingConfig]
Prepare = Callable[..., Path]
LONG = 100_000


def ignore(*_: object) -> None:
    """A listener that does not listen."""


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_stages_that_the_rows_cannot_teach_are_refused_with_those_that_they_can(
    dataset: DatasetRef, tiny_config: Config
) -> None:
    with pytest.raises(
        UserInputError, match=r"names dpo, which rows of the task chat .* allowed are sft, distil, rloo"
    ):
        train.fn(dataset.model_copy(update={"task": "chat"}), tiny_config(stages=["dpo"]))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_language_model_is_trained_stored_and_put_into_words(tiny_config: Config, tmp_path: Path) -> None:
    config = tiny_config(base_model=str(make_qwen3(tmp_path / "base")), epochs=1, max_tokens=96)
    model = train.fn(make_language_dataset("preference"), config)  # type: ignore[attr-defined]
    assert ModelInfo.read(fetch_whole(model)).stages == ("sft", "dpo")
    assert re.fullmatch(
        r"4 steps, validation loss \d\.\d{3} \(perplexity [\d.]+\), preference accuracy [\d.]+%, model \w{12}",
        in_words(model),
    )


def test_a_model_is_stored_with_its_figures_and_the_run_folder_is_gone(
    dataset: DatasetRef, tiny_config: Config
) -> None:
    model = train.fn(dataset, tiny_config(epochs=1))  # type: ignore[attr-defined]
    folder = fetch_whole(model)
    assert {"model.safetensors", "config.json", "tokenizer.json", "refit.json", "report"} <= {
        p.name for p in folder.iterdir()
    }
    assert model.dataset_digest == dataset.digest
    names = (
        "train_loss validation_loss validation_accuracy steps epochs_done parameters trainable_parameters temperature"
    )
    assert set(names.split()) <= set(model.metrics)
    assert not list((settings().home_path / "runs").iterdir())


def test_one_label_is_refused_before_anything_starts(tiny_config: Config) -> None:
    with pytest.raises(UserInputError, match=r"1 label\(s\) \(card\); a classifier needs at least two"):
        train.fn(make_dataset(("card",), validation=4), tiny_config())  # type: ignore[attr-defined]


@pytest.mark.slow
def test_what_the_user_must_mend_comes_back_as_such(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nothing-known"}')
    (tmp_path / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(UserInputError, match=r"cannot be loaded: .*allowed are bundled:minilm-l6"):
        run_training(prepare(base_model=str(tmp_path)), ignore, ignore)


def test_a_killed_process_is_a_failure_with_its_reason(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, sys; print('the last words', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)"
    monkeypatch.setattr(process, "command_of", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(TrainingFailed, match=r"killed by SIGKILL[\s\S]*the last words"):
        run_training(prepare(), ignore, ignore)


@pytest.mark.slow
def test_ctrl_c_ends_the_process_and_leaves_no_model(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG)
    started: list[int] = []

    def interrupt(done: float, total: float, message: str) -> None:
        started.append(json.loads((folder / "lock").read_text())["pid"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_training(folder, interrupt, ignore)
    assert not is_alive(started[0])
    assert not (folder / "model").exists()


@pytest.mark.slow
def test_a_parent_that_is_killed_leaves_no_orphan(prepare: Prepare) -> None:
    folder = prepare(epochs=LONG)
    script = (
        "import pathlib, sys; from tasks.train.process import run_training;"
        "run_training(pathlib.Path(sys.argv[1]), lambda *a: print(*a, flush=True), print)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, cwd=process.ROOT)
    try:
        assert parent.stdout is not None
        parent.stdout.readline()
        child = json.loads((folder / "lock").read_text())["pid"]
        assert is_alive(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert wait_until(lambda: not is_alive(child))
    finally:
        parent.kill()
        parent.communicate()


def test_two_trainings_never_share_a_folder(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.train import run

    folder = prepare()
    monkeypatch.setattr(run, "LOCK_WAIT_SECONDS", 0.0)
    with run.only_one(folder), pytest.raises(TrainingFailed, match=f"already runs in .* as process {os.getpid()}"):
        run.only_one(folder)
