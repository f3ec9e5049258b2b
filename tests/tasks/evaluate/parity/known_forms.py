"""A tiny classifier with adapters, and the folder that becomes of it: recorded, merged, stored, and exported."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from infra.storage import MANIFEST, manifest_of
from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.subject import Subject
from tasks.export.graph import write_graph
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import ONNX_FILE, OnnxClassifier
from tasks.models.tokens import TextTokenizer, pad
from tasks.models.torch_classifier import TorchClassifier
from tasks.models.trained_logits import write_trained_logits
from tasks.store import fetch
from tasks.train.technique_kinds import LoraTechnique
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tests.tasks.models.tiny_model import make_base_model, make_dataset
from tests.tasks.train.techniques.networks import disturb

LABELS = ("card", "login", "refund")
LONGEST = 24
Fault = Callable[[Any], None]


def with_adapters(base: Path) -> Any:
    """A classifier with random adapters that gives every label to some rows."""
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(0)
    network = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(LABELS))
    network = apply_technique(network, LoraTechnique(rank=4, dropout=0), ["classifier"])
    disturb(network)
    return network.eval()


def logits_of(network: Any, tokenizer: TextTokenizer, texts: list[str]) -> torch.Tensor:
    """Of shape (texts, labels)."""
    ids, mask = pad(tokenizer.encode(texts), tokenizer.pad_id)
    with torch.inference_mode():
        found: torch.Tensor = network(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits
    return found


def make_subject(folder: Path, fault: Fault | None = None) -> Subject:
    """A model as training and export leave it; `fault` is done to its network before the adapters are merged."""
    dataset = make_dataset()
    rows = pd.read_parquet(fetch(dataset) / "train.parquet")
    base, model = make_base_model(folder / "base"), folder / "model"
    network = with_adapters(base)
    network.base_model.model.config.pad_token_id = 0
    shutil.copytree(base, model)
    tokenizer = TextTokenizer.load(model, LONGEST)
    head = network.base_model.model.classifier.modules_to_save["default"]
    with torch.no_grad():
        head.weight *= 20
        head.bias -= logits_of(network, tokenizer, rows["text"].tolist()).mean(dim=0)
    texts = dict(zip(rows["id"].astype(str), rows["text"], strict=True))
    asked = sorted(texts)
    said = logits_of(network, tokenizer, [texts[name] for name in asked]).numpy()
    if fault is not None:
        fault(network)
    merge_adapters(network).save_pretrained(model)
    write_trained_logits(model, asked, said)
    info = ModelInfo(
        labels=LABELS,
        max_tokens=LONGEST,
        base_model="tiny",
        technique="lora",
        dataset_digest=dataset.digest,
        seed=0,
    )
    info.write(model)
    write_graph(TorchClassifier.load(model).network, model / ONNX_FILE, LONGEST)
    return subject_of(model, fetch(dataset))


def subject_of(model: Path, dataset_folder: Path) -> Subject:
    """The model in a folder, which is given its manifest, and its dataset's holdout."""
    (model / MANIFEST).unlink(missing_ok=True)
    (model / MANIFEST).write_bytes(manifest_of(model))
    classifier = OnnxClassifier.load(model, threads=1)
    holdout = pd.read_parquet(dataset_folder / "holdout.parquet")
    return Subject(model, dataset_folder, classifier, holdout, answer(classifier, holdout))
