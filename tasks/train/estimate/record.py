"""The records of a plan: what a training takes, by stage and by part of memory, and what was measured for it."""

from __future__ import annotations

from typing import Literal

from tasks.records import Record


class Memory(Record):
    """Bytes at the fullest moment, by what they are for."""

    weights: int
    """The network's parameters and buffers, adapters included."""
    gradients: int
    optimiser: int
    """AdamW's two moments of every trained parameter."""
    activations: int
    """Kept for the backward pass, and on its way."""
    logits: int
    """Scores over the vocabulary, their gradients, and what the loss makes of them."""
    other_network: int = 0
    """A reference, reward model or teacher beside the network."""
    allocator: int = 0
    """What the C library holds beyond what was asked of it, by replaying the step's allocations, and where that is
    more, what saving the model takes on top of it; on the CPU."""
    runtime: int = 0
    """Python, the libraries and the tokenised rows, measured; on a GPU these are not in its memory."""

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.model_dump().values())


class StageEstimate(Record):
    """What one stage takes."""

    kind: str
    rows: int
    tokens: int
    """Tokens of the rows over all epochs, without padding; of an online stage, prompts and the longest answers."""
    padded_tokens: int
    """Tokens that are computed, padding included."""
    learned_tokens: int
    """Tokens that carry loss over all epochs; 0 for a classifier."""
    epochs: float
    steps: int
    passes: int
    """Forward and backward passes of a step."""
    largest_batch: tuple[int, int]
    """Sequences and tokens of the batch that needs the most memory, on one device."""
    trainable: int
    flops: float
    """Of all devices together; a multiplication and an addition are two."""
    generated_tokens: int = 0
    """Tokens that the model writes itself, one after the other, in an online stage."""
    memory: Memory
    seconds: float | None = None
    """Null where this machine was to be timed and could not be."""


class Measured(Record):
    """How fast this machine did real steps."""

    steps: int
    seconds: float
    tokens: int
    flops_per_second: float


class Device(Record):
    """The device that is planned for."""

    name: str
    kind: Literal["cpu", "cuda"]
    memory_bytes: int
    count: int
    measured: Measured | None = None
    """Null for a device of the table."""
    assumed_flops_per_second: float | None = None
    """Peak times the assumed utilisation, for a device of the table."""


class Change(Record):
    """A change of the config, and the memory that it would bring."""

    setting: str
    memory_bytes: int


class Estimate(Record):
    """All that is found out about a training before it begins."""

    parameters: int
    trainable: int
    spared: float | None = None
    """Of `expert_lora`, the share of trained parameters that it spares against LoRA of the same rank everywhere."""
    stages: tuple[StageEstimate, ...]
    device: Device
    would_fit: tuple[Change, ...] = ()
    """Where the training does not fit into the device's memory: changes with which it would."""
    notes: tuple[str, ...] = ()
    """What could not be measured, and why."""

    @property
    def peak_bytes(self) -> int:
        """The most memory that any stage needs, on one device."""
        return max(stage.memory.total for stage in self.stages)

    @property
    def flops(self) -> float:
        """Of all stages."""
        return sum(stage.flops for stage in self.stages)

    @property
    def hours(self) -> float | None:
        """Of all stages; null where one could not be timed."""
        times = [stage.seconds for stage in self.stages]
        return None if None in times else sum(time for time in times if time is not None) / 3600
