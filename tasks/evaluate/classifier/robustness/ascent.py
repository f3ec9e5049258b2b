"""Looking for a perturbation of a batch's embeddings that turns right answers wrong, by climbing a loss.

Projected gradient ascent after Madry et al. (2018), "Towards deep learning models resistant to adversarial attacks"
(arXiv:1706.06083), each token in an L2 ball of its own. Losses: cross-entropy, and the margin between a wrong label and
the right one (Carlini and Wagner 2017, arXiv:1608.04644), whose gradient does not vanish where a model is very sure.
Steps shrink evenly from the ball's diameter to nothing: on fine-tuned encoders five such steps find as much as ten of
one size. The loss of Croce and Hein (2020, arXiv:2003.01690), the margin over the spread of the logits, found less.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tasks.models.perturbation import direction_of, stepped

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""From logits (rows, labels), right labels (rows,) and labels to reach (rows,) to what is climbed, of shape (rows,)."""
Logits = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From the batch's rows that are wanted (rows,) and their perturbation (rows, tokens, width) to logits."""


@dataclass(frozen=True)
class Climb:
    """One way up: what is climbed, in how many steps, and what share of the earlier directions is kept."""

    loss: Loss
    steps: int
    momentum: float = 0.0


@dataclass(frozen=True)
class Climbed:
    """Of each row of a batch, of shape (rows,): whether it was broken, and the forward passes that it took."""

    broken: torch.Tensor
    passes: torch.Tensor


def climbed(
    logits_of: Logits,
    labels: torch.Tensor,
    targets: torch.Tensor,
    start: torch.Tensor,
    free: torch.Tensor,
    radius: float,
    way: Climb,
) -> Climbed:
    """Climb from `start` (rows, tokens, width); a row that is broken is left alone from then on.

    `labels` and `targets` have the shape (rows,), `free` (rows, tokens) is true for tokens that may change, and
    `radius` is the largest norm of a token's change.
    """
    broken = torch.zeros_like(labels, dtype=torch.bool)
    passes = torch.zeros_like(labels)
    left = torch.arange(len(labels), device=labels.device)
    added, heading = start, torch.zeros_like(start)
    for number in range(way.steps + 1):
        last = number == way.steps
        added = added.detach().requires_grad_(not last)
        logits = logits_of(left, added)
        passes[left] += 1
        right = logits.argmax(dim=1) == labels[left]
        broken[left[~right]] = True
        if last or not right.any():
            break
        rising = way.loss(logits, labels[left], targets[left])[right].sum()
        gradient = torch.autograd.grad(rising, added)[0][right] * free[left[right], :, None]
        left, added = left[right], added.detach()[right]
        heading = way.momentum * heading[right] + direction_of(gradient)
        added = stepped(added, heading, 2 * radius * (1 - number / way.steps), radius)
    return Climbed(broken, passes)


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, _targets: torch.Tensor) -> torch.Tensor:
    """How unlikely the right label is, in nats."""
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


def margin(logits: torch.Tensor, labels: torch.Tensor, _targets: torch.Tensor) -> torch.Tensor:
    """The likeliest wrong label's logit less the right one's: above 0 where the answer is wrong."""
    wrong = logits.scatter(1, labels[:, None], -torch.inf).amax(dim=1)
    return wrong - logits.gather(1, labels[:, None])[:, 0]


def targeted_margin(logits: torch.Tensor, labels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The logit of one chosen wrong label less the right one's."""
    return logits.gather(1, targets[:, None])[:, 0] - logits.gather(1, labels[:, None])[:, 0]
