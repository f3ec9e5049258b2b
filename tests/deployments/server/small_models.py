"""Small real models and real releases of them: a bag-of-words graph, a report, a verdict, a log entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from infra.storage import StoredFolder
from tasks.models.info import ModelInfo
from tasks.records import Artefact, Release
from tasks.release.log import append, read_log
from tasks.store import keep, workspace
from tests.tasks.models.tiny_language_model import info_of

MODEL = "tiny"
WORDS = ("refund", "parcel", "password")
PRESENT = {"refund": "money", "parcel": "delivery", "password": "account"}
OTHER = {"refund": "payment", "parcel": "shipping", "password": "login"}
"""Two models are told apart by their labels for the same words."""


def write_model(folder: Path, labels: dict[str, str], temperature: float = 1.0) -> None:
    """Write a model that finds each word's label, with a logit of 5 for each time that the word is there."""
    vocabulary = {"[PAD]": 0, "[UNK]": 1, **{word: number for number, word in enumerate(WORDS, 2)}}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    names = tuple(labels[word] for word in WORDS)
    ModelInfo(
        labels=names,
        temperature=temperature,
        max_tokens=16,
        base_model="bag-of-words",
        technique="full",
        dataset_digest="0" * 64,
        seed=0,
    ).write(folder)
    weights = np.zeros((len(vocabulary), len(WORDS)), dtype=np.float32)
    weights[2:] = 5 * np.eye(len(WORDS))
    (folder / "onnx").mkdir()
    onnx.save(_graph(weights), str(folder / "onnx" / "model.onnx"))


def _graph(weights: np.ndarray[Any, Any]) -> Any:
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "middle"], ["logits"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", len(WORDS)])]
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "middle"),
    ]
    graph = helper.make_graph(nodes, "bag-of-words", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def keep_model(labels: dict[str, str], temperature: float = 1.0) -> StoredFolder:
    """Put a model into the store."""
    with workspace("model") as folder:
        write_model(folder, labels, temperature)
        return keep("models", folder)


def keep_language_model() -> StoredFolder:
    """Put what says that it is a language model into the store; nobody loads it."""
    with workspace("model") as folder:
        info_of("chat").write(folder)
        return keep("models", folder)


def keep_report(predicted: list[str]) -> StoredFolder:
    """Put a report into the store whose model predicted these labels on the holdout."""
    with workspace("report") as folder:
        ids = [str(number) for number in range(len(predicted))]
        rows = {"id": ids, "label": predicted, "predicted": predicted, "confidence": [0.9] * len(predicted)}
        pd.DataFrame(rows).to_parquet(folder / "predictions.parquet")
        return keep("reports", folder)


def keep_verdict(candidate_digest: str, state: str = "pass", report: StoredFolder | None = None) -> StoredFolder:
    """Put a verdict about a candidate into the store."""
    with workspace("verdict") as folder:
        content = {"state": state, "candidate_digest": candidate_digest, "report_uri": report.uri if report else None}
        (folder / "verdict.json").write_text(json.dumps(content))
        return keep("verdicts", folder)


def log_entry(model: StoredFolder, verdict: StoredFolder, kind: str = "release") -> Release:
    """Append an entry to the log, whatever it says: a writer that went wrong would do the same."""
    return append(
        read_log(MODEL),
        model=MODEL,
        kind=kind,
        released=Artefact(uri=model.uri, digest=model.digest),
        verdict=Artefact(uri=verdict.uri, digest=verdict.digest),
        by="test",
        why="test",
    )


def release(labels: dict[str, str], temperature: float = 1.0, predicted: list[str] | None = None) -> Release:
    """Release a model with a verdict that let it pass, judged by a report of these predictions."""
    model = keep_model(labels, temperature)
    report = keep_report(predicted or sorted(labels.values()))
    return log_entry(model, keep_verdict(model.digest, report=report))


def model_folder(entry: Release) -> Path:
    """The stored folder of a released model."""
    return Path(entry.model_uri.removeprefix("file://"))
