"""The data of every task kind through acquire, validate, curate, synthesize and advise; nothing is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.config import RetrainConfig
from flows.prepare import prepare
from tasks.datasets.folder import read_split
from tasks.records import DatasetRef

pytestmark = pytest.mark.usefixtures("prefect_server")
THINGS = ("kettle", "bicycle", "violin", "lantern", "teapot", "canoe", "drum", "ladder", "mirror", "sofa")


def asked() -> list[str]:
    return [f"How do I {verb} a {thing} that I bought?" for verb in ("clean", "mend", "sell") for thing in THINGS * 2]


def prepared(folder: Path, lines: list[dict[str, Any]], **data: Any) -> DatasetRef:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    config = {
        "model": "prepared",
        "data": {"train": {"kind": "file", "path": str(path)}, **data},
        "validation": {"min_rows": 20},
        "curation": {"max_embedded_rows": 0},
        "advice": {"learning_curve": False},
    }
    return prepare(RetrainConfig.model_validate(config))


def test_instructions_are_prepared_and_repeats_are_merged(tmp_path: Path) -> None:
    lines = [{"text": text, "answer": f"With care, and slowly. {text}"} for text in asked()]
    result = prepared(tmp_path, lines, task="instruction")
    assert (result.task, result.merged) == ("instruction", 30)
    assert sum(result.rows.values()) == 30
    assert set(result.rows) == {"train", "validation", "holdout"}
    assert read_split(result, "train")["answer"].notna().all()


def test_chats_are_prepared_and_personal_data_is_masked_inside_the_messages(tmp_path: Path) -> None:
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"{text} Write to ann{number}@mail.acme.io"},
                {"role": "assistant", "content": f"Gladly, number {number}."},
            ]
        }
        for number, text in enumerate(dict.fromkeys(asked()))
    ]
    result = prepared(tmp_path, lines, task="chat")
    train = read_split(result, "train")
    assert all("<EMAIL>" in json.loads(text)[-1]["content"] for text in train["text"])
    assert result.qualities["compliance"] == 0


def test_preferences_with_two_equal_answers_are_set_aside(tmp_path: Path) -> None:
    texts = list(dict.fromkeys(asked()))
    lines = [{"text": text, "answer": f"Softly: {text}", "rejected": f"Never: {text}"} for text in texts]
    lines[3]["rejected"] = lines[3]["answer"]
    result = prepared(tmp_path, lines, task="preference")
    assert result.quarantined == {"same_answers": 1}
    assert read_split(result, "train")["rejected"].notna().all()
