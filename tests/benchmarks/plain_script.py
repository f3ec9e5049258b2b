"""The peer of the benchmark `pipeline`: the same training as one would write it without Refit, in one plain script.

It knows nothing of Refit. From the same curated rows it fine-tunes the same base model with the same settings, exports
it to ONNX, and measures the export: scores with bootstrap intervals, calibration, and latency. No checks of the data,
no tracking, no comparison with a champion, no release.

python -m tests.benchmarks.plain_script DATASET_FOLDER OUT_FOLDER SETTINGS.json
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import torch
from datasets import Dataset
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)


class Logits(torch.nn.Module):  # type: ignore[misc]
    """The network without its output class, which the exporter cannot trace."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        return self.network(input_ids=input_ids, attention_mask=attention_mask).logits


def train(splits: dict[str, pd.DataFrame], labels: list[str], settings: dict[str, Any], out: Path) -> tuple[Any, Any]:
    """Fine-tune the base model; returns the best network and its tokenizer."""
    set_seed(settings["seed"])
    tokenizer = AutoTokenizer.from_pretrained(settings["base_model"], model_max_length=settings["max_tokens"])
    network = AutoModelForSequenceClassification.from_pretrained(
        settings["base_model"],
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    number = {label: index for index, label in enumerate(labels)}
    sets = {}
    for split in ("train", "validation"):
        rows = Dataset.from_dict({"text": list(splits[split]["text"]), "labels": splits[split]["label"].map(number)})
        sets[split] = rows.map(lambda part: tokenizer(part["text"], truncation=True), batched=True)
    steps_per_epoch = math.ceil(len(sets["train"]) / settings["batch_size"])
    steps = max(1, math.ceil(settings["epochs"] * steps_per_epoch))
    pause = max(1, round(steps_per_epoch / settings["evaluations_per_epoch"]))
    cuda = torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=settings["epochs"],
        per_device_train_batch_size=settings["batch_size"],
        per_device_eval_batch_size=max(64, settings["batch_size"]),
        learning_rate=settings["learning_rate"],
        lr_scheduler_type="cosine",
        warmup_steps=min(settings["warmup_steps"], int(0.2 * steps)),
        weight_decay=settings["weight_decay"],
        label_smoothing_factor=settings["label_smoothing"],
        train_sampling_strategy="group_by_length",
        seed=settings["seed"],
        bf16=cuda and torch.cuda.is_bf16_supported(),
        use_cpu=not cuda,
        dataloader_pin_memory=cuda,
        eval_strategy="steps",
        eval_steps=pause,
        save_strategy="steps",
        save_steps=pause,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = Trainer(
        model=network,
        args=arguments,
        train_dataset=sets["train"],
        eval_dataset=sets["validation"],
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[EarlyStoppingCallback(settings["early_stopping_patience"])],
    )
    trainer.train()
    trainer.save_model(str(out / "model"))
    return network, tokenizer


def export(network: Any, tokenizer: Any, texts: list[str], max_tokens: int, path: Path) -> onnxruntime.InferenceSession:
    """Export to ONNX, and check on some texts that it says the same."""
    shape = {0: torch.export.Dim("rows", min=1), 1: torch.export.Dim("tokens", min=1, max=max_tokens)}
    example = torch.ones(2, 8, dtype=torch.long)
    program = torch.onnx.export(
        Logits(network.cpu()).eval(),
        (example, example.clone()),
        dynamo=True,
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_shapes={"input_ids": shape, "attention_mask": dict(shape)},
        verbose=False,
    )
    program.save(str(path))
    providers = ["CUDAExecutionProvider"] if torch.cuda.is_available() else []
    session = onnxruntime.InferenceSession(str(path), providers=[*providers, "CPUExecutionProvider"])
    inputs = tokenizer(texts, truncation=True, padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = network(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits.numpy()
    np.testing.assert_allclose(predict(session, tokenizer, texts), logits, atol=1e-3)
    return session


def predict(session: onnxruntime.InferenceSession, tokenizer: Any, texts: list[str]) -> Any:
    """Logits of shape (texts, labels), in batches of like length."""
    order = np.argsort([len(text) for text in texts])
    batches = [order[start : start + 64] for start in range(0, len(order), 64)]
    parts = []
    for batch in batches:
        inputs = tokenizer([texts[index] for index in batch], truncation=True, padding=True, return_tensors="np")
        feed = {name: inputs[name].astype(np.int64) for name in ("input_ids", "attention_mask")}
        parts.append(session.run(["logits"], feed)[0])
    logits = np.concatenate(parts)
    return logits[np.argsort(order)]


def score(logits: Any, targets: Any, temperature: float, samples: int, seed: int) -> dict[str, Any]:
    """Scores of the holdout, each with a 95 % bootstrap interval, before and after temperature scaling."""
    predicted = logits.argmax(axis=1)
    before, after = softmax(logits, axis=1), softmax(logits / temperature, axis=1)
    scores: dict[str, Callable[[Any], float]] = {
        "accuracy": lambda rows: accuracy_score(targets[rows], predicted[rows]),
        "mcc": lambda rows: matthews_corrcoef(targets[rows], predicted[rows]),
        "f1_macro": lambda rows: f1_score(targets[rows], predicted[rows], average="macro", zero_division=0),
        "ece_uncalibrated": lambda rows: calibration_error(before[rows], targets[rows]),
        "ece": lambda rows: calibration_error(after[rows], targets[rows]),
    }
    random = np.random.default_rng(seed)
    draws = [random.integers(0, len(targets), len(targets)) for _ in range(samples)]
    found = {}
    for name, measure in scores.items():
        low, high = np.quantile([measure(rows) for rows in draws], [0.025, 0.975])
        found[name] = {"value": float(measure(slice(None))), "low": float(low), "high": float(high)}
    return found


def calibration_error(probabilities: Any, targets: Any, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins of confidence."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, confidence - right, bins)
    return float(np.abs(gaps).sum() / len(targets))


def fit_temperature(logits: Any, targets: Any) -> float:
    """The temperature with the least cross-entropy on the validation split."""
    rows = np.arange(len(targets))
    found = minimize_scalar(
        lambda scale: -log_softmax(logits / np.exp(scale), axis=1)[rows, targets].mean(),
        bounds=(-3, 3),
        method="bounded",
    )
    return float(np.exp(found.x))


def latency(session: onnxruntime.InferenceSession, tokenizer: Any, texts: list[str], requests: int) -> dict[str, float]:
    """Median and 99th percentile of single-row requests, tokenisation included, in milliseconds."""
    spent = []
    for number in range(requests + 20):
        start = time.perf_counter()
        predict(session, tokenizer, [texts[number % len(texts)]])
        spent.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.quantile(spent[20:], [0.5, 0.99])
    return {"p50_milliseconds": float(p50), "p99_milliseconds": float(p99)}


def main(data: Path, out: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Train, export, measure; returns what was found and how long each step took."""
    clock, seconds = time.perf_counter(), {}
    splits = {name: pd.read_parquet(data / f"{name}.parquet") for name in ("train", "validation", "holdout")}
    labels = sorted(splits["train"]["label"].unique())
    targets = {name: rows["label"].map(labels.index).to_numpy() for name, rows in splits.items()}
    texts = {name: list(rows["text"]) for name, rows in splits.items()}
    network, tokenizer = train(splits, labels, settings["training"], out)
    seconds["train"], clock = time.perf_counter() - clock, time.perf_counter()

    session = export(
        network, tokenizer, texts["validation"][:64], settings["training"]["max_tokens"], out / "model.onnx"
    )
    seconds["export"], clock = time.perf_counter() - clock, time.perf_counter()

    evaluation = settings["evaluation"]
    temperature = fit_temperature(predict(session, tokenizer, texts["validation"]), targets["validation"])
    logits = predict(session, tokenizer, texts["holdout"])
    scores = score(logits, targets["holdout"], temperature, evaluation["bootstrap_samples"], evaluation["seed"])
    speed = latency(session, tokenizer, texts["holdout"], evaluation["latency_requests"])
    seconds["evaluate"] = time.perf_counter() - clock
    return {"scores": scores, "latency": speed, "temperature": temperature, "seconds": seconds}


if __name__ == "__main__":
    data_folder, out_folder, settings_file = map(Path, sys.argv[1:4])
    out_folder.mkdir(parents=True, exist_ok=True)
    result = main(data_folder, out_folder, json.loads(settings_file.read_text(encoding="utf-8")))
    (out_folder / "result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
