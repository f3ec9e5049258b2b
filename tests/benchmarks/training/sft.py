"""The benchmark `sft`: supervised fine-tuning by Refit against `trl sft`, in tokens a second of the training loop.

Two sets: GSM8K (the word problems beside the project) and a long-tailed one, whose answers are one to thirty of GSM8K's
in a row, most of them short (a Pareto law, as of real answers). Both contestants get the same rows, the same random
Qwen3 with a tokenizer learned from the rows, rows a step, epochs, seed, schedule and cores, each in a process of its
own. The peer is the command `trl sft` as it comes, which computes activations twice to save memory and in bfloat16, and
once more with both turned off, which is the arithmetic that Refit does. Tokens are those that are not padding, seconds
are the trainer's own `train_runtime`; for Refit they hold an evaluation and a checkpoint that the peer does not make.

The fill rate is the share of the peer's places that are not padding; a training that wastes none would be 1 / fill
times as fast. The loss is the mean cross-entropy, in nats a token, of answers that neither has seen.

python -m tests.benchmarks.training.sft [--rows 640] [--seeds 0 1]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.models.made.tokenizer import learn_tokenizer
from tasks.store import fetch
from tasks.train.config import TrainingConfig
from tasks.train.language.outcome import mean_cross_entropy
from tasks.train.language.rows import Example, examples_of, rendered_rows
from tasks.train.plan import prepare_run
from tasks.train.process import run_training
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "math"
VOCABULARY, WIDTH, LAYERS, MOST_TOKENS = 8192, 192, 4, 1024
BATCH, LEARNING_RATE, WARMUP_STEPS = 16, 1e-3, 5
VALIDATION_ROWS, TEST_ROWS = 16, 100
TAIL, MOST_ANSWERS = 1.1, 30
"""The exponent of the Pareto law by which the long-tailed set puts answers together, and the most of them."""
SAME_ARITHMETIC = ("--activation_checkpointing", "False", "--bf16", "False")

console = Console(highlight=False)
Result = dict[str, float]


def measure(rows: int = 640, seeds: Sequence[int] = (0, 1)) -> list[Comparison]:
    """Ours against `trl sft`, as it comes and with the same arithmetic, on both sets."""
    if not DATA.is_dir():
        console.print(f"skipped: GSM8K is not in {DATA}")
        return []
    return [
        comparison
        for name, texts in {"GSM8K": word_problems(rows), "long-tailed": long_tailed(rows)}.items()
        for comparison in measure_set(name, texts, seeds)
    ]


def word_problems(rows: int) -> pd.DataFrame:
    """The first rows of GSM8K, of the columns `text` and `answer`, with those of the validation and test at the end."""
    read = pd.read_json(DATA / "train.jsonl", lines=True).rename(columns={"question": "text"})
    return read[["text", "answer"]].head(rows + VALIDATION_ROWS + TEST_ROWS)


def long_tailed(rows: int, seed: int = 3) -> pd.DataFrame:
    """GSM8K's questions with one to MOST_ANSWERS of its answers each, as a Pareto law has it; cut to what fits."""
    problems = word_problems(rows)
    random = np.random.default_rng(seed)
    counts = np.minimum(1 + random.pareto(TAIL, len(problems)), MOST_ANSWERS).astype(int)
    answers = ["\n".join(random.choice(problems["answer"], count)) for count in counts]
    # About three and a half characters a token: nothing is longer than the peer's own limit.
    return problems.assign(answer=[answer[: 3 * MOST_TOKENS - 900] for answer in answers])


def measure_set(name: str, texts: pd.DataFrame, seeds: Sequence[int]) -> list[Comparison]:
    """Ours and both forms of the peer, in turn, once a seed."""
    who = {"ours": None, "trl sft": (), "trl sft, same arithmetic": SAME_ARITHMETIC}
    results: dict[str, list[Result]] = {one: [] for one in who}
    with home_of_its_own() as home:
        base = make_base(home / "base", texts)
        tokenizer = AutoTokenizer.from_pretrained(base)
        rows = make_rows(texts)
        examples = read(rows, tokenizer)
        test = examples[-TEST_ROWS:]
        trained = rows[: -TEST_ROWS - VALIDATION_ROWS]
        tokens = sum(len(example) for example in examples[: len(trained)])
        for seed in seeds:
            for one, flags in who.items():
                folder = home / f"{one.replace(' ', '-')}-{seed}"
                if flags is None:
                    model, seconds = ours(folder, base, rows[:-TEST_ROWS], seed)
                else:
                    model, seconds = peer(folder, base, trained, seed, flags)
                loss = loss_of(model, test, tokenizer.pad_token_id)
                results[one].append({"tokens_per_second": tokens / seconds, "loss": loss})
                console.print(f"{name}, {one}, seed {seed}: {tokens / seconds:,.0f} tokens/s, loss {loss:.4f}")
        fill = fill_rate([len(example) for example in examples[: len(trained)]])
        untrained = loss_of(base, test, tokenizer.pad_token_id)
    speed = {one: median(result["tokens_per_second"] for result in found) for one, found in results.items()}
    quality: dict[str, Any] = {
        "one_over_fill": 1 / fill,
        "tokens": tokens,
        "threads": torch.get_num_threads(),
        "loss_untrained": untrained,
    }
    quality |= {f"loss, {one}": [result["loss"] for result in found] for one, found in results.items()}
    ours_loss = mean(result["loss"] for result in results["ours"])
    for one in who:
        if one != "ours":
            quality[f"loss, ours above {one}"] = ours_loss - mean(result["loss"] for result in results[one])
    return [
        compare(
            "sft",
            f"{one}, {name}",
            ours=speed["ours"],
            theirs=speed[one],
            unit="tokens/s",
            less_is_better=False,
            quality=quality,
        )
        for one in who
        if one != "ours"
    ]


def make_base(folder: Path, texts: pd.DataFrame) -> Path:
    """A random Qwen3 in `folder`, with a tokenizer learned from the texts."""
    tokenizer = learn_tokenizer([*texts["text"], *texts["answer"]], VOCABULARY, MOST_TOKENS)
    torch.manual_seed(0)
    network = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=3 * WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=WIDTH // 32,
            num_key_value_heads=WIDTH // 64,
            head_dim=32,
            max_position_embeddings=MOST_TOKENS,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_rows(texts: pd.DataFrame) -> pd.DataFrame:
    """Rows of an instruction dataset."""
    numbers = range(1, len(texts) + 1)
    ids = [f"r{number}" for number in numbers]
    nothing = {"label": None, "group": None, "rejected": None}
    return texts.reset_index(drop=True).assign(id=ids, row=numbers, source="GSM8K", **nothing)


def read(rows: pd.DataFrame, tokenizer: Any) -> list[Example]:
    """The rows as token ids, as our training reads them."""
    rendered = list(rendered_rows(rows, tokenizer, "instruction"))
    return examples_of(rendered, tokenizer, tokenizer.eos_token_id, MOST_TOKENS, "answer")


def ours(folder: Path, base: Path, rows: pd.DataFrame, seed: int) -> tuple[Path, float]:
    """Train as a flow does, in a process of its own: the model's folder and the seconds of its loop."""
    splits = {"train": rows[:-VALIDATION_ROWS], "validation": rows[-VALIDATION_ROWS:]}
    origin = {"source": "GSM8K"}
    dataset = keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin=origin, task="instruction")
    settings = {
        "base_model": str(base),
        "stages": [{"kind": "sft"}],
        "technique": {"kind": "full"},
        "epochs": 1,
        "batch_size": BATCH,
        "learning_rate": LEARNING_RATE,
        "warmup_steps": WARMUP_STEPS,
        "weight_decay": 0.0,
        "max_tokens": MOST_TOKENS,
        "evaluations_per_epoch": 1,
        "seed": seed,
    }
    config = TrainingConfig.model_validate(settings)
    run = prepare_run(folder, dataset, fetch(dataset), config, code="benchmark")
    run_training(run, lambda *_: None, lambda _: None)
    logs = [json.loads(path.read_text(encoding="utf-8")) for path in run.glob("stages/*/done/log.json")]
    return run / "model", sum(entry["train_runtime"] for log in logs for entry in log if "train_runtime" in entry)


def peer(folder: Path, base: Path, rows: pd.DataFrame, seed: int, flags: Sequence[str]) -> tuple[Path, float]:
    """Train by `trl sft` in a process of its own: the model's folder and the seconds of its loop."""
    data = folder / "data"
    data.mkdir(parents=True)
    lines = [
        json.dumps(
            {
                "prompt": [{"role": "user", "content": text}],
                "completion": [{"role": "assistant", "content": answer}],
            }
        )
        for text, answer in zip(rows["text"], rows["answer"], strict=True)
    ]
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings: dict[str, Any] = {
        "model_name_or_path": base,
        "dataset_name": data,
        "output_dir": folder / "model",
        "num_train_epochs": 1,
        "per_device_train_batch_size": BATCH,
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "cosine",
        "warmup_steps": WARMUP_STEPS,
        "seed": seed,
        "dtype": "float32",
        "report_to": "none",
        "save_strategy": "no",
        "use_cpu": not torch.cuda.is_available(),
    }
    command = [str(Path(sys.executable).with_name("trl")), "sft"]
    command += [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    # The launcher of the command would leave all but one processor core idle.
    threads = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False, env=threads)
    told = re.findall(r"'train_runtime': '?([\d.e+]+)", done.stdout)
    if done.returncode or not told:
        raise RuntimeError(f"trl sft ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return folder / "model", float(told[-1])


def loss_of(model: Path, examples: list[Example], pad_id: int) -> float:
    """Mean cross-entropy of the answers in nats a token, in single precision."""
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    return mean_cross_entropy(network, examples, pad_id)


def fill_rate(lengths: Sequence[int], seed: int = 0) -> float:
    """Share of places that are not padding where rows in random order are padded to the longest of their step."""
    order = np.random.default_rng(seed).permutation(np.asarray(lengths))
    steps = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return float(order.sum() / sum(len(step) * step.max() for step in steps))


def main() -> None:
    """Measure and write `build/bench/training-sft.json`."""
    parser = argparse.ArgumentParser(description="Supervised fine-tuning by Refit and by `trl sft`.")
    parser.add_argument("--rows", type=int, default=640)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options = parser.parse_args()
    write_report("training-sft", measure(options.rows, options.seeds))


if __name__ == "__main__":
    main()
