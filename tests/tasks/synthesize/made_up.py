"""Rows and teachers for the tests of synthesis."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.datasets.folder import with_all_columns
from tasks.synthesize.imitation import Floats
from tests.infra.chat_server import Reply, completion


def prompt_rows(*prompts: str, answers: Sequence[str | None] | None = None, split: str = "train") -> pd.DataFrame:
    """Rows of an instruction split."""
    ids = [f"{split}-{number}" for number in range(1, len(prompts) + 1)]
    frame = pd.DataFrame({"id": ids, "text": list(prompts), "source": f"{split}.jsonl", "row": range(1, len(ids) + 1)})
    return with_all_columns(frame.assign(answer=pd.Series(list(answers or [None] * len(ids)), dtype="str")))


def asked_for(request: dict[str, Any]) -> tuple[int, str]:
    """How many texts of which label a request asks for."""
    found = re.search(r'Write (\d+) new texts of the label "(.*?)"', request["messages"][-1]["content"])
    if found is None:
        raise ValueError("this request asks for no texts")
    return int(found[1]), found[2]


class Writer:
    """Answers requests for texts with as many new ones as asked for, all different."""

    def __init__(self) -> None:
        self.written = 0

    def __call__(self, request: dict[str, Any]) -> Reply:
        count, label = asked_for(request)
        return completion(json.dumps([self.item(label) for _ in range(count)]), prompt_tokens=100, completion_tokens=50)

    def item(self, label: str) -> dict[str, str]:
        """One text of the label."""
        self.written += 1
        words = ("quite", "rather", "hardly", "nearly", "always", "never", "often", "seldom")
        digits = [words[int(digit)] for digit in f"{self.written:o}"]
        return {"text": f"a {label} that is {' '.join(digits)} here", "label": label}


def word_vectors(texts: list[str]) -> Floats:
    """A bag of words in 64 places, of unit length: a stand-in for an encoder that needs no model."""
    vectors = np.full((len(texts), 64), 1e-6, dtype=np.float32)
    for number, text in enumerate(texts):
        for word in text.lower().split():
            vectors[number, zlib.crc32(word.strip(".,?!").encode()) % 64] += 1
    normed: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def write_tiny_language_model(folder: Path) -> None:
    """A causal language model of a few hundred parameters with a word-level tokenizer and a chat template."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ("<unk>", "<end>", "card", "lost", "refund", "money", "please", "help", "my", "the", "is", "where")
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<end>", pad_token="<end>")
    fast.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    fast.save_pretrained(folder)
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=128,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder, safe_serialization=True)
