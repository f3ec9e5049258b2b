"""Rows of one step share sequences without seeing each other, where the network allows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tasks.train.language.packing import (
    IGNORED,
    PackingCollator,
    PaddingCollator,
    ShuffledSampler,
    attention_cost_of,
    cheapest_bins,
    keeps_rows_apart,
    width_of,
)

LENGTHS = (40, 25, 17, 9, 8, 5, 3, 3)


def rows_of(lengths: tuple[int, ...] = LENGTHS) -> list[dict[str, Any]]:
    torch.manual_seed(1)
    ids = [torch.randint(5, 300, (length,)).tolist() for length in lengths]
    return [{"input_ids": row, "labels": [IGNORED] * (len(row) // 2) + row[len(row) // 2 :]} for row in ids]


def loss_and_gradient(network: Any, batch: dict[str, torch.Tensor]) -> tuple[float, torch.Tensor]:
    inputs = {name: tensor for name, tensor in batch.items() if name not in ("labels", "tokens")}
    network.zero_grad()
    logits = network(**inputs, use_cache=False).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.transpose(1, 2), batch["labels"][:, 1:], ignore_index=IGNORED)
    loss.backward()
    return loss.item(), network.model.layers[0].self_attn.k_proj.weight.grad.clone()


@pytest.fixture
def network(tiny_qwen3: Path) -> Any:
    """The tiny network with weights large enough that attention matters."""
    loaded = AutoModelForCausalLM.from_pretrained(tiny_qwen3, dtype="float32")
    with torch.no_grad():
        for weight in loaded.parameters():
            weight.mul_(5 if weight.ndim > 1 else 1)
    return loaded


def test_packed_rows_do_not_see_each_other(network: Any) -> None:
    rows = rows_of()
    packed, padded = PackingCollator(0, 1e-3)(rows), PaddingCollator(0)(rows)
    assert packed["input_ids"].shape[0] < padded["input_ids"].shape[0]
    assert int(packed["tokens"]) == int(padded["tokens"]) == sum(LENGTHS)
    loss, gradient = loss_and_gradient(network, packed)
    expected, expected_gradient = loss_and_gradient(network, padded)
    assert loss == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-3, atol=1e-6)


def test_rows_that_did_see_each_other_would_have_another_loss(network: Any) -> None:
    rows = rows_of()
    mixed = PackingCollator(0, 1e-3)(rows)
    mixed["position_ids"] = torch.arange(mixed["input_ids"].shape[1]).expand_as(mixed["input_ids"])
    assert abs(loss_and_gradient(network, mixed)[0] - loss_and_gradient(network, PaddingCollator(0)(rows))[0]) > 1e-3


def test_attention_keeps_packed_rows_apart_and_a_state_that_runs_on_does_not(
    tiny_qwen3: Path, tiny_mamba: Path
) -> None:
    assert keeps_rows_apart(AutoModelForCausalLM.from_pretrained(tiny_qwen3, dtype="float32"))
    assert not keeps_rows_apart(AutoModelForCausalLM.from_pretrained(tiny_mamba, dtype="float32"))


def test_positions_that_are_counted_without_regard_to_rows_are_found_out() -> None:
    from transformers import BloomConfig, BloomForCausalLM

    config = BloomConfig(vocab_size=100, hidden_size=32, n_layer=2, n_head=2, initializer_range=0.2)
    assert not keeps_rows_apart(BloomForCausalLM(config))


def test_bins_hold_every_row_once_and_hardly_any_padding() -> None:
    bins = cheapest_bins(LENGTHS, attention_cost=1e-4)
    assert sorted(index for one in bins for index in one) == list(range(len(LENGTHS)))
    assert sum(LENGTHS) / (len(bins) * width_of(bins, LENGTHS)) > 0.9


def test_the_dearer_attention_is_the_narrower_are_the_sequences() -> None:
    widths = [width_of(cheapest_bins(LENGTHS, cost), LENGTHS) for cost in (0.0, 1e-2, 1.0)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == sum(LENGTHS)
    assert widths[-1] == max(LENGTHS)


def test_the_cost_of_attention_follows_from_the_shape(network: Any) -> None:
    dense = sum(weight.numel() for weight in network.parameters()) - network.get_input_embeddings().weight.numel()
    assert attention_cost_of(network) == pytest.approx(4 * 2 * 32 / (2 * dense))


def test_each_epoch_has_every_row_once_in_an_order_of_its_own() -> None:
    sampler = ShuffledSampler(50, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(50))
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first
