"""How many parameters techniques train, on the shapes of real mixtures, without a weight in memory."""

from __future__ import annotations

import pytest
from transformers import MixtralConfig, PreTrainedConfig, Qwen3MoeConfig

from tasks.train.technique_kinds import ExpertLoraTechnique, FullTechnique, LoraTechnique
from tasks.train.techniques.shares import saved_against_lora, trainable_parameters

QWEN3_30B_A3B = Qwen3MoeConfig(
    vocab_size=151_936,
    hidden_size=2048,
    num_hidden_layers=48,
    num_attention_heads=32,
    num_key_value_heads=4,
    head_dim=128,
    intermediate_size=6144,
    moe_intermediate_size=768,
    num_experts=128,
    num_experts_per_tok=8,
)
MIXTRAL_8X7B = MixtralConfig(
    vocab_size=32_000,
    hidden_size=4096,
    intermediate_size=14_336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    num_local_experts=8,
    num_experts_per_tok=2,
)


@pytest.mark.parametrize(
    ("config", "parameters", "saved"), [(QWEN3_30B_A3B, 30.53e9, 0.70), (MIXTRAL_8X7B, 46.70e9, 0.76)]
)
def test_experts_alone_take_at_least_sixty_percent_fewer_parameters_than_lora_everywhere(
    config: PreTrainedConfig, parameters: float, saved: float
) -> None:
    assert trainable_parameters(config, FullTechnique())[1] == pytest.approx(parameters, rel=1e-3)
    assert saved_against_lora(config, ExpertLoraTechnique()) >= saved >= 0.6


def test_the_count_is_that_of_the_formula() -> None:
    rank, layers, width, inner = 16, 32, 4096, 14_336
    expert = rank * (width + 2 * inner) + rank * (inner + width)
    attention = rank * (2 * (width + width) + 2 * (width + width // 4))
    assert trainable_parameters(MIXTRAL_8X7B, ExpertLoraTechnique(rank=rank))[0] == layers * 2 * expert
    assert trainable_parameters(MIXTRAL_8X7B, LoraTechnique(rank=rank))[0] == layers * (8 * expert + attention)
