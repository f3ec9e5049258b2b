"""What a language training leaves behind: the merged model's folder, and a report with the curves of all stages."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tasks.models.answer_tokens import end_of_turn_ids
from tasks.models.info import ModelInfo
from tasks.train.history import Log
from tasks.train.language.packing import IGNORED, PaddingCollator
from tasks.train.language.rows import Example
from tasks.train.language.stage_figures import BEST_BY, stage_figures
from tasks.train.plan import RunPlan

MOST_LOGITS = 1 << 27
"""Logits that are held at once: half a gigabyte in single precision."""
MOST_ROWS = 32
HIGHEST_EXPONENT = 700.0
TIMES = ("runtime", "_per_second", "step_time", "num_tokens")
"""What a log says of time and speed, which is no part of what is stored."""

MEASURED = {"eval_loss": "validation_loss", "eval_perplexity": "validation_perplexity"}
"""What is told of the best evaluation of a stage that learns answers, by its name in the trainer's log."""


@dataclass(frozen=True)
class StageLog:
    """A stage that is done, and its trainer's log."""

    kind: str
    log: Log


def write_outcome(
    target: Path, plan: RunPlan, network: Any, tokenizer: Any, stages: Sequence[StageLog], report: Path
) -> None:
    """Write the model folder whole to `target`: weights, tokenizer, `refit.json`, and a report.

    The report is what stands in the folder `report` already, and the curves of all stages.
    """
    aside = target.with_name(f"{target.name}.incoming")
    for leftover in (aside, target):
        shutil.rmtree(leftover, ignore_errors=True)
    # Whoever generates with the model stops where it was taught to.
    ends = sorted(end_of_turn_ids(tokenizer, network.generation_config.eos_token_id))
    network.generation_config.eos_token_id = ends if len(ends) > 1 else ends[0]
    # A trainer turns it off while it trains.
    network.config.use_cache = True
    network.save_pretrained(aside)
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.save_pretrained(aside)
    info_of(plan, stages).write(aside)
    shown = aside / "report"
    shutil.copytree(report, shown) if report.is_dir() else shown.mkdir()
    curves = history_of(stages)
    (shown / "history.json").write_text(json.dumps(curves, indent=1), encoding="utf-8")
    draw_losses(curves, shown / "loss.png")
    aside.rename(target)


def info_of(plan: RunPlan, stages: Sequence[StageLog]) -> ModelInfo:
    """What `refit.json` says of the model that the plan and its stages make."""
    return ModelInfo(
        task=plan.task,
        max_tokens=plan.config.max_tokens,
        base_model=plan.config.base_model,
        technique=plan.config.technique.kind,
        stages=tuple(stage.kind for stage in stages),
        dataset_digest=plan.dataset_digest,
        seed=plan.config.seed,
    )


def history_of(stages: Sequence[StageLog]) -> dict[str, Any]:
    """What is kept of the logs, free of times: `training` and `validation` by step, and `stages` in their order.

    Steps are counted through all stages; an entry names its stage, and a stage its first and last step.
    """
    curves: dict[str, Any] = {"training": [], "validation": [], "stages": []}
    before = 0
    for stage in stages:
        last = before + max((int(entry["step"]) for entry in stage.log), default=0)
        curves["stages"].append({"kind": stage.kind, "first_step": before + 1, "last_step": last})
        for entry in stage.log:
            place = {"stage": stage.kind, "step": before + int(entry["step"])}
            if "loss" in entry:
                curves["training"].append(place | _numbers(entry))
            elif any(name.startswith("eval_") for name in entry):
                found = {name.removeprefix("eval_"): value for name, value in entry.items() if name.startswith("eval_")}
                curves["validation"].append(place | _numbers(found))
        before = last
    return curves


def _numbers(entry: dict[str, float]) -> dict[str, float]:
    left_out = ("step", "epoch", "total_flos")
    return {
        name: value
        # Sorted, because a log that was read from a checkpoint comes in another order.
        for name, value in sorted(entry.items())
        if name not in left_out and not any(part in name for part in TIMES) and isinstance(value, int | float)
    }


def draw_losses(curves: dict[str, Any], path: Path) -> None:
    """Plot, a panel a stage, training and validation loss against steps, and the reward where answers earn one."""
    from matplotlib.figure import Figure

    stages = curves["stages"]
    figure = Figure(figsize=(6 * len(stages) + 1, 4), dpi=120, layout="constrained")
    for axes, stage in zip(figure.subplots(1, len(stages), squeeze=False)[0], stages, strict=True):
        for curve, colour, name in (("training", "#9db4c0", "training"), ("validation", "#c0392b", "validation")):
            entries = [entry for entry in curves[curve] if _belongs(entry, stage)]
            measured = "reward" if any("reward" in entry for entry in entries) else "loss"
            points = [(e["step"], e[measured]) for e in entries if measured in e]
            if points:
                marker = "o" if curve == "validation" else None
                axes.plot(*zip(*points, strict=True), color=colour, marker=marker, lw=1.5, label=f"{name} {measured}")
        unit = "cross-entropy (nats a token)" if stage["kind"] in ("sft", "distil") else "loss"
        axes.set(title=stage["kind"], xlabel="step", ylabel="reward" if measured == "reward" else unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False)
    figure.savefig(path, metadata={"Software": ""})


def _belongs(entry: dict[str, Any], stage: dict[str, Any]) -> bool:
    """Whether an entry is of a stage; what is measured before its first step bears the number of the step before."""
    first: int = stage["first_step"] - 1
    return bool(entry["stage"] == stage["kind"] and first <= entry["step"] <= stage["last_step"])


def mean_cross_entropy(network: Any, examples: Sequence[Example], pad_id: int) -> float:
    """Mean cross-entropy of all tokens that carry loss, in nats a token, of a network in evaluation mode."""
    was_training, collate = network.training, PaddingCollator(pad_id)
    network.eval()
    losses = np.zeros(2)
    with torch.inference_mode():
        for batch in _batches(examples, network.config.get_text_config().vocab_size):
            rows = [{"input_ids": one.ids, "labels": np.where(one.supervised, one.ids, IGNORED)} for one in batch]
            tensors = {name: tensor.to(network.device) for name, tensor in collate(rows).items() if name != "tokens"}
            targets = tensors.pop("labels")[:, 1:]
            logits = network(**tensors, use_cache=False).logits[:, :-1]
            carrying = targets != IGNORED
            summed = torch.nn.functional.cross_entropy(logits[carrying].float(), targets[carrying], reduction="sum")
            losses += (float(summed), int(carrying.sum()))
    network.train(was_training)
    return float(losses[0] / losses[1])


def _batches(examples: Sequence[Example], vocabulary: int) -> list[list[Example]]:
    batches: list[list[Example]] = []
    for example in sorted(examples, key=lambda example: (len(example), example.id)):
        full = not batches or len(batches[-1]) == MOST_ROWS
        if full or (len(batches[-1]) + 1) * len(example) * vocabulary > MOST_LOGITS:
            batches.append([])
        batches[-1].append(example)
    return batches


def figures_of(stages: Sequence[StageLog], validation_loss: float | None) -> dict[str, float]:
    """The figures of a training's making: of all stages together, and of each under its kind.

    `validation_loss` is that of the finished model on the validation answers, in nats a token. Of each stage stand the
    last training loss and what its best evaluation measured; `train_loss` is that of the last stage that has one.
    """
    figures = {"steps": 0.0, "epochs_done": 0.0}
    tokens = seconds = 0.0
    for stage in stages:
        figures["steps"] += max((entry["step"] for entry in stage.log), default=0)
        figures["epochs_done"] += max((entry["epoch"] for entry in stage.log if "epoch" in entry), default=0)
        figures |= _figures_of_stage(stage)
        counted = [entry["num_tokens"] for entry in stage.log if "num_tokens" in entry]
        timed = [entry["train_runtime"] for entry in stage.log if "train_runtime" in entry]
        if counted and timed:
            # Both counts begin anew where a killed training goes on.
            tokens, seconds = tokens + counted[-1], seconds + timed[-1]
        if f"{stage.kind}_train_loss" in figures:
            figures["train_loss"] = figures[f"{stage.kind}_train_loss"]
    if seconds:
        figures["tokens_per_second"] = tokens / seconds
    if validation_loss is not None:
        figures["validation_loss"] = validation_loss
        figures["validation_perplexity"] = math.exp(min(validation_loss, HIGHEST_EXPONENT))
    return figures


def _figures_of_stage(stage: StageLog) -> dict[str, float]:
    """The last training loss, or reward where answers earn one, and what the best evaluation measured."""
    trained = [entry for entry in stage.log if "loss" in entry]
    # The loss of a policy gradient says nothing about how good the policy is.
    told = "reward" if any("eval_reward" in entry for entry in stage.log) else "loss"
    figures = {f"{stage.kind}_train_{told}": trained[-1][told]} if trained else {}
    scored = [entry for entry in stage.log if "eval_loss" in entry]
    if stage.kind in BEST_BY:
        figures |= stage_figures(stage.kind, stage.log)
    elif scored:
        best = min(scored, key=lambda entry: entry["eval_loss"])
        figures |= {f"{stage.kind}_{ours}": best[theirs] for theirs, ours in MEASURED.items() if theirs in best}
    return figures
