"""A model folder that runs, made in milliseconds: each word votes for a label. And the verdicts that judge it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tasks.models.info import ModelInfo
from tasks.records import Artefact, GateResult, ModelRef, State, Verdict
from tasks.store import keep, workspace

WORDS = ("[PAD]", "[UNK]", "card", "lost", "refund", "money", "login", "password")
LABELS = ("card", "login", "refund")
VOTES = {"card": 0, "lost": 0, "refund": 2, "money": 2, "login": 1, "password": 1}


def write_model(folder: Path, seed: int = 0, report: bool = True) -> None:
    """Write a model of LABELS; another seed gives another digest and the same answers."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    votes = np.zeros((len(WORDS), len(LABELS)), dtype=np.float32)
    for word, label in VOTES.items():
        votes[WORDS.index(word), label] = 3.0
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "tokens"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["rows", "tokens"])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", len(LABELS)])
    axis = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["seen"]),
        helper.make_node("Gather", ["votes", "seen"], ["each"], axis=0),
        helper.make_node("ReduceSum", ["each", "axis"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "votes", [ids, mask], [logits], [numpy_helper.from_array(votes, "votes"), axis])
    (folder / "onnx").mkdir(parents=True)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "onnx/model.onnx"
    )
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    (folder / "model.safetensors").write_bytes(bytes([seed]) * 64)
    ModelInfo(
        labels=LABELS,
        temperature=1.5,
        max_tokens=16,
        base_model="words",
        technique="full",
        dataset_digest="d" * 64,
        seed=seed,
    ).write(folder)
    if report:
        (folder / "report").mkdir()
        curves = {
            "training": [
                {"step": 1, "loss": 2.0, "learning_rate": 1e-4},
                {"step": 2, "loss": 1.0, "learning_rate": 2e-4},
            ],
            "validation": [{"step": 2, "loss": 1.1, "accuracy": 0.7}],
        }
        (folder / "report/history.json").write_text(json.dumps(curves))


def stored_model(seed: int = 0) -> ModelRef:
    """A stored model; the same seed gives the same digest."""
    with workspace("model") as folder:
        write_model(folder, seed)
        stored = keep("models", folder)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest="d" * 64, metrics={"steps": 2.0})


def stored_verdict(candidate: Artefact, champion: Artefact | None = None, state: State = "pass") -> Verdict:
    """A stored verdict with one gate of that state."""
    gate = GateResult(
        name="quality", measured=0.9, low=0.85, high=0.95, limit=0.8, state=state, reason=f"it is {state}"
    )
    said = {
        "state": state,
        "gates": [gate.model_dump(mode="json")],
        "candidate_digest": candidate.digest,
        "champion_digest": champion.digest if champion else None,
        "holdout_digest": "e" * 64,
        "policy_digest": "f" * 64,
    }
    with workspace("verdict") as folder:
        (folder / "verdict.json").write_text(json.dumps(said))
        stored = keep("verdicts", folder)
    return Verdict.model_validate({**said, "uri": stored.uri, "digest": stored.digest})
