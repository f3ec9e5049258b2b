"""Whole pilots of a classifier on a tiny network: one trains in a process of its own, the others in this one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from infra.settings import settings
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.errors import UserInputError
from tasks.records import DatasetRef
from tasks.store import fetch
from tasks.train.classifier.learning import learn
from tasks.train.config import TrainingConfig
from tasks.train.pilot import piloting
from tasks.train.pilot.config import PilotConfig
from tasks.train.pilot.piloting import pilot_on, training_of_pilot
from tests.tasks.models.tiny_model import make_rows

Make = Callable[..., TrainingConfig]
ALWAYS = PilotConfig(when="always", rows=24, judged_rows=40, epochs=20)


class Heard:
    """Collects what a person is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[float] = []

    def progress(self, done: float, _total: float, _message: str) -> None:
        self.steps.append(done)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train without starting Python anew, which takes most of the time of a tiny training."""

    def run(folder: Path, on_progress: Callable[[float, float, str], None], _on_note: Any) -> dict[str, float]:
        def tell(event: str, **content: Any) -> None:
            if event == "progress":
                on_progress(content["done"], content["total"], content["message"])

        return learn(folder, tell)

    monkeypatch.setattr(piloting, "run_training", run)


def rows_of(seed: int | None) -> DatasetRef:
    """32 rows to train with and 40 to validate; with a seed, their labels are drawn by lot and cannot be learned."""
    rows = make_rows().sample(frac=1, random_state=1)
    if seed is not None:
        rows = rows.assign(label=np.random.default_rng(seed).choice(["card", "login", "refund"], len(rows)))
    splits = {"train": rows[40:], "validation": rows[:40]}
    return keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin={"source": "test"})


@pytest.mark.slow
def test_a_pilot_on_rows_that_can_be_learned_says_yes(tiny_config: Make, heard: Heard) -> None:
    dataset = rows_of(None)
    training = tiny_config(learning_rate=1e-2)
    found = pilot_on(dataset, training, ALWAYS, "code", heard.progress, heard.notes.append)
    assert found is not None
    assert (found.state, found.go_on, found.gate.state) == ("helps", True, "pass")
    assert found.sentence.startswith("Fine-tuning helps: on 40 validation rows, the share of right labels is the base")
    low = found.gains["base"].low
    assert low is not None
    assert found.scores["pilot"].value > found.scores["base"].value
    assert 0 < low < found.gains["base"].value
    folder = fetch(found)
    assert found.sentence in (folder / "report" / "pilot.md").read_text()
    assert (folder / "report" / "pilot.png").read_bytes().startswith(b"\x89PNG")
    judged = pd.read_parquet(folder / "scores.parquet")
    assert set(judged["id"]) == set(pd.read_parquet(fetch(dataset) / "validation.parquet")["id"])
    assert judged["pilot"].mean() == found.scores["pilot"].value
    assert heard.steps
    assert not list((settings().home_path / "runs").iterdir()), "the pilot's run folder is left behind"


@pytest.mark.usefixtures("in_this_process")
def test_a_pilot_on_rows_that_cannot_be_learned_says_no_and_stops_the_run(tiny_config: Make, heard: Heard) -> None:
    training = tiny_config(learning_rate=1e-2)
    found = pilot_on(rows_of(3), training, ALWAYS, "code", heard.progress, heard.notes.append)
    assert found is not None
    assert found.state in ("does_not_help", "not_shown")
    assert not found.go_on
    assert found.gate.state in ("fail", "inconclusive")
    assert heard.notes[-1] == found.sentence
    assert "that fine-tuning helps" in found.sentence or "does not help" in found.sentence


@pytest.mark.usefixtures("in_this_process")
def test_a_pilot_that_takes_too_long_is_ended_with_a_message(tiny_config: Make, heard: Heard) -> None:
    config = ALWAYS.model_copy(update={"max_seconds": 0.01})
    with pytest.raises(UserInputError, match=r"did not end within 0\.01 seconds .* raise pilot\.max_seconds"):
        pilot_on(rows_of(None), tiny_config(), config, "code", heard.progress, heard.notes.append)


def test_a_classifier_is_piloted_only_when_asked_for(tiny_config: Make, dataset: DatasetRef, heard: Heard) -> None:
    for when in ("auto", "never"):
        config = PilotConfig.model_validate({"when": when})
        assert pilot_on(dataset, tiny_config(), config, "code", heard.progress, heard.notes.append) is None


@pytest.mark.parametrize(
    ("stages", "taught"),
    [(("sft", "dpo"), "sft"), (("dpo",), "dpo"), ((), "sft"), (("rloo",), "sft")],
    ids=["first of two", "only one", "the usual", "none that learns from rows as they are"],
)
def test_a_pilot_trains_the_first_stage_that_learns_from_rows(stages: tuple[str, ...], taught: str) -> None:
    technique: dict[str, Any] = {"kind": "lora", "rank": 4}
    training = TrainingConfig.model_validate({"stages": stages, "technique": technique, "batch_size": 64})
    small = training_of_pilot(training, "preference", PilotConfig(epochs=6))
    assert [stage.kind for stage in small.stages] == [taught]
    assert (small.technique, small.epochs, small.batch_size) == (training.technique, 6, 16)
    assert json.loads(small.model_dump_json())["stages"][0]["batch_size"] is None
