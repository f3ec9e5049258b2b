"""The plan as tables of text: for the page `plan.md`, and for the terminal."""

from __future__ import annotations

from tasks.train.config import TrainingConfig
from tasks.train.estimate.devices import UTILISATION
from tasks.train.estimate.judgement import cost_of, yardstick
from tasks.train.estimate.record import Estimate
from tasks.train.estimate.units import bytes_in_words, flops_in_words, hours_in_words, number_in_words

Rows = list[tuple[str, ...]]
Facts = list[tuple[str, str]]
PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimiser": "optimiser",
    "activations": "activations",
    "logits": "logits and loss",
    "other_network": "reference, reward model or teacher",
    "allocator": "allocator, saving",
    "runtime": "libraries and rows",
}


def sentence_of(found: Estimate, config: TrainingConfig) -> str:
    """The plan in one line."""
    time = hours_in_words(found.hours) if found.hours is not None else "an unknown time"
    cost = cost_of(found, config)
    costs = "" if cost is None else f", cost {cost:,.2f}"
    return (
        f"{number_in_words(found.trainable)} of {number_in_words(found.parameters)} parameters, "
        f"{number_in_words(sum(stage.steps for stage in found.stages))} steps, {flops_in_words(found.flops)}, "
        f"{bytes_in_words(found.peak_bytes)} at the peak, {time} on {found.device.name}{costs}"
    )


def facts(found: Estimate, config: TrainingConfig) -> Facts:
    """What holds for all stages: name and value."""
    device = found.device
    cost, budget = cost_of(found, config), config.budget
    rows: Facts = [
        ("base model", f"{config.base_model}, {number_in_words(found.parameters)} parameters"),
        (
            "technique",
            f"{config.technique.kind}: {found.trainable:,} trained ({found.trainable / found.parameters:.2%})"
            + ("" if found.spared is None else f", {found.spared:.1%} fewer than LoRA everywhere"),
        ),
        ("device", _device(found)),
        (
            "memory",
            f"{bytes_in_words(found.peak_bytes)} at the peak; the device has {bytes_in_words(device.memory_bytes)}",
        ),
        ("time", _time(found)),
    ]
    if cost is not None:
        rows.append(("cost", f"{cost:,.2f} at {budget.price_per_hour:g} an hour and device"))
    return [*rows, ("yardstick", yardstick(found))]


def _time(found: Estimate) -> str:
    if found.hours is None:
        return "not known"
    return f"{hours_in_words(found.hours)} at most: early stopping may end it sooner"


def _device(found: Estimate) -> str:
    device = found.device
    several = f"{device.count} x " if device.count > 1 else ""
    if device.measured is not None:
        speed = flops_in_words(device.measured.flops_per_second)
        tokens = device.measured.tokens / device.measured.seconds
        return (
            f"{several}{device.name}: {speed} a second and {tokens:,.0f} tokens a second, measured over "
            f"{device.measured.steps} real steps"
        )
    if device.assumed_flops_per_second is not None:
        return (
            f"{several}{device.name}: {flops_in_words(device.assumed_flops_per_second)} a second assumed, "
            f"{UTILISATION:.0%} of its peak"
        )
    return f"{several}{device.name}, not timed"


def stage_rows(found: Estimate) -> Rows:
    """A heading, and a row for each stage."""
    rows: Rows = [("Stage", "Rows", "Tokens", "With loss", "Padding", "Steps", "FLOPs", "Memory", "Time")]
    for stage in found.stages:
        rows.append(
            (
                stage.kind,
                f"{stage.rows:,}",
                number_in_words(stage.tokens),
                number_in_words(stage.learned_tokens) if stage.learned_tokens else "labels",
                f"{max(0.0, 1 - stage.tokens / stage.padded_tokens):.0%}",
                f"{stage.steps:,}" + (f" x {stage.passes}" if stage.passes > 1 else ""),
                flops_in_words(stage.flops),
                bytes_in_words(stage.memory.total),
                "not known" if stage.seconds is None else hours_in_words(stage.seconds / 3600),
            )
        )
    return rows


def memory_rows(found: Estimate) -> Rows:
    """A heading, and a row for each part of memory that any stage has, with a column for each stage."""
    rows: Rows = [("Memory at the peak", *(stage.kind for stage in found.stages))]
    for part, name in PARTS.items():
        values = [int(getattr(stage.memory, part)) for stage in found.stages]
        if any(values):
            rows.append((name, *(bytes_in_words(value) if value else "" for value in values)))
    batches = (f"{stage.largest_batch[0]} x {stage.largest_batch[1]} tokens" for stage in found.stages)
    return [
        *rows,
        ("all", *(bytes_in_words(stage.memory.total) for stage in found.stages)),
        ("largest batch", *batches),
    ]


def plan_page(found: Estimate, config: TrainingConfig, advice: str, warnings: list[str], exceeds: str | None) -> str:
    """The plan in Markdown."""
    lines = ["# The plan of the training", "", sentence_of(found, config) + "."]
    if exceeds:
        lines += ["", f"**Beyond the budget**: {exceeds}"]
    lines += ["", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts(found, config)), ""]
    for table in (stage_rows(found), memory_rows(found)):
        lines += ["| " + " | ".join(table[0]) + " |", "|---" + "|--:" * (len(table[0]) - 1) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in table[1:]]
        lines.append("")
    lines += ["## Is it a good choice?", "", advice, ""]
    lines += [f"- {warning}" for warning in warnings] or ["Nothing speaks against it."]
    return "\n".join([*lines, "", METHOD]) + "\n"


METHOD = """## How this was found

- Rows and tokens are counted: the training split, tokenised and put into batches as training will do it.
- FLOPs are counted operation by operation over a forward and backward pass of this very network with its technique,
  on tensors that have shapes and no content; a multiplication and an addition are two.
- Memory is what the same pass asks for and gives back, at its fullest moment, on the largest batch. On a CPU, what the
  C library's allocator holds beyond that, and what saving takes, is found by asking it for the same pieces in the same
  order, and what the libraries take is measured in a process that has trained a tiny network. On a GPU the driver's
  context (some 0.5 GB) and fragmentation come on top.
- Time is FLOPs over the speed: measured by real steps on this machine, or the peak of the named device times an assumed
  utilisation. Validation, checkpoints, loading, and what a teacher writes before a stage `distil`
  are not in it. An online stage writes its answers one token after the
  other, which takes longer than its FLOPs say."""
