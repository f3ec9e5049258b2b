"""Loads a released classifier from MLflow alone: this file travels with the model, so it uses nothing of Refit.

`mlflow.pyfunc.load_model("models:/NAME@champion").predict(texts)` gives a frame with `label` and `confidence`, the
same answers as the model server's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
from tokenizers import Tokenizer

BATCH = 64


class Classifier:
    """The exported model in a folder, with calibrated confidence."""

    def __init__(self, folder: Path) -> None:
        info = json.loads((folder / "refit.json").read_text(encoding="utf-8"))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.labels, self.temperature = info["labels"], info["temperature"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(max_length=info["max_tokens"])
        self.tokenizer.enable_padding(pad_id=config.get("pad_token_id") or 0)
        self.session = onnxruntime.InferenceSession(folder / "onnx/model.onnx", providers=["CPUExecutionProvider"])

    def predict(self, texts: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """The label and its probability for each value of the column `text`."""
        del params
        values = [str(text) for text in texts["text"]]
        parts = [self._probabilities(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
        probabilities = np.concatenate(parts) if parts else np.empty((0, len(self.labels)))
        return pd.DataFrame(
            {
                "label": [self.labels[index] for index in probabilities.argmax(axis=1)],
                "confidence": probabilities.max(axis=1),
            }
        )

    def _probabilities(self, texts: list[str]) -> Any:
        rows = self.tokenizer.encode_batch(texts)
        feed = {
            "input_ids": np.array([row.ids for row in rows], dtype=np.int64),
            "attention_mask": np.array([row.attention_mask for row in rows], dtype=np.int64),
        }
        logits = np.asarray(self.session.run(["logits"], feed)[0], dtype=np.float64) / self.temperature
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def _load_pyfunc(path: str) -> Classifier:
    return Classifier(Path(path))
