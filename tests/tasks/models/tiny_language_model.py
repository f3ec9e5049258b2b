"""A random Qwen3 of a few thousand parameters with a tokenizer and a chat template of its own, made in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tasks.models.info import ModelInfo
from tasks.records import TaskKind

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
LONGEST = 256


def make_tokenizer(template: str | None = TEMPLATE) -> Any:
    """A tokenizer of single bytes, so that every text is known to it."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (END_OF_TEXT, START, END)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=END_OF_TEXT, model_max_length=LONGEST
    )
    if template is not None:
        fast.add_special_tokens({"additional_special_tokens": [START]})
        fast.chat_template = template
    return fast


def make_network(tokenizer: Any, seed: int = 0, hidden: int = 32) -> Any:
    """A Qwen3 of two layers with random weights."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        initializer_range=0.2,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config).eval()


def make_language_model(
    folder: Path,
    task: TaskKind = "instruction",
    seed: int = 0,
    dataset_digest: str = "d",
    template: str | None = TEMPLATE,
) -> Path:
    """Write a model folder as training leaves it: weights, tokenizer, refit.json."""
    tokenizer = make_tokenizer(template)
    make_network(tokenizer, seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    info_of(task, dataset_digest).write(folder)
    return folder


def info_of(task: TaskKind = "instruction", dataset_digest: str = "d") -> ModelInfo:
    """What `refit.json` says of a tiny model."""
    return ModelInfo(
        task=task,
        max_tokens=LONGEST,
        base_model="tiny",
        technique="full",
        stages=("sft",),
        dataset_digest=dataset_digest,
        seed=1,
    )
