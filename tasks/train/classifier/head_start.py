"""The first weights of a fresh head that reads text vectors: a linear probe on the encoder as it is.

A head at random would first pull the encoder in random directions, and what it knew before would be lost where it
matters. Source: Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution"
(arXiv:2202.10054, section 3.4, LP-FT).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tasks.embeddings.probe import INVERSE_PENALTY
from tasks.models.tokens import length_sorted_batches, pad
from tasks.train.classifier.examples import Example
from tasks.train.steering import Tell

HEAD = "head"
"""Where a network that reads text vectors has its head: `MeanPooledClassifier`."""
FILE = "head-start.safetensors"
BATCH = 64
MOST_ROWS = 20_000
"""More rows would make the probe hardly better, and the start slower."""
ITERATIONS = 100


def start_head(network: Any, training: list[Example], pad_id: int, folder: Path, tell: Tell) -> None:
    """Give `network.head` the weights of a probe on the training rows; kept in `folder`, and found out once."""
    kept = folder / FILE
    if not kept.is_file():
        chosen = np.random.default_rng(0).permutation(len(training))[:MOST_ROWS]
        rows = [training[index] for index in chosen]
        tell("note", message=f"the new head starts as a linear probe on {len(rows)} training rows")
        probe = fitted_probe(*_vectors_and_labels(network, rows, pad_id), network.config.num_labels)
        aside = folder / f"{FILE}.incoming"
        save_file(probe, aside)
        aside.rename(kept)
    network.head.load_state_dict(load_file(kept))


def fitted_probe(
    vectors: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, classes: int
) -> dict[str, torch.Tensor]:
    """`weight` of shape (classes, width) and `bias` of shape (classes,) of a multinomial logistic regression.

    `vectors` are (rows, width), `labels` and `weights` (rows,). The penalty is that of vectors of unit length on
    average, W^2 / (2 C rows) beside the mean cross-entropy, with the C of tasks/embeddings/probe.py.
    """
    scale = vectors.norm(dim=1).mean()
    inputs, weights = vectors / scale, weights / weights.sum()
    weight = torch.zeros(classes, vectors.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        each = torch.nn.functional.cross_entropy(inputs @ weight.T + bias, labels, reduction="none")
        total = (weights * each).sum() + weight.square().sum() / (2 * INVERSE_PENALTY * len(inputs))
        total.backward()
        return total

    solver.step(loss)
    return {"weight": (weight / scale).detach(), "bias": bias.detach()}


def _vectors_and_labels(
    network: Any, rows: list[Example], pad_id: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    ids = [row["input_ids"] for row in rows]
    vectors = torch.empty(len(rows), network.config.hidden_size)
    with torch.no_grad():
        for batch in length_sorted_batches(ids, BATCH):
            tensors = [torch.from_numpy(part).to(network.device) for part in pad([ids[i] for i in batch], pad_id)]
            vectors[batch] = network.pooled(*tensors).float().cpu()
    network.train()
    labels = torch.tensor([row["labels"] for row in rows])
    return vectors, labels, torch.tensor([row.get("weight", 1.0) for row in rows])
