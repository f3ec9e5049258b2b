"""The stage `train`: a dataset in, a fine-tuned model out, made in a process of its own."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from infra.settings import settings
from tasks.models.bundled import base_model_digest
from tasks.records import DatasetRef, ModelRef
from tasks.retries import MACHINE
from tasks.stage import code_digest, report_progress, run_logger, stage
from tasks.store import fetch_whole, keep
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import run_training

SECONDS_BETWEEN_REPORTS = 1.0


def in_words(model: ModelRef) -> str:
    """What a training came to, as one line."""
    figures = model.metrics
    return (
        f"{figures['steps']:.0f} steps, validation loss {figures['validation_loss']:.3f}, "
        f"accuracy {figures['validation_accuracy']:.1%}, model {model.digest[:12]}"
    )


class _Throttle:
    """Passes on the first and the last report of progress, and at most one a second in between."""

    def __init__(self) -> None:
        self.next_at = 0.0

    def __call__(self, done: float, total: float, message: str) -> None:
        now = time.monotonic()
        if now >= self.next_at or done >= total:
            self.next_at = now + SECONDS_BETWEEN_REPORTS
            report_progress("train", done, total, message)


@stage(retries=MACHINE, reuse=True, also=lambda inputs: base_model_digest(inputs["config"].base_model), says=in_words)
def train(dataset: DatasetRef, config: TrainingConfig) -> ModelRef:
    """Fine-tune the base model on the dataset, choosing by its validation split; a killed training goes on."""
    runs, code = settings().home_path / "runs", code_digest(Path(__file__).parent)
    folder = prepare_run(runs, dataset, fetch_whole(dataset), config, code)
    metrics = run_training(folder, _Throttle(), lambda message: run_logger().info(f"train: {message}"))
    stored = keep("models", folder / "model")
    shutil.rmtree(folder, ignore_errors=True)
    return ModelRef(uri=stored.uri, digest=stored.digest, dataset_digest=dataset.digest, metrics=metrics)
