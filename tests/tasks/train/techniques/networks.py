"""Random networks of every kind that techniques must know, small enough for a test, and what is done to them there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BertConfig,
    DebertaV2Config,
    GPT2Config,
    GptOssConfig,
    JambaConfig,
    Mamba2Config,
    MambaConfig,
    MixtralConfig,
    Qwen3Config,
    Qwen3MoeConfig,
)

from tests.tasks.train.language.tiny_language import make_tokenizer

WORDS = 64
ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
SMALL = {"vocab_size": WORDS, "hidden_size": 32, "num_hidden_layers": 2, **ENDS}
HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16}
CONFIGS: dict[str, Any] = {
    "bert": BertConfig(**SMALL, num_attention_heads=2, intermediate_size=64, num_labels=3),
    "deberta": DebertaV2Config(
        **SMALL, num_attention_heads=2, intermediate_size=64, num_labels=3, relative_attention=True
    ),
    "gpt2": GPT2Config(vocab_size=WORDS, n_embd=32, n_layer=2, n_head=2, **ENDS),
    "qwen3": Qwen3Config(**SMALL, **HEADS, intermediate_size=64, tie_word_embeddings=True),
    "qwen3_moe": Qwen3MoeConfig(
        **SMALL, **HEADS, intermediate_size=64, moe_intermediate_size=16, num_experts=8, num_experts_per_tok=2
    ),
    "mixtral": MixtralConfig(**SMALL, **HEADS, intermediate_size=48, num_local_experts=4, num_experts_per_tok=2),
    "gpt_oss": GptOssConfig(**SMALL, **HEADS, intermediate_size=32, num_local_experts=4, num_experts_per_tok=2),
    "mamba": MambaConfig(**SMALL, state_size=4),
    "mamba2": Mamba2Config(**SMALL, state_size=4, num_heads=4, head_dim=16, n_groups=1, expand=2),
    "jamba": JambaConfig(
        **(SMALL | {"num_hidden_layers": 4}),
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=64,
        attn_layer_period=2,
        attn_layer_offset=1,
        expert_layer_period=2,
        expert_layer_offset=1,
        num_experts=4,
        mamba_d_state=4,
    ),
}
MIXTURES = ("qwen3_moe", "mixtral", "gpt_oss", "jamba")
ENCODERS = ("bert", "deberta")
TEXTS = torch.randint(3, WORDS, (4, 12), generator=torch.Generator().manual_seed(1))


def make(kind: str) -> Any:
    """A random network of this kind, the same each time, in evaluation mode."""
    torch.manual_seed(0)
    auto = AutoModelForSequenceClassification if kind in ENCODERS else AutoModelForCausalLM
    return auto.from_config(CONFIGS[kind], dtype=torch.float32).eval()


def make_language_base(folder: Path, kind: str) -> Path:
    """Write a random language model of this kind, with the tokenizer of the tiny rows."""
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    config = type(CONFIGS[kind]).from_dict(CONFIGS[kind].to_dict() | {"vocab_size": len(tokenizer)})
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def new_modules(kind: str) -> list[str]:
    """What a base model of this kind lacks."""
    return ["classifier"] if kind in ENCODERS else []


def batches(rows: torch.Tensor = TEXTS) -> list[dict[str, torch.Tensor]]:
    """The rows as one batch."""
    return [{"input_ids": rows}]


def trained(network: Any) -> set[str]:
    """Names of what is trained."""
    return {name for name, parameter in network.named_parameters() if parameter.requires_grad}


def disturb(network: Any, seed: int = 5) -> None:
    """Change all that is trained, as training would."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=random) * 0.1)


def logits(network: Any, rows: torch.Tensor = TEXTS) -> torch.Tensor:
    """What the network says of the rows, in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        answer: torch.Tensor = network(input_ids=rows).logits
    return answer


def furthest(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference."""
    return float((one - other).detach().abs().max())
