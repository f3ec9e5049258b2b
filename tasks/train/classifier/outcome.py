"""What a training leaves behind: the model's folder with its temperature, and a report with the loss curves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tasks.metrics.calibration import fit_temperature
from tasks.models.info import ModelInfo
from tasks.train.classifier.examples import Example, mean_loss_and_logits
from tasks.train.history import Log, best_step, history
from tasks.train.plan import RunPlan

BATCH = 64


def write_outcome(
    target: Path,
    plan: RunPlan,
    network: Any,
    tokenizer: Any,
    validation: list[Example],
    log: Log,
) -> dict[str, float]:
    """Write the model folder whole to `target` and return the figures of its making."""
    loss, logits = mean_loss_and_logits(network, validation, BATCH, tokenizer.pad_token_id)
    truth = np.array([example["labels"] for example in validation])
    temperature = fit_temperature(logits, truth)
    info = ModelInfo(
        labels=plan.labels,
        temperature=temperature,
        max_tokens=plan.config.max_tokens,
        base_model=plan.config.base_model,
        technique=plan.config.technique.kind,
        stages=tuple(stage.kind for stage in plan.config.stages_for(plan.task)),
        dataset_digest=plan.dataset_digest,
        seed=plan.config.seed,
    )
    curves = history(log)
    write_model(target, network, tokenizer, info, curves)
    return {
        "train_loss": curves["training"][-1]["loss"],
        "validation_loss": loss,
        "validation_accuracy": float((logits.argmax(axis=1) == truth).mean()),
        "steps": float(curves["training"][-1]["step"]),
        "best_step": float(best_step(log)),
        "epochs_done": float(max(entry["epoch"] for entry in log)),
        "temperature": temperature,
    }


def write_model(target: Path, network: Any, tokenizer: Any, info: ModelInfo, curves: dict[str, Any]) -> None:
    """Write weights, config, tokenizer, `refit.json` and `report/` aside, and rename the folder to `target`."""
    aside = target.with_name(f"{target.name}.incoming")
    for leftover in (aside, target):
        shutil.rmtree(leftover, ignore_errors=True)
    network.save_pretrained(aside)
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.enable_truncation(max_length=info.max_tokens)
    tokenizer.save_pretrained(aside)
    info.write(aside)
    report = aside / "report"
    report.mkdir()
    (report / "history.json").write_text(json.dumps(curves, indent=1), encoding="utf-8")
    draw_losses(curves, report / "loss.png")
    aside.rename(target)


def draw_losses(curves: dict[str, Any], path: Path) -> None:
    """Plot training and validation loss in nats against steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    training, validation = curves["training"], curves["validation"]
    axes.plot(
        [e["step"] for e in training], [e["loss"] for e in training], color="#9db4c0", lw=1, label="training objective"
    )
    steps, losses = [e["step"] for e in validation], [e["loss"] for e in validation]
    axes.plot(steps, losses, color="#c0392b", marker="o", lw=1.8, label="validation")
    best = int(np.argmin(losses))
    note = f"best: {losses[best]:.3f}"
    axes.annotate(note, (steps[best], losses[best]), textcoords="offset points", xytext=(0, 10), ha="center")
    axes.set(title="Loss while training", xlabel="step", ylabel="cross-entropy (nats)", ylim=(0, None))
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Software": ""})
