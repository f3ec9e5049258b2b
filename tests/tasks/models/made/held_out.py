"""How well a made model knows text of the same grammar that it was not trained on."""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice
from typing import Any

import torch

from tasks.models.made.corpus import documents
from tasks.models.made.pretraining import IGNORED, read_document

UNSEEN_SEED = 20_000
Read = tuple[list[int], list[int]]


def held_out(tokenizer: Any, documents_wanted: int) -> list[Read]:
    """Token ids and targets of documents that no training saw; what a customer says is no target."""
    return [read_document(document, tokenizer) for document in islice(documents(UNSEEN_SEED), documents_wanted)]


def nats_a_token(network: Any, rows: list[Read]) -> float:
    """Mean cross-entropy of all targets but each row's first."""
    nats, tokens = 0.0, 0
    with torch.inference_mode():
        for ids, targets in rows:
            counted = sum(target != IGNORED for target in targets[1:])
            nats += network(input_ids=torch.tensor([ids]), labels=torch.tensor([targets])).loss.item() * counted
            tokens += counted
    return nats / tokens


def unigram_nats(rows: list[Read]) -> float:
    """Entropy of the targets' frequencies in these very rows: the best that no context can do."""
    counts = Counter(target for _, targets in rows for target in targets[1:] if target != IGNORED)
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values())
