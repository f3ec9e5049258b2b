"""The benchmark `estimate`: the peak memory that a plan predicts against that of the real training process, on the CPU.

Each case is planned as `--plan` does it, and then trained for a few steps by `python -m tasks.train.run`; the peak is
what the kernel says of that process (`ru_maxrss`). The requirement is 15 %.

python -m tests.benchmarks.training.estimate [--only encoder-full-32 qwen3-sft-lora]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tasks.errors import TrainingFailed
from tasks.models.bundled import resolve_base_model
from tasks.records import TaskKind
from tasks.train.config import TrainingConfig
from tasks.train.estimate.process import estimate_of
from tasks.train.plan import FILE, RunPlan
from tests.benchmarks.report import Comparison, compare, write_report
from tests.tasks.train.language.tiny_language import make_qwen3

ROOT = Path(__file__).resolve().parents[3]
REQUIRED = 0.15
STEPS = 6
LABELS = 20
TEXT = "the card payment was late and i want my money back because it never arrived in time for us please help"
SMALL_QWEN3: dict[str, Any] = {
    "vocab_size": 16_000,
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 64,
}
"""38 M parameters: small, but its weights outweigh the libraries' share of the error."""


@dataclass(frozen=True)
class Case:
    """One training: how its base model is made, and its config."""

    task: TaskKind
    base: Callable[[Path], Path]
    tokens: int
    """Words of the longest row, about a token each."""
    config: dict[str, Any] = field(default_factory=dict)


def _bundled(_: Path) -> Path:
    return Path(resolve_base_model("bundled:minilm-l6"))


def _small_qwen3(folder: Path) -> Path:
    return make_qwen3(folder, **SMALL_QWEN3)


def _encoder(technique: str, batch_size: int) -> Case:
    return Case("classification", _bundled, 64, {"technique": {"kind": technique}, "batch_size": batch_size})


def _qwen3(task: TaskKind, stages: list[str], technique: str) -> Case:
    config = {"technique": {"kind": technique}, "batch_size": 8, "stages": stages}
    return Case(task, _small_qwen3, 128, config)


CASES = {
    **{
        f"encoder-{technique}-{size}": _encoder(technique, size)
        for technique in ("full", "lora", "last_layers")
        for size in (32, 8)
    },
    "qwen3-sft-full": _qwen3("instruction", ["sft"], "full"),
    "qwen3-sft-lora": _qwen3("instruction", ["sft"], "lora"),
    "qwen3-dpo-full": _qwen3("preference", ["dpo"], "full"),
    "qwen3-dpo-lora": _qwen3("preference", ["dpo"], "lora"),
}


def generated(case: Case, count: int, seed: int) -> pd.DataFrame:
    """Rows of random words, half as long to as long as the case says."""
    random = np.random.default_rng(seed)

    def text(share: float) -> str:
        most = int(case.tokens * share)
        return " ".join(random.choice(TEXT.split(), random.integers(max(2, most // 2), most + 1)))

    labelled = case.task == "classification"
    rows = [
        {
            "id": f"{seed}-{number}",
            "text": text(0.9 if labelled else 0.4),
            "label": f"label {number % LABELS:02d}" if labelled else None,
            "answer": None if labelled else text(0.4),
            "rejected": text(0.4) if case.task == "preference" else None,
            "group": None,
            "source": "generated",
            "row": number,
            "made_by": None,
            "made_from": None,
        }
        for number in range(count)
    ]
    return pd.DataFrame(rows)


def prepared(case: Case, folder: Path) -> Path:
    """A run folder for the case."""
    data, run = folder / "data", folder / "run"
    data.mkdir()
    run.mkdir()
    config = TrainingConfig.model_validate(
        {"base_model": str(case.base(folder / "base")), "epochs": 1, "max_tokens": case.tokens} | case.config
    )
    generated(case, STEPS * config.batch_size, 1).to_parquet(data / "train.parquet")
    generated(case, max(LABELS, config.batch_size), 2).to_parquet(data / "validation.parquet")
    labels = tuple(f"label {number:02d}" for number in range(LABELS)) if case.task == "classification" else ()
    plan = RunPlan(
        dataset_folder=data,
        dataset_digest="generated",
        task=case.task,
        labels=labels,
        base_model=config.base_model,
        config=config,
    )
    (run / FILE).write_text(plan.model_dump_json(), encoding="utf-8")
    return run


def trained_peak_bytes(run: Path) -> int:
    """The most memory that the training process held. Raises TrainingFailed where it did not end well."""
    with (run / "train-log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tasks.train.run", str(run)], cwd=ROOT, env=os.environ, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        text = (run / "train-log.txt").read_text(encoding="utf-8", errors="replace")
        raise TrainingFailed(f"the training in {run} failed: {text[-2000:]}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(names: list[str] | None = None) -> list[Comparison]:
    """Plan and train each case. The ratio is predicted over measured."""
    found = []
    for name in names or list(CASES):
        with tempfile.TemporaryDirectory(prefix="refit-bench-") as folder:
            run = prepared(CASES[name], Path(folder))
            begun = time.perf_counter()
            estimate = estimate_of(run)
            seconds = time.perf_counter() - begun
            measured = trained_peak_bytes(run)
        error = estimate.peak_bytes / measured - 1
        parts = {part: value / 1e6 for part, value in estimate.stages[0].memory.model_dump().items()}
        quality = {
            "error_percent": 100 * error,
            "within_15_percent": abs(error) <= REQUIRED,
            "predicted_megabytes": parts,
            "seconds_of_the_plan": seconds,
        }
        found.append(
            compare(
                f"estimate {name}",
                "the training process",
                ours=measured / 1e9,
                theirs=estimate.peak_bytes / 1e9,
                unit="GB at the peak, measured and predicted",
                quality=quality,
            )
        )
    return found


def main() -> None:
    """Measure the chosen cases and write `build/bench/training-estimate.json`."""
    parser = argparse.ArgumentParser(description="Predicted against measured peak memory.")
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    write_report("training-estimate", measure(parser.parse_args().only))


if __name__ == "__main__":
    main()
