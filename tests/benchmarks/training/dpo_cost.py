"""The benchmark `dpo-cost`: what a token costs in DPO against supervised fine-tuning, and what arithmetic says it must.

In units of one forward pass over a token, SFT costs 3 (forward, and twice that backward). DPO costs 3 too, on the
tokens of both sides of a pair, and 1 more for the reference, which is computed once and shared by all epochs. So a
token costs (3 + 1 / epochs) / 3 times as much: 4 / 3 in one epoch, 10 / 9 in three.

Both run the same network, the same texts (each side of each pair is one row of SFT), batches of like length, as many
sequences a step, and no evaluation; the time of the steps alone is taken, after a few that are not counted.

python -m tests.benchmarks.training.dpo_cost [--pairs 256]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM, TrainerCallback, set_seed
from trl import SFTConfig

from tasks.train.config import TrainingConfig
from tasks.train.language.dpo import make_trainer
from tasks.train.language.pairs import pairs_of
from tasks.train.language.sft import AnswerTrainer, as_dataset, collator_of, read_examples
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan
from tests.benchmarks.report import Comparison, compare, write_report
from tests.tasks.train.language.tiny_language import make_tokenizer

WIDTH, LAYERS, WORDS = 256, 6, 24
PAIRS_A_STEP, WARM_STEPS, EPOCHS = 16, 2, 3
ROUNDS = 3


class StepClock(TrainerCallback):  # type: ignore[misc]
    """Seconds from the end of the warm steps to the end of the last one."""

    def __init__(self) -> None:
        self.started, self.seconds = 0.0, 0.0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.perf_counter()
        if state.global_step == WARM_STEPS:
            self.started = now
        self.seconds = now - self.started


def generated(pairs: int, seed: int = 4) -> pd.DataFrame:
    """So many pairs of random words, in answers of one to twice `WORDS` words."""
    random = np.random.default_rng(seed)
    words = np.array(["card", "money", "password", "parcel", "address", "settings", "tomorrow", "please", "open"])
    texts = [" ".join(random.choice(words, random.integers(WORDS, 2 * WORDS))) for _ in range(3 * pairs)]
    columns = {"text": texts[::3], "answer": texts[1::3], "rejected": texts[2::3]}
    return pd.DataFrame({"id": [f"p{number}" for number in range(pairs)], **columns})


def prepared(folder: Path, rows: pd.DataFrame, kind: str, batch_size: int) -> StageWork:
    """The work of one stage on a network of random weights, without adapters."""
    tokenizer = make_tokenizer()
    set_seed(1)
    sizes = {"hidden_size": WIDTH, "intermediate_size": 3 * WIDTH, "num_hidden_layers": LAYERS, "head_dim": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    network = Qwen3ForCausalLM(Qwen3Config(**sizes, **heads, **ends, max_position_embeddings=512))
    stage = {"kind": kind, "packing": False} if kind == "sft" else {"kind": kind}
    settings = {"stages": [stage], "epochs": 1, "batch_size": batch_size, "max_tokens": 256}
    config = TrainingConfig.model_validate(settings)
    plan = RunPlan(
        dataset_folder=folder, dataset_digest="0", task="preference", labels=(), base_model=str(folder), config=config
    )
    splits = {"train": rows, "validation": rows[:1]}
    return StageWork(folder / kind, plan, config.stages[0], network, tokenizer, splits, lambda *_, **__: None)


def sft_seconds(folder: Path, rows: pd.DataFrame) -> tuple[float, int]:
    """Seconds a token of supervised fine-tuning on both sides as rows, and the tokens."""
    rejected = rows.assign(answer=rows["rejected"], id=rows["id"] + "r")
    both = pd.concat([rows, rejected]).sort_index(kind="stable").reset_index(drop=True)
    work = prepared(folder, both, "sft", 2 * PAIRS_A_STEP)
    examples = read_examples(work, "train")
    steps = len(examples) // (2 * PAIRS_A_STEP)
    trainer = AnswerTrainer(
        model=work.network,
        args=work.arguments(SFTConfig, steps, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        data_collator=collator_of(work),
        train_dataset=as_dataset(examples),
        processing_class=work.tokenizer,
    )
    return _timed(trainer, sum(len(example) for example in examples) * (steps - WARM_STEPS) / steps)


def dpo_seconds(folder: Path, rows: pd.DataFrame) -> tuple[float, float, int]:
    """Seconds a token of DPO's steps, seconds a token of its reference, and the tokens of both sides."""
    work = prepared(folder, rows, "dpo", PAIRS_A_STEP)
    pairs = pairs_of(work, "train")
    tokens = sum(map(len, pairs["chosen_ids"])) + sum(map(len, pairs["rejected_ids"]))
    steps = len(pairs) // PAIRS_A_STEP
    trainer = make_trainer(work, pairs, pairs.select(range(1)), steps)
    start = time.perf_counter()
    trainer._reference_of(pairs, PAIRS_A_STEP)
    reference = (time.perf_counter() - start) / tokens
    seconds, counted = _timed(trainer, tokens * (steps - WARM_STEPS) / steps)
    return seconds, reference, counted


def _timed(trainer: Any, tokens: float) -> tuple[float, int]:
    clock = StepClock()
    trainer.add_callback(clock)
    trainer.train()
    return clock.seconds / tokens, round(tokens)


def measure(pairs: int = 256, rounds: int = ROUNDS) -> list[Comparison]:
    """Measure both in turn, `rounds` times, and compare medians: DPO's seconds a token with SFT's."""
    rows = generated(pairs)
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="refit-bench-") as folder:
            sft, _ = sft_seconds(Path(folder), rows)
            found.append((sft, *dpo_seconds(Path(folder), rows)))
    sft, steps, reference, tokens = (float(value) for value in np.median(found, axis=0))
    once, several = (steps + reference) / sft, (steps + reference / EPOCHS) / sft
    quality = {
        "dpo_against_sft_a_token": {"1 epoch": once, f"{EPOCHS} epochs": several},
        "by_arithmetic": {"1 epoch": 4 / 3, f"{EPOCHS} epochs": (3 + 1 / EPOCHS) / 3},
        "reference_against_a_step": reference / steps,
        "reference_by_arithmetic": 1 / 3,
        "tokens": tokens,
        "parameters": float(12 * LAYERS * WIDTH**2),
        "threads": torch.get_num_threads(),
    }
    ours, theirs = 1e6 * sft * several, 1e6 * sft * (3 + 1 / EPOCHS) / 3
    peer = f"SFT times the arithmetic, {EPOCHS} epochs"
    return [compare("dpo-cost", peer, ours=ours, theirs=theirs, unit="µs a token", quality=quality)]


def main() -> None:
    """Measure and write `build/bench/training-dpo-cost.json`."""
    parser = argparse.ArgumentParser(description="What a token costs in DPO against supervised fine-tuning.")
    parser.add_argument("--pairs", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    write_report("training-dpo-cost", measure(options.pairs, options.rounds))


if __name__ == "__main__":
    main()
