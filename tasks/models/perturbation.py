"""Small changes to the embeddings of a text's tokens, for every architecture: made by an attack, or by training.

The change is added to what the network's embedding module gives, by a forward hook, so that a network need not take
`inputs_embeds`, and gradients flow to the change. Its size is that of each token's change by itself (the L2 norm),
relative to the mean norm of the vocabulary's embeddings: a number that means the same for every model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

SMALLEST_NORM = 1e-12
"""A gradient below this has no direction, and leaves its token where it is."""
LOOKED_UP_AT_ONCE = 8192


class Perturbation:
    """What is added to the embeddings in every forward pass: a tensor of shape (rows, tokens, width), or nothing."""

    def __init__(self) -> None:
        self.added: torch.Tensor | None = None


@contextmanager
def perturbed(network: Any) -> Iterator[Perturbation]:
    """While this lasts, `added` of the yielded perturbation is added to the embeddings that `network` looks up.

    It may be set anew between forward passes. Raises ValueError in a forward pass over tokens of another shape.
    """
    perturbation = Perturbation()

    def add(_module: Any, _inputs: Any, embedded: torch.Tensor) -> torch.Tensor | None:
        if perturbation.added is None:
            return None
        if perturbation.added.shape != embedded.shape:
            raise ValueError(
                f"a perturbation of shape {tuple(perturbation.added.shape)} cannot be added to embeddings of shape "
                f"{tuple(embedded.shape)}"
            )
        return embedded + perturbation.added.to(embedded.dtype)

    hook = network.get_input_embeddings().register_forward_hook(add)
    try:
        yield perturbation
    finally:
        hook.remove()


@torch.no_grad()  # type: ignore[untyped-decorator]
def mean_embedding_norm(network: Any) -> float:
    """Mean L2 norm of the vocabulary's embeddings as the network looks them up; rows of zeros, as of padding, apart."""
    embeddings = network.get_input_embeddings()
    ids = torch.arange(embeddings.weight.shape[0], device=embeddings.weight.device)
    norms = torch.cat([embeddings(part[None])[0].float().norm(dim=1) for part in ids.split(LOOKED_UP_AT_ONCE)])
    return float(norms[norms > 0].mean())


def own_tokens(ids: torch.Tensor, mask: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
    """Which tokens are the text's own and may change, of shape (rows, tokens), as `ids` and `mask` are.

    `around` are the ids that the tokenizer puts around every text, those of an empty one. They and padding stand for
    nothing that anybody wrote.
    """
    return mask.bool() & ~torch.isin(ids, around)


def direction_of(gradient: torch.Tensor) -> torch.Tensor:
    """Each token's gradient, of shape (rows, tokens, width), brought to a norm of 1; zero where there is none."""
    norms = gradient.norm(dim=2, keepdim=True)
    return torch.where(norms > SMALLEST_NORM, gradient / norms.clamp_min(SMALLEST_NORM), 0.0)


def stepped(added: torch.Tensor, gradient: torch.Tensor, step: float, radius: float) -> torch.Tensor:
    """`added` after a step of length `step` along each token's gradient, brought back to at most `radius` a token.

    Both tensors have the shape (rows, tokens, width). A token whose gradient is zero stays where it is: set the
    gradient of tokens that are not to change, such as padding, to zero.
    """
    return within(added + step * direction_of(gradient), radius)


def within(added: torch.Tensor, radius: float) -> torch.Tensor:
    """`added` of shape (rows, tokens, width), with what is longer than `radius` cut to it, token by token."""
    norms = added.norm(dim=2, keepdim=True)
    return added * (radius / norms.clamp_min(SMALLEST_NORM)).clamp_max(1.0)
