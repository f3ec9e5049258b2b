"""A change is added where the embeddings are looked up, in every kind of network, and is bounded token by token."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from tasks.models.classifier_network import classifier_from_base
from tasks.models.perturbation import mean_embedding_norm, perturbed, stepped, within
from tests.tasks.models.tiny_model import make_base_model

IDS = torch.tensor([[2, 7, 8, 3], [2, 9, 3, 0]])
MASK = (IDS > 0).long()


def test_the_change_is_added_to_the_embeddings_as_if_they_were_given(tmp_path: Path) -> None:
    network = AutoModelForSequenceClassification.from_pretrained(make_base_model(tmp_path), num_labels=3).eval()
    added = torch.randn(2, 4, 32, generator=torch.Generator().manual_seed(0))
    embedded = network.get_input_embeddings()(IDS) + added
    with torch.no_grad():
        before = network(input_ids=IDS, attention_mask=MASK).logits
        given = network(inputs_embeds=embedded, attention_mask=MASK).logits
        with perturbed(network) as perturbation:
            assert torch.equal(network(input_ids=IDS, attention_mask=MASK).logits, before)
            perturbation.added = added
            assert torch.equal(network(input_ids=IDS, attention_mask=MASK).logits, given)
        assert torch.equal(network(input_ids=IDS, attention_mask=MASK).logits, before)


def test_a_network_that_takes_ids_alone_has_gradients_for_the_change_too(tmp_path: Path) -> None:
    network, _ = classifier_from_base(str(make_base_model(tmp_path, mean=True)), ("a", "b"))
    added = torch.zeros(2, 4, 32, requires_grad=True)
    with perturbed(network.eval()) as perturbation:
        perturbation.added = added
        loss = network(IDS, MASK, labels=torch.tensor([0, 1])).loss
    (gradient,) = torch.autograd.grad(loss, added)
    reached = gradient.norm(dim=2) > 0
    assert torch.equal(reached, MASK.bool()), "padding is behind the mask, and every other token is not"


def test_a_change_of_another_shape_is_refused(tmp_path: Path) -> None:
    network = AutoModelForSequenceClassification.from_pretrained(make_base_model(tmp_path), num_labels=3)
    with perturbed(network) as perturbation:
        perturbation.added = torch.zeros(1, 4, 32)
        with pytest.raises(ValueError, match=r"\(1, 4, 32\).*\(2, 4, 32\)"):
            network(input_ids=IDS, attention_mask=MASK)


def test_the_mean_norm_is_that_of_what_is_looked_up_without_the_zeros_of_padding() -> None:
    class Scaled(torch.nn.Embedding):  # type: ignore[misc]
        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return 10 * super().forward(ids)

    class Network(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = Scaled.from_pretrained(torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))

        def get_input_embeddings(self) -> torch.nn.Module:
            return self.embedding

    assert mean_embedding_norm(Network()) == pytest.approx((50 + 10) / 2)


def test_a_token_never_leaves_its_ball_and_one_without_a_gradient_stays() -> None:
    gradient = torch.tensor([[[30.0, 40.0], [0.0, 0.0], [0.0, -1e-3]]])
    start = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [0.0, 0.5]]])
    moved = stepped(start, gradient, step=0.2, radius=1.0)
    assert torch.allclose(moved, torch.tensor([[[0.12, 0.16], [0.1, 0.0], [0.0, 0.3]]]))
    far = within(stepped(start, gradient, step=9.0, radius=1.0), 1.0)
    assert torch.allclose(far.norm(dim=2), torch.tensor([[1.0, 0.1, 1.0]]))
