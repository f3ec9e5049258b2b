"""An ensemble of gradient attacks on the embeddings of a trained network: who finds a small change that breaks a row.

The budget is the L2 norm of each token's change, relative to the mean L2 norm of the vocabulary's embeddings. Only the
tokens of the text itself change: what the tokenizer puts around every text, such as [CLS], and padding stand for
nothing that anybody wrote. Dropout is off, and the same seed gives the same result on a CPU.

One step of projected gradient descent from the text itself ends where the first of several does, so that after those it
has nothing left to find, and is not computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tasks.evaluate.classifier.robustness.ascent import Climb, Loss, climbed, cross_entropy, margin, targeted_margin
from tasks.evaluate.classifier.robustness.config import GradientAttack, RobustnessConfig
from tasks.models.perturbation import Perturbation, direction_of, mean_embedding_norm, own_tokens, perturbed
from tasks.models.tokens import length_sorted_batches, pad
from tasks.models.torch_classifier import TorchClassifier

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE: Integers = np.empty(0, dtype=np.int64)
ROWS_AT_ONCE = {"cpu": 16, "cuda": 256}
"""More would not be faster on a CPU: its caches are full."""
MOMENTUM = 0.5
"""Share of the earlier directions that the momentum variant keeps (Dong et al. 2018, arXiv:1710.06081)."""


@dataclass(frozen=True)
class Attack:
    """A climb from one or several starts."""

    name: GradientAttack
    climb: Climb
    starts: tuple[int, ...] = (0,)
    """0 is the text itself; every other number is a seed of a random start."""
    target: int = 0
    """Which wrong label a targeted climb is after: 0 for the likeliest, 1 for the second."""


@dataclass(frozen=True)
class Tried:
    """What one attack came to on the rows that it was tried on, by their numbers."""

    attack: str
    rows: Integers
    broken: Integers
    steps: int
    """Forward passes of a single row, in all."""


def screen(config: RobustnessConfig) -> Attack:
    """The climb that rows have to withstand beyond the budget: the margin's, whose gradient never vanishes."""
    return Attack("margin", Climb(margin, config.steps))


def ensemble(config: RobustnessConfig) -> list[Attack]:
    """The configured attacks: projected gradient descent first, so that it is tried on every row."""
    ways: dict[GradientAttack, tuple[Loss, int, float]] = {
        "pgd": (cross_entropy, config.steps, 0.0),
        "one_step": (cross_entropy, 1, 0.0),
        "margin": (margin, config.steps, 0.0),
        "momentum": (cross_entropy, config.steps, MOMENTUM),
        "targeted": (targeted_margin, config.steps, 0.0),
    }
    starts: dict[GradientAttack, tuple[int, ...]] = {
        "pgd": tuple(range(config.restarts)),
        "momentum": (config.restarts,),
    }
    return [
        Attack(name, Climb(*ways[name]), starts.get(name, (0,)), target=int(name == "targeted"))
        for name in ways
        if name in config.gradient_attacks
    ]


class EmbeddingAttacks:
    """Texts and what the network answers to them, ready to be attacked. Use it inside `with at_rest(network)`."""

    def __init__(self, trained: TorchClassifier, texts: Sequence[str], labels: Integers, seed: int) -> None:
        """`labels` are the right ones, of shape (texts,), as indices of the network's logits; -1 where it has none."""
        self.network, self.pad_id, self.seed, self.labels = trained.network, trained.tokenizer.pad_id, seed, labels
        self.rows = trained.tokenizer.encode(texts)
        self.around = torch.tensor(trained.tokenizer.encode([""])[0], dtype=torch.int64)
        self.mean_norm = mean_embedding_norm(self.network)
        logits = trained.logits(list(texts))
        self.right: Flags = logits.argmax(axis=1) == labels
        logits[np.arange(len(labels)), labels] = -np.inf
        self.wrong_labels: Integers = np.argsort(-logits, axis=1, kind="stable")[:, : logits.shape[1] - 1]

    def run(self, attacks: Sequence[Attack], members: Integers, epsilon: float, spared: Integers = NONE) -> list[Tried]:
        """Try the attacks one after another, each on the rows of `members` that none before it broke.

        The rows of `spared` among them count as withstanding, and are not tried.
        """
        found: list[Tried] = []
        for attack in attacks:
            known = attack.name == "one_step" and any(earlier.attack == "pgd" for earlier in found)
            broken, steps = (NONE, 0) if known else self._try(attack, np.setdiff1d(members, spared), epsilon)
            found.append(Tried(attack.name, members, broken, steps))
            members = np.setdiff1d(members, broken)
        return found

    def _try(self, attack: Attack, members: Integers, epsilon: float) -> tuple[Integers, int]:
        """The rows that the attack breaks, and the forward passes that it takes."""
        left, steps = members, 0
        # With two labels there is no second wrong one, and the climb to the only one is the margin's.
        after_nobody = attack.target >= self.wrong_labels.shape[1]
        for start in () if epsilon == 0 or after_nobody else attack.starts:
            hit = np.zeros(len(left), dtype=bool)
            for place in length_sorted_batches([self.rows[row] for row in left], self._rows_at_once()):
                hit[place], spent = self._batch(attack, left[place], epsilon, start)
                steps += spent
            left = left[~hit]
        return np.setdiff1d(members, left), steps

    def _batch(self, attack: Attack, members: Integers, epsilon: float, start: int) -> tuple[Flags, int]:
        device = self.network.device
        ids, mask = (torch.from_numpy(part) for part in pad([self.rows[row] for row in members], self.pad_id))
        free = own_tokens(ids, mask, self.around).to(device)
        ids, mask = ids.to(device), mask.to(device)
        radius = epsilon * self.mean_norm
        targets = self.wrong_labels[members, attack.target]
        with perturbed(self.network) as perturbation:
            found = climbed(
                lambda rows, added: _logits(self.network, perturbation, ids[rows], mask[rows], added),
                torch.from_numpy(self.labels[members]).to(device),
                torch.from_numpy(targets).to(device),
                self._start(members, free, radius, start),
                free,
                radius,
                attack.climb,
            )
        return found.broken.cpu().numpy(), int(found.passes.sum())

    def _start(self, members: Integers, free: torch.Tensor, radius: float, start: int) -> torch.Tensor:
        """A random start is on the ball's surface, where nearly all of it is; it is the same in whatever batch."""
        shape = (*free.shape, int(self.network.get_input_embeddings().weight.shape[1]))
        found = np.zeros(shape, dtype=np.float32)
        if start:
            for place, row in enumerate(members):
                drawn = np.random.default_rng([self.seed, start, int(row)])
                found[place, : len(self.rows[row])] = drawn.standard_normal((len(self.rows[row]), shape[2]))
        at_random = torch.from_numpy(found).to(free.device) * free[..., None]
        return radius * direction_of(at_random)

    def _rows_at_once(self) -> int:
        return ROWS_AT_ONCE["cuda" if self.network.device.type == "cuda" else "cpu"]


def _logits(
    network: Any, perturbation: Perturbation, ids: torch.Tensor, mask: torch.Tensor, added: torch.Tensor
) -> torch.Tensor:
    perturbation.added = added
    logits: torch.Tensor = network(input_ids=ids, attention_mask=mask).logits.float()
    return logits


@contextmanager
def at_rest(network: Any) -> Iterator[None]:
    """While this lasts, dropout is off and no gradient is taken for a weight; afterwards all is as it was."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    was_training = network.training
    network.eval()
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
        network.train(was_training)
