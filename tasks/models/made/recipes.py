"""The made models by name: what decides how large each is, and how long it learns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """All that a made model depends on, beside the code and the libraries' versions."""

    seed: int = 1
    vocabulary_size: int = 2048
    """Most tokens that the tokenizer may learn."""
    tokenizer_documents: int = 3000
    """Documents that the tokenizer is learned from."""
    hidden_size: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    head_size: int = 32
    intermediate_size: int = 384
    context_tokens: int = 512
    """Longest text that the model reads; it was trained on shorter ones, which rotary positions allow."""
    exercise_steps: int = 160
    """The first steps, which teach little but to carry a number over: in mixed text that is learned much later."""
    steps: int = 440
    tokens_a_step: int = 640
    """Positions of a batch at most, its padding included."""
    layers_learning_rate: float = 0.02
    """Peak of Muon's rate, for the matrices of the layers."""
    learning_rate: float = 0.01
    """Peak of AdamW's rate, for the embedding and the norms."""
    warmup_steps: int = 16


RECIPES = {"tiny-qwen3": Recipe()}
