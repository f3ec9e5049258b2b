"""A network whose weakest point is known in closed form, and a small real one that was trained to be right."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tasks.evaluate.classifier.answers import answer
from tasks.evaluate.classifier.subject import Subject
from tasks.models.info import ModelInfo
from tasks.models.tokens import TextTokenizer
from tasks.models.torch_classifier import TorchClassifier
from tests.tasks.models.tiny_model import make_base_model, make_rows

WORDS = ["lost", "card", "money", "back", "please", "now"]
LABELS = ("card", "login", "refund")


class SumOfEmbeddings(torch.nn.Module):  # type: ignore[misc]
    """Logits are linear in the sum of the tokens' embeddings; `weights` has the shape (labels, width)."""

    def __init__(self, embeddings: torch.Tensor, weights: torch.Tensor) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding.from_pretrained(embeddings, freeze=False)
        self.weights = torch.nn.Parameter(weights)
        self.device = torch.device("cpu")

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.embedding

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        total = (self.embedding(input_ids) * attention_mask[..., None]).sum(dim=1)
        return SimpleNamespace(logits=total @ self.weights.T)


def linear_classifier(labels: int = 2, width: int = 8) -> TorchClassifier:
    """A classifier on SumOfEmbeddings, whose tokenizer puts [CLS] in front of every text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    ids = {word: number for number, word in enumerate(["[PAD]", "[CLS]", "[UNK]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", 1)])
    draw = torch.Generator().manual_seed(3)
    weights = torch.randn(labels, width, generator=draw)
    network = SumOfEmbeddings(torch.randn(len(ids), width, generator=draw), weights)
    info = ModelInfo(
        labels=tuple(f"l{number}" for number in range(labels)),
        max_tokens=16,
        base_model="linear",
        technique="full",
        dataset_digest="d",
        seed=0,
    )
    return TorchClassifier(network, TextTokenizer(tokenizer, 0, 16), info)


def _train(network: Any, tokenizer: TextTokenizer, rows: pd.DataFrame) -> None:
    from tasks.models.tokens import pad

    ids, mask = (torch.from_numpy(part) for part in pad(tokenizer.encode(rows["text"].tolist()), 0))
    labels = torch.tensor([LABELS.index(label) for label in rows["label"]])
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    network.train()
    for _ in range(12):
        network(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    network.eval()


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT that knows the tiny rows, as a model folder."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base, folder = make_base_model(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    network = AutoModelForSequenceClassification.from_pretrained(base, num_labels=3)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    network.save_pretrained(folder)
    _train(network, TextTokenizer.load(folder, 24), make_rows())
    network.save_pretrained(folder)
    ModelInfo(labels=LABELS, max_tokens=24, base_model="tiny", technique="full", dataset_digest="d", seed=1).write(
        folder
    )
    return folder


@pytest.fixture
def subject(trained_folder: Path, tmp_path: Path) -> Subject:
    """The tiny BERT and the rows that it knows, one of which has a label that it does not."""
    holdout = make_rows().astype({"id": str})
    holdout.loc[0, "label"] = "unheard_of"
    classifier = TorchClassifier.load(trained_folder)
    return Subject(trained_folder, tmp_path, classifier, holdout, answer(classifier, holdout))


def labels_of(classifier: TorchClassifier, texts: list[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """What the classifier answers, which the attacks are then told is right."""
    return np.asarray(classifier.logits(texts).argmax(axis=1), dtype=np.int64)
