"""The peers of the benchmark `classifier`, each as its documentation shows it, in a process of its own.

python -m tests.benchmarks.training.classifier_peers trainer|setfit TASK.json

TASK.json names the base model, two Parquet files with `text` and `label`, a seed, a folder to work in and whether the
rows are few; a line of JSON with `seconds` (of the training alone), `samples` (rows that went through it) and
`accuracy` comes back.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BATCH_SIZE = 16
"""Pairs a step of SetFit."""


def train_with_trainer(task: dict[str, Any], training: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """transformers' Trainer with its defaults: three epochs, batches of eight, 5e-5, in the order of the text guide."""
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    labels = sorted(training["label"].unique())
    tokenizer = AutoTokenizer.from_pretrained(task["base_model"])
    network = AutoModelForSequenceClassification.from_pretrained(task["base_model"], num_labels=len(labels))
    sets = {}
    for name, rows in (("train", training), ("test", test)):
        numbers = rows["label"].map(labels.index).tolist()
        plain = Dataset.from_dict({"text": rows["text"].tolist(), "labels": numbers})
        sets[name] = plain.map(lambda part: tokenizer(part["text"], truncation=True), batched=True)
    arguments = TrainingArguments(
        output_dir=task["folder"], seed=task["seed"], report_to="none", disable_tqdm=True, save_strategy="no"
    )
    collator = DataCollatorWithPadding(tokenizer)
    trainer = Trainer(model=network, args=arguments, train_dataset=sets["train"], data_collator=collator)
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    predicted = trainer.predict(sets["test"]).predictions.argmax(axis=1)
    accuracy = float((predicted == np.array(sets["test"]["labels"])).mean())
    return {"seconds": seconds, "samples": len(training) * arguments.num_train_epochs, "accuracy": accuracy}


def train_with_setfit(task: dict[str, Any], training: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """SetFit as its quick start shows it: pairs of like and unlike rows train the encoder, then a logistic head.

    A row of few makes forty pairs, one of all rows two, and a limit of steps keeps the list of pairs that short.
    """
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    labels = sorted(training["label"].unique())
    model = SetFitModel.from_pretrained(task["base_model"], labels=labels, local_files_only=True)
    pairs = len(training) * (40 if task["few_rows"] else 2)
    length = {"num_iterations": 20} if task["few_rows"] else {"max_steps": pairs // BATCH_SIZE}
    arguments = TrainingArguments(
        output_dir=task["folder"], batch_size=BATCH_SIZE, num_epochs=1, seed=task["seed"], report_to="none", **length
    )
    rows = Dataset.from_dict({"text": training["text"].tolist(), "label": training["label"].tolist()})
    trainer = Trainer(model=model, args=arguments, train_dataset=rows)
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    predicted = np.array(model.predict(test["text"].tolist()))
    return {"seconds": seconds, "samples": pairs, "accuracy": float((predicted == test["label"].to_numpy()).mean())}


PEERS = {"trainer": train_with_trainer, "setfit": train_with_setfit}

if __name__ == "__main__":
    content = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    frames = [pd.read_parquet(content[name]) for name in ("train", "test")]
    print(json.dumps(PEERS[sys.argv[1]](content, *frames)))  # noqa: T201 - the result, for the parent
