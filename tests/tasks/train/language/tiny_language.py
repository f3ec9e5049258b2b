"""Language models of a few thousand parameters, a tokenizer with a chat template, and rows that they can learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.records import DatasetRef, TaskKind

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QUESTIONS = {
    "where is my card": "your card is on its way",
    "i want my money back": "we send your money back today",
    "the password is wrong": "please reset your password",
    "how do i log in": "open the app and enter your name",
    "my parcel is late": "the parcel arrives tomorrow",
    "can i change my address": "yes, change it under settings",
}
TAILS = ["", " please", " today", " and nobody answers me although i have written three times now", " thanks", " now"]
BAD = "i do not know"


def make_tokenizer(chat_template: str | None = CHATML) -> Any:
    """A byte-level BPE tokenizer of the rows' words, with the special tokens of ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [f"{question}{tail}\n{answer}" for question, answer in QUESTIONS.items() for tail in TAILS]
    tokenizer.train_from_iterator([*texts, BAD, "user assistant system\n"] * 3, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=256
    )
    fast.chat_template = chat_template
    return fast


def make_qwen3(folder: Path, chat_template: str | None = CHATML, **changes: Any) -> Path:
    """Write a random Qwen3 of two layers and its tokenizer; keyword arguments change the network's config."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = make_tokenizer(chat_template)
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    Qwen3ForCausalLM(Qwen3Config(**(sizes | changes))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_mamba(folder: Path) -> Path:
    """Write a random Mamba of two layers, a state-space model, and its tokenizer."""
    import torch
    from transformers import MambaConfig, MambaForCausalLM

    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    config = MambaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        state_size=4,
        num_hidden_layers=2,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    MambaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_language_rows(task: TaskKind) -> pd.DataFrame:
    """36 rows of questions in several lengths and their answers, in the columns of the task."""
    pairs = [(f"{question}{tail}", answer) for tail in TAILS for question, answer in QUESTIONS.items()]
    rows = pd.DataFrame(pairs, columns=["text", "answer"]).assign(
        label=None, group=None, source="test", row=range(1, len(pairs) + 1), rejected=None
    )
    if task == "preference":
        rows["rejected"] = BAD
    if task == "chat":
        rows["text"] = [
            json.dumps(
                [
                    {"role": "user", "content": "thanks"},
                    {"role": "assistant", "content": "how can i help"},
                    {"role": "user", "content": text},
                ]
            )
            for text in rows["text"]
        ]
    return rows.assign(id=[f"r{number}" for number in rows["row"]])


def make_language_dataset(
    task: TaskKind = "instruction", rows: pd.DataFrame | None = None, validation: int = 6
) -> DatasetRef:
    """A stored dataset of `make_language_rows`, or of the given rows, with its last rows as validation and holdout."""
    chosen = (make_language_rows(task) if rows is None else rows).sample(frac=1, random_state=1)
    splits = {
        "train": chosen[2 * validation :],
        "validation": chosen[:validation],
        "holdout": chosen[validation : 2 * validation],
    }
    return keep_dataset(splits, empty_rows(), rows_in=len(chosen), merged=0, origin={"source": "test"}, task=task)
