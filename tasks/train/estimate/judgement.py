"""Where a planned training is a poor choice, in plain words, each with what would be better."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.records import Advice
from tasks.train.config import TrainingConfig
from tasks.train.estimate.record import Estimate, StageEstimate
from tasks.train.estimate.units import bytes_in_words, hours_in_words, number_in_words
from tasks.train.technique_kinds import ADAPTERS

TOKENS_PER_PARAMETER = 20
"""Tokens a parameter at which pre-training is compute-optimal (Hoffmann et al., arXiv:2203.15556)."""
FEW_STEPS = 20
MOST_EPOCHS = 10
WASTED_PADDING = 0.4
SAFE_SHARE = 0.9
"""Of a device's memory, what a plan may fill: the rest is the driver's, and what allocators cannot use."""
LARGE_PARAMETERS = 1_000_000_000
LEAST_TOKENS_PER_PARAMETER = 0.01
"""Below this, every trained parameter sees next to nothing: a hundred parameters for each token that carries loss."""


def warnings_of(found: Estimate, advice: Advice, config: TrainingConfig) -> list[str]:
    """Every reason to think again, the gravest first."""
    warnings = [*_memory(found), *_rows(advice)]
    for stage in found.stages:
        warnings += [*_steps(stage, config), *_parameters(stage, found, config), *_padding(stage, config)]
    return [*warnings, *found.notes]


def beyond_budget(found: Estimate, config: TrainingConfig) -> str | None:
    """Why the plan may not be carried out; null where it may."""
    budget, hours, cost = config.budget, found.hours, cost_of(found, config)
    if hours is None and (budget.max_hours or budget.max_cost):
        return (
            "training.budget sets a limit, but the time is not known (see the notes of the plan): mend the reason, or "
            "name a known device in training.budget.device"
        )
    if hours is not None and budget.max_hours is not None and hours > budget.max_hours:
        return (
            f"the training would take {hours_in_words(hours)} on {found.device.name}, more than "
            f"training.budget.max_hours allows ({hours_in_words(budget.max_hours)}): take fewer epochs, an adapter "
            "or a smaller base model, or raise the limit"
        )
    if cost is not None and budget.max_cost is not None and cost > budget.max_cost:
        return (
            f"the training would cost {cost:,.2f} ({hours_in_words(hours or 0)} at {budget.price_per_hour:g} an hour), "
            f"more than training.budget.max_cost allows ({budget.max_cost:,.2f}): take fewer epochs, an adapter "
            "or a smaller base model, or raise the limit"
        )
    return None


def cost_of(found: Estimate, config: TrainingConfig) -> float | None:
    """What the training costs, on all its devices; null where time or price is not known."""
    price = config.budget.price_per_hour
    return None if price is None or found.hours is None else found.hours * price * found.device.count


def yardstick(found: Estimate) -> str:
    """The tokens at hand beside what pre-training such a network would take, and why that is no measure of tuning."""
    wanted = TOKENS_PER_PARAMETER * found.parameters
    seen = max(stage.tokens for stage in found.stages)
    return (
        f"pre-training {number_in_words(found.parameters)} parameters compute-optimally takes "
        f"{number_in_words(wanted)} tokens ({TOKENS_PER_PARAMETER} a parameter); this training sees "
        f"{number_in_words(seen)}, {100 * seen / wanted:.2g} % of them, so it can only steer what the base model knows"
    )


def _memory(found: Estimate) -> Iterator[str]:
    peak, room = found.peak_bytes, found.device.memory_bytes
    if peak <= SAFE_SHARE * room:
        return
    fullest = max(found.stages, key=lambda stage: stage.memory.total)
    words = (
        f"the stage {fullest.kind} needs {bytes_in_words(peak)} at its peak, and {found.device.name} has "
        f"{bytes_in_words(room)}, of which {SAFE_SHARE:.0%} can be filled"
    )
    if found.would_fit:
        tried = "; ".join(f"{change.setting} ({bytes_in_words(change.memory_bytes)})" for change in found.would_fit)
        yield f"{words}. It would fit with {tried}"
    else:
        yield (
            f"{words}. No smaller batch, shorter row or adapter alone makes it fit: take a smaller base model, a "
            "larger device, or training.devices.sharding: full over several"
        )


def _rows(advice: Advice) -> Iterator[str]:
    if advice.state != "suits":
        yield advice.sentence


def _steps(stage: StageEstimate, config: TrainingConfig) -> Iterator[str]:
    if stage.steps < FEW_STEPS:
        yield (
            f"the stage {stage.kind} has only {stage.steps} steps, too few for a schedule to settle: a smaller "
            f"training.batch_size (now {config.batch_size}) or more epochs give more"
        )
    if stage.epochs > MOST_EPOCHS and config.technique.kind != "few_shot":
        yield (
            f"the stage {stage.kind} sees every row {stage.epochs:g} times: past some four epochs repeats bring little "
            "(arXiv:2305.16264), and a language model learns rows by heart; early stopping will end it sooner"
        )


def _parameters(stage: StageEstimate, found: Estimate, config: TrainingConfig) -> Iterator[str]:
    if config.technique.kind in ADAPTERS or not stage.learned_tokens:
        return
    each = stage.learned_tokens / stage.trainable
    if found.parameters >= LARGE_PARAMETERS and each < LEAST_TOKENS_PER_PARAMETER:
        yield (
            f"the stage {stage.kind} trains {number_in_words(stage.trainable)} parameters on "
            f"{number_in_words(stage.learned_tokens)} tokens that carry loss: an adapter (training.technique: "
            "{kind: lora}) reaches as much with so few rows, for a fraction of the memory, and forgets less"
        )


def _padding(stage: StageEstimate, config: TrainingConfig) -> Iterator[str]:
    wasted = 1 - stage.tokens / stage.padded_tokens if stage.padded_tokens else 0
    if wasted > WASTED_PADDING and stage.kind not in ("rloo", "grpo"):
        yield (
            f"{wasted:.0%} of what the stage {stage.kind} computes is padding: rows differ much in length in batches "
            f"of {config.batch_size}"
        )
