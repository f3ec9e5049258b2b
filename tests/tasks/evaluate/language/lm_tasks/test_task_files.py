"""Task files of the harness are plain YAML with data that lies here, and nothing else gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import UserInputError
from tasks.evaluate.language.lm_tasks.task_files import data_paths, read_task
from tests.tasks.evaluate.language.lm_tasks.arithmetic import TASK, write_task


def test_data_files_are_found_beside_the_task_and_nothing_else_is_changed(tmp_path: Path) -> None:
    path = write_task(tmp_path)
    task = read_task(path, tmp_path / "cache")
    assert task["dataset_kwargs"]["data_files"] == {"test": [str(tmp_path / "questions.json")]}
    assert task["dataset_kwargs"]["cache_dir"] == str(tmp_path / "cache")
    assert task["doc_to_text"] == "{{question}}"
    assert data_paths(path) == [tmp_path / "questions.json"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'doc_to_text: "{{question}}"',
            "doc_to_text: !function utils.read",
            "tags such as !function, which run Python",
        ),
        ("dataset_path: json", "dataset_path: allenai/ai2_arc", "must name local data"),
        ("questions.json", "https://example.com/questions.json", "which is not in"),
        ("{data_files: {test: questions.json}}", "{data_files: {test: questions.json}, name: x}", "nothing else"),
        ("task: arithmetic", "task: [a, b]", "needs `task`, a name"),
        ("task: arithmetic", "include: other.yaml\ntask: arithmetic", "sets include, which is not taken"),
        ("task: arithmetic", "class: os.system\ntask: arithmetic", "sets class, which is not taken"),
        ("{metric: acc}", "{metric: rouge, hf_evaluate: true}", "names a metric that is not taken"),
        ("metric_list: [{metric: acc}]", "num_fewshot: 0", "needs `metric_list`"),
    ],
)
def test_what_would_run_code_or_fetch_something_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TASK
    path = write_task(tmp_path, TASK.replace(old, new))
    with pytest.raises(UserInputError, match=words) as caught:
        read_task(path, tmp_path / "cache")
    assert str(path) in str(caught.value)


def test_a_missing_task_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"none.yaml \(evaluation.lm_tasks.paths\) cannot be read: No such file"):
        read_task(tmp_path / "none.yaml", tmp_path)
    assert data_paths(tmp_path / "none.yaml") == []
