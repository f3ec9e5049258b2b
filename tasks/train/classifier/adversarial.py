"""Training on embeddings that are changed as an attack would: free large-batch adversarial training.

Source: Zhu, Cheng, Gan, Sun, Goldstein and Liu, "FreeLB: Enhanced Adversarial Training for Natural Language
Understanding" (arXiv:1909.11764, algorithm 1): one backward pass gives both the gradient of the weights, which add up
over the steps, and that of the change, which grows along it; and dropout leaves the same places out in all steps of a
batch (section 3.3 there), so that they climb one hill. The budget is one a token, as in the evaluation, and not one a
text, so that what is trained against is what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from tasks.models.perturbation import direction_of, mean_embedding_norm, own_tokens, perturbed, stepped
from tasks.train.classifier.adversarial_config import AdversarialConfig

STEP_SHARE = 1.25
"""The steps that are learned from go this many times the radius together: from any start to the surface, as in Wong,
Rice and Kolter (2020), "Fast is better than free" (arXiv:2001.03994), of two passes."""


class Adversary:
    """Changes the embeddings of a batch, step by step, while the weights learn from each change."""

    def __init__(self, network: Any, tokenizer: Any, config: AdversarialConfig) -> None:
        self.network, self.steps = network, config.steps
        self.radius = config.epsilon * mean_embedding_norm(network)
        self.around = torch.tensor(tokenizer("")["input_ids"])

    def learn(
        self, batch: dict[str, Any], loss: Callable[[], torch.Tensor], backward: Callable[[torch.Tensor], None]
    ) -> torch.Tensor:
        """Leave the mean gradient over all changes in the weights; returns the mean loss, of no gradient.

        `loss` computes the loss of the batch, and `backward` adds a loss's gradients up.
        """
        ids, mask = batch["input_ids"], batch["attention_mask"]
        free = own_tokens(ids, mask, self.around.to(ids.device))[..., None]
        added = self._start(ids, free)
        step = STEP_SHARE * self.radius / (self.steps - 1)
        total = torch.zeros((), device=ids.device)
        again = _same_chance(ids.device)
        with perturbed(self.network) as perturbation:
            for _ in range(self.steps):
                next(again)
                perturbation.added = added.detach().requires_grad_()
                share = loss() / self.steps
                backward(share)
                total += share.detach()
                gradient = perturbation.added.grad
                if gradient is None:
                    raise RuntimeError("the loss does not depend on the embeddings, so nothing can be changed there")
                added = stepped(perturbation.added.detach(), gradient * free, step, self.radius)
        return total

    def _start(self, ids: torch.Tensor, free: torch.Tensor) -> torch.Tensor:
        """A change in a direction and of a length by chance, within the radius."""
        width = self.network.get_input_embeddings().weight.shape[1]
        at_random = torch.randn((*ids.shape, width), device=ids.device) * free
        return self.radius * torch.rand((len(ids), 1, 1), device=ids.device) * direction_of(at_random)


def _same_chance(device: torch.device) -> Iterator[None]:
    """Each turn sets the source of chance back to where it was in the first, so that dropout is the same."""
    cuda = device.type == "cuda"
    state = torch.cuda.get_rng_state(device) if cuda else torch.get_rng_state()
    while True:
        if cuda:
            torch.cuda.set_rng_state(state, device)
        else:
            torch.set_rng_state(state)
        yield
