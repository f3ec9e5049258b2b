"""How well a made model knows text of the same grammar that it was not trained on."""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice
from typing import Any

import torch

from tasks.models.made.corpus import documents
from tasks.models.made.pretraining import read_document

UNSEEN_SEED = 20_000


def held_out_ids(tokenizer: Any, documents_wanted: int) -> list[list[int]]:
    """Token ids of documents that no training saw."""
    return [read_document(document, tokenizer)[0] for document in islice(documents(UNSEEN_SEED), documents_wanted)]


def nats_a_token(network: Any, rows: list[list[int]]) -> float:
    """Mean cross-entropy of all tokens but each row's first."""
    nats, tokens = 0.0, 0
    with torch.inference_mode():
        for row in rows:
            ids = torch.tensor([row])
            nats += network(input_ids=ids, labels=ids).loss.item() * (len(row) - 1)
            tokens += len(row) - 1
    return nats / tokens


def unigram_nats(rows: list[list[int]]) -> float:
    """Entropy of the tokens' frequencies in these very rows: the best that no context can do."""
    counts = Counter(token for row in rows for token in row[1:])
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values())
