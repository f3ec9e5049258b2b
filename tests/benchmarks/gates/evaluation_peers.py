"""The peers of the benchmark `evaluation`: separate tools, each in a process of its own, as their documentation shows.

python -m tests.benchmarks.gates.evaluation_peers STEP TASK.json

They know nothing of Refit. TASK.json names the model's folder, the holdout as Parquet, a folder to work in, and how
much is asked for. `predict` comes first and writes the logits that `quality`, `calibration` and `fairness` read, so
that no tool has to answer the rows again. Each prints a line of JSON with what it found.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Task = dict[str, Any]
Found = dict[str, float]
TAILS = (0.05, 0.95)


class Served:
    """The exported model on ONNX Runtime, with transformers' tokenizer."""

    def __init__(self, task: Task) -> None:
        import onnxruntime
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(task["model"])
        self.session = onnxruntime.InferenceSession(f"{task['model']}/onnx/model.onnx")

    def logits(self, texts: list[str]) -> Any:
        """Logits of shape (texts, labels), in batches of 64 of like length."""
        order = np.argsort([len(text) for text in texts])
        parts = []
        for start in range(0, len(order), 64):
            chosen = [texts[index] for index in order[start : start + 64]]
            inputs = self.tokenizer(chosen, truncation=True, padding=True, return_tensors="np")
            feed = {name: inputs[name].astype(np.int64) for name in ("input_ids", "attention_mask")}
            parts.append(self.session.run(["logits"], feed)[0])
        return np.concatenate(parts)[np.argsort(order)]

    def milliseconds(self, text: str) -> float:
        """Of one request."""
        start = time.perf_counter_ns()
        self.logits([text])
        return (time.perf_counter_ns() - start) / 1e6


def predict(task: Task) -> Found:
    """The logits of every row, written down."""
    np.save(f"{task['out']}/logits.npy", Served(task).logits(_rows(task)["text"].tolist()))
    return {}


def quality(task: Task) -> Found:
    """scikit-learn: scores with percentile bootstrap intervals, the report by label, the confusion matrix."""
    from sklearn import metrics

    labels, logits = _said(task)
    predicted = logits.argmax(axis=1)
    scores: dict[str, Callable[[Any], float]] = {
        "mcc": lambda rows: metrics.matthews_corrcoef(labels[rows], predicted[rows]),
        "f1_macro": lambda rows: metrics.f1_score(labels[rows], predicted[rows], average="macro"),
        "accuracy": lambda rows: metrics.accuracy_score(labels[rows], predicted[rows]),
    }
    found = _with_intervals(scores, len(labels), task)
    report = metrics.classification_report(labels, predicted, output_dict=True, zero_division=0)
    pd.DataFrame(report).T.to_csv(f"{task['out']}/per_class.csv")
    display = metrics.ConfusionMatrixDisplay.from_predictions(labels, predicted, include_values=False)
    display.figure_.savefig(f"{task['out']}/confusion_matrix.png", dpi=120)
    return found


def calibration(task: Task) -> Found:
    """The expected calibration error with and without the temperature, with intervals, and the reliability diagram."""
    from scipy.special import softmax
    from sklearn.calibration import CalibrationDisplay

    labels, logits = _said(task)
    right = logits.argmax(axis=1) == labels
    stated = {
        "ece": softmax(logits / task["temperature"], axis=1).max(axis=1),
        "ece_uncalibrated": softmax(logits, axis=1).max(axis=1),
    }
    found: Found = {}
    for name, values in stated.items():
        found |= _with_intervals({name: partial(_error_of_rows, values, right)}, len(labels), task)
    display = CalibrationDisplay.from_predictions(right, stated["ece"], n_bins=15)
    display.figure_.savefig(f"{task['out']}/reliability.png", dpi=120)
    return found


def latency(task: Task) -> Found:
    """A loop over ONNX Runtime: single requests, their percentiles and histogram."""
    from matplotlib.figure import Figure

    served, texts = Served(task), _rows(task)["text"].tolist()
    drawn = list(islice(cycle(texts), task["requests"] + 25))
    spent = np.array([served.milliseconds(text) for text in drawn])[25:]
    figure = Figure(figsize=(7, 4), dpi=120)
    figure.subplots().hist(spent, bins=60)
    figure.savefig(f"{task['out']}/latency.png")
    p50, p99 = np.quantile(spent, [0.5, 0.99])
    return {"p50_milliseconds": p50, "p99_milliseconds": p99}


def load(task: Task) -> Found:
    """A script: cold starts, texts of several lengths, several callers at once."""
    texts = _rows(task)["text"].tolist()
    cold = []
    for _ in range(task["cold_starts"]):
        start = time.perf_counter()
        Served(task).logits([max(texts, key=len)])
        cold.append(1000 * (time.perf_counter() - start))
    served, words = Served(task), " ".join(texts).split()
    for tokens in task["tokens"]:
        ids = served.tokenizer(" ".join(words), truncation=True, max_length=tokens)["input_ids"]
        text = served.tokenizer.decode(ids, skip_special_tokens=True)
        np.quantile([served.milliseconds(text) for _ in range(task["load_requests"])], [0.5, 0.95])
    for callers in task["concurrencies"]:
        with ThreadPoolExecutor(callers) as pool:
            asked = islice(cycle(texts), task["load_requests"])
            np.quantile(list(pool.map(served.milliseconds, asked)), [0.5, 0.95])
    return {"cold_start_milliseconds": float(np.median(cold))}


def fairness(task: Task) -> Found:
    """fairlearn: both rates by group with its own bootstrap, and both differences."""
    from fairlearn import metrics

    labels, logits = _said(task)
    positive = task["labels"].index(task["positive_label"])
    rows = {
        "y_true": labels == positive,
        "y_pred": logits.argmax(axis=1) == positive,
        "sensitive_features": _rows(task)["group"].to_numpy(),
    }
    rates = {"true": metrics.true_positive_rate, "false": metrics.false_positive_rate}
    frame = metrics.MetricFrame(metrics=rates, n_boot=task["samples"], ci_quantiles=list(TAILS), random_state=0, **rows)
    frame.by_group.to_csv(f"{task['out']}/groups.csv")
    frame.difference_ci()
    return {
        "equal_opportunity_difference": metrics.equal_opportunity_difference(**rows),
        "equalised_odds_difference": metrics.equalized_odds_difference(**rows),
    }


def parity(task: Task) -> Found:
    """The trained network on PyTorch beside ONNX Runtime on the same rows: the share of equal answers."""
    import torch
    from transformers import AutoTokenizer

    texts = _rows(task).sort_values("id")["text"].tolist()[: task["parity_rows"]]
    encoder, head = _network(task)
    tokenizer, parts = AutoTokenizer.from_pretrained(task["model"]), []
    order = np.argsort([len(text) for text in texts])
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            chosen = [texts[index] for index in order[start : start + 64]]
            inputs = tokenizer(chosen, truncation=True, padding=True, return_tensors="pt")
            states, weights = encoder(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(2)
            means = (states * weights).sum(dim=1) / weights.sum(dim=1)
            parts.append((means @ head["weight"].T + head["bias"]).argmax(dim=-1).numpy())
    trained = np.concatenate(parts)[np.argsort(order)]
    return {"parity_agreement": float((trained == Served(task).logits(texts).argmax(axis=1)).mean())}


def _network(task: Task) -> tuple[Any, dict[str, Any]]:
    """The encoder and the linear layer to the logits, from the model's safetensors."""
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModel

    stored = load_file(f"{task['model']}/model.safetensors")
    parts: dict[str, dict[str, Any]] = {"backbone": {}, "head": {}}
    for name, weights in stored.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = weights
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(task["model"]), add_pooling_layer=False).eval()
    encoder.load_state_dict(parts["backbone"])
    return encoder, parts["head"]


STEPS: dict[str, Callable[[Task], Found]] = {
    "predict": predict,
    "quality": quality,
    "calibration": calibration,
    "latency": latency,
    "load": load,
    "fairness": fairness,
    "parity": parity,
}


def _rows(task: Task) -> pd.DataFrame:
    return pd.read_parquet(task["holdout"])


def _said(task: Task) -> tuple[Any, Any]:
    return _rows(task)["label"].map(task["labels"].index).to_numpy(), np.load(f"{task['out']}/logits.npy")


def _with_intervals(scores: dict[str, Callable[[Any], float]], rows: int, task: Task) -> Found:
    """Each score and both ends of its percentile interval."""
    draw = np.random.default_rng(0)
    draws = [draw.integers(0, rows, rows) for _ in range(task["samples"])]
    found: Found = {}
    for name, score in scores.items():
        low, high = np.quantile([score(chosen) for chosen in draws], TAILS)
        found |= {name: score(slice(None)), f"{name}_low": low, f"{name}_high": high}
    return {name: float(value) for name, value in found.items()}


def _error_of_rows(confidence: Any, right: Any, rows: Any) -> float:
    return _calibration_error(confidence[rows], right[rows])


def _calibration_error(confidence: Any, right: Any, bins: int = 15) -> float:
    """Over bins of equal width; a script's few lines."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, confidence - right, bins)
    return float(np.abs(gaps).sum() / len(right))


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    said = {name: float(value) for name, value in STEPS[sys.argv[1]](content).items()}
    print(json.dumps(said))  # noqa: T201 - the result, for the parent
