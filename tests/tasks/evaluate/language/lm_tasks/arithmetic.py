"""A small task of the LM Evaluation Harness with its questions, as a user would write it."""

from __future__ import annotations

import json
from pathlib import Path

TASK = """
task: arithmetic
dataset_path: json
dataset_kwargs: {data_files: {test: questions.json}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{answer}}"
metric_list: [{metric: acc}]
"""
QUESTIONS = [
    {"question": f"What is {first} + {second}?", "choices": [str(first + second), str(first + second + 1)], "answer": 0}
    for first in range(4)
    for second in range(3)
]


def write_task(folder: Path, task: str = TASK) -> Path:
    """The task's file, its questions beside it."""
    (folder / "questions.json").write_text("\n".join(json.dumps(question) for question in QUESTIONS), encoding="utf-8")
    path = folder / "arithmetic.yaml"
    path.write_text(task, encoding="utf-8")
    return path
