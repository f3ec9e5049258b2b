"""The stage `evaluate` with every measure of a language model, on a real one of a few thousand parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.image import imread

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.prompt_attacks.suite import BUNDLED
from tasks.evaluate.language.rooms import LANGUAGE_ROOMS
from tasks.evaluate.named_files import files_digest, named_files
from tasks.evaluate.task import evaluate
from tasks.records import DatasetRef, ModelRef, Report
from tasks.store import fetch_whole, keep
from tests.tasks.evaluate.language.lm_tasks.arithmetic import write_task
from tests.tasks.models.known_speaker import make_answered_rows
from tests.tasks.models.tiny_language_model import make_language_model

QUICK: dict[str, Any] = {
    "parity": None,
    "bootstrap_samples": 100,
    "generated_rows": 6,
    "max_answer_tokens": 24,
    "timed_answers": 2,
}
ROOMS: dict[str, Any] = {
    "consistency": {"rows": 4, "samples": 2, "settings": [{"temperature": 0.5}, {"temperature": 1, "top_k": 5}]},
    "grounding": {"least_similarity": None},
    "prompt_attacks": {},
    "checks": {"rules": [{"rule": {"kind": "wording", "holds": ["parcel"]}, "name": "about_parcels"}]},
}
run = evaluate.fn  # type: ignore[attr-defined]


@pytest.fixture
def model(tmp_path: Path) -> ModelRef:
    stored = keep("models", make_language_model(tmp_path / "model"))
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest="d")


def dataset() -> DatasetRef:
    rows = make_answered_rows(24).assign(source="test", row=range(1, 25))
    rows["text"] += " Write to ann@example.org."
    splits = {"train": rows[:12], "holdout": rows[12:]}
    return keep_dataset(splits, empty_rows(), rows_in=24, merged=0, origin={}, task="instruction")


def test_what_is_asked_for_is_measured_drawn_and_quoted_with_masks(model: ModelRef) -> None:
    report: Report = run(model, dataset(), EvaluationConfig.model_validate({**QUICK, **ROOMS}))
    wanted = {"consistency", "consistency.t1_k5", "prompt_attack_success", "checks_passed"}
    assert wanted <= set(report.metrics)
    assert all(report.metrics[name].low is not None for name in wanted)
    # Random weights write no words, so that nothing is claimed, and it says so.
    assert "claim nothing" in report.missing["grounding"]
    folder = fetch_whole(report) / "report"
    for name in set(ROOMS) - {"grounding"}:
        assert imread(folder / f"{name}.png")[..., :3].std() > 0.01, name
        assert "ann@example.org" not in (folder / f"{name}.csv").read_text()
    page = (folder / "figures.md").read_text()
    assert "| Prompt attacks that worked |" in page
    assert len(pd.read_csv(folder / "prompt_attacks.csv")) == 60


def test_without_them_the_report_is_as_it_was(model: ModelRef) -> None:
    report: Report = run(model, dataset(), EvaluationConfig.model_validate(QUICK))
    names = {path.stem for path in (fetch_whole(report) / "report").iterdir()}
    assert names.isdisjoint(LANGUAGE_ROOMS)
    assert report.missing == {}


def test_every_measure_is_a_part_of_the_section() -> None:
    assert set(LANGUAGE_ROOMS) <= set(EvaluationConfig.model_fields)


def test_another_content_of_a_named_file_is_another_input_of_the_stage(tmp_path: Path) -> None:
    task, schema, suite, rules = write_task(tmp_path), *(tmp_path / name for name in ("s.json", "a.yaml", "r.txt"))
    config = EvaluationConfig.model_validate(
        {
            "lm_tasks": {"paths": [str(task)]},
            "checks": {"rules": [{"rule": {"kind": "json_schema", "schema_file": str(schema)}}]},
            "prompt_attacks": {"path": str(suite)},
            "grounding": {"sources_path": str(rules)},
        }
    )
    assert set(named_files(config)) == {task, tmp_path / "questions.json", schema, suite, BUNDLED, rules}
    for path in (task, tmp_path / "questions.json", schema, suite, rules):
        before = files_digest(config)
        path.write_text("{}" if path.suffix == ".json" else f"# another\n{path.read_text() if path.exists() else ''}")
        assert files_digest(config) != before, path.name
    assert files_digest(EvaluationConfig()) == files_digest(EvaluationConfig(seed=3))
