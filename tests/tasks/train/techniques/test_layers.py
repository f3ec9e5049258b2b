"""Only the last layers are trained, and they are found in networks of every kind."""

from __future__ import annotations

import pytest

from tasks.errors import UserInputError
from tasks.train.technique_kinds import LastLayersTechnique
from tasks.train.techniques.apply import apply_technique
from tasks.train.techniques.layers import layer_stack
from tests.tasks.train.techniques.networks import CONFIGS, make, new_modules, trained


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_layers_of_every_kind_of_network_are_found(kind: str) -> None:
    network = make(kind)
    stack = layer_stack(network)
    assert len(stack) == network.config.num_hidden_layers
    assert all(any(True for _ in layer.parameters()) for layer in stack)


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("bert", ("bert.encoder.layer.1.", "bert.pooler.", "classifier.")),
        ("deberta", ("deberta.encoder.layer.1.", "pooler.", "classifier.")),
        ("qwen3", ("model.layers.1.", "model.norm.")),
        ("qwen3_moe", ("model.layers.1.", "model.norm.", "lm_head.")),
        ("mamba", ("backbone.layers.1.", "backbone.norm_f.")),
    ],
)
def test_the_last_layer_and_what_follows_it_are_trained_and_embeddings_are_not(
    kind: str, allowed: tuple[str, ...]
) -> None:
    names = trained(apply_technique(make(kind), LastLayersTechnique(layers=1), new_modules(kind)))
    assert {next((prefix for prefix in allowed if name.startswith(prefix)), name) for name in names} == set(allowed)


def test_a_head_that_is_tied_to_the_embeddings_is_frozen_with_them() -> None:
    network = apply_technique(make("qwen3"), LastLayersTechnique(layers=2), [])
    assert network.lm_head.weight is network.model.embed_tokens.weight
    assert not network.lm_head.weight.requires_grad


def test_more_layers_than_there_are_is_refused() -> None:
    with pytest.raises(UserInputError, match=r"technique\.layers is 3, but the base model has 2 layers; allowed are 1"):
        apply_technique(make("mixtral"), LastLayersTechnique(layers=3), [])
