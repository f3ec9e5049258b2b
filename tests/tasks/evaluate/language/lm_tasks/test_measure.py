"""Tasks of the LM Evaluation Harness, on a real language model of a few thousand parameters and local files."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.lm_tasks.config import LmTasksConfig
from tasks.evaluate.language.lm_tasks.measure import measure_lm_tasks
from tasks.evaluate.language.lm_tasks.plot import plot_lm_tasks
from tasks.evaluate.language.subject import LanguageSubject
from tasks.models.language_model import LanguageModel
from tests.tasks.evaluate.language.answering_model import subject_of
from tests.tasks.evaluate.language.lm_tasks.arithmetic import TASK, write_task
from tests.tasks.models.tiny_language_model import make_language_model

EVALUATION = EvaluationConfig(bootstrap_samples=100)
GENERATED = (
    TASK.replace("output_type: multiple_choice", "output_type: generate_until")
    .replace('doc_to_choice: "{{choices}}"\n', "")
    .replace("{metric: acc}", "{metric: exact_match}")
    + "generation_kwargs: {until: ['.'], max_gen_toks: 4}\n"
)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> LanguageSubject:
    folder = make_language_model(tmp_path_factory.mktemp("model"))
    return replace(subject_of([("a", "b", "c")]), model_folder=folder, model=LanguageModel.load(folder))


def test_without_the_harness_the_error_says_how_to_get_it(
    subject: LanguageSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    config = LmTasksConfig(paths=(str(write_task(tmp_path)),))
    with pytest.raises(UserInputError, match=r'is not installed .*run `pip install "lm-eval>=0.4.13"'):
        measure_lm_tasks(subject, config, EVALUATION)


def test_a_task_of_choices_is_scored_question_by_question(subject: LanguageSubject, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra lm-eval is not installed")
    config = LmTasksConfig(paths=(str(write_task(tmp_path)),), rows=8)
    found = measure_lm_tasks(subject, config, EVALUATION)
    assert list(found.table["question"]) == list(range(8))
    accuracy = found.metrics["lm_tasks.arithmetic.acc"]
    assert accuracy.value == found.table["score"].mean()
    assert accuracy.low is not None
    assert accuracy.low < accuracy.value or accuracy.value == 0
    plot_lm_tasks(found.table, found.metrics, tmp_path / "tasks.png")
    assert imread(tmp_path / "tasks.png")[..., :3].std() > 0.02


def test_a_task_that_is_answered_in_words_is_scored_too(subject: LanguageSubject, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra lm-eval is not installed")
    config = LmTasksConfig(paths=(str(write_task(tmp_path, GENERATED)),), rows=3)
    found = measure_lm_tasks(subject, config, EVALUATION)
    assert found.metrics["lm_tasks.arithmetic.exact_match"].value == 0
    assert found.missing == ""


def test_what_the_harness_cannot_run_is_refused_in_one_message(subject: LanguageSubject, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra lm-eval is not installed")
    strange = LmTasksConfig(paths=(str(write_task(tmp_path, TASK.replace("acc}", "bertscore}"))),))
    with pytest.raises(UserInputError, match="asks for the metric bertscore, which the harness does not have"):
        measure_lm_tasks(subject, strange, EVALUATION)
    broken = LmTasksConfig(paths=(str(write_task(tmp_path, TASK.replace("test_split: test", "test_split: exam"))),))
    with pytest.raises(UserInputError, match="cannot run arithmetic"):
        measure_lm_tasks(subject, broken, EVALUATION)
    template = LmTasksConfig(paths=(str(write_task(tmp_path, TASK.replace("{{question}}", "{{question"))),))
    with pytest.raises(UserInputError, match="cannot run arithmetic .TemplateSyntaxError"):
        measure_lm_tasks(subject, template, EVALUATION)
    data = LmTasksConfig(paths=(str(write_task(tmp_path)),))
    (tmp_path / "questions.json").write_text("{torn")
    with pytest.raises(UserInputError, match="cannot run arithmetic"):
        measure_lm_tasks(subject, data, EVALUATION)


def test_two_tasks_of_one_name_are_refused(subject: LanguageSubject, tmp_path: Path) -> None:
    path = str(write_task(tmp_path))
    with pytest.raises(UserInputError, match="two files of evaluation.lm_tasks.paths are called arithmetic"):
        measure_lm_tasks(subject, LmTasksConfig(paths=(path, path)), EVALUATION)
