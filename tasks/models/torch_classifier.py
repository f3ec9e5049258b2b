"""A trained model on PyTorch, as it came out of training: the reference for its exported form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.metrics.calibration import softmax
from tasks.models.info import ModelInfo
from tasks.models.tokens import TextTokenizer, length_sorted_batches, pad


class TorchClassifier:
    """Classifies texts with the safetensors of a model folder."""

    def __init__(self, network: Any, tokenizer: TextTokenizer, info: ModelInfo) -> None:
        self.network, self.tokenizer = network, tokenizer
        self.labels, self.temperature = info.labels, info.temperature

    @classmethod
    def load(cls, folder: Path) -> TorchClassifier:
        """Load the model in `folder`, on the GPU where there is one. Raises CorruptArtefact if it is no model."""
        import torch
        from transformers.utils.logging import disable_progress_bar

        from tasks.models.classifier_network import trained_classifier

        disable_progress_bar()
        info = ModelInfo.read(folder)
        network = trained_classifier(str(folder))
        network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
        return cls(network, TextTokenizer.load(folder, info.max_tokens), info)

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        import torch

        rows = self.tokenizer.encode(texts)
        logits = np.empty((len(texts), len(self.labels)), dtype=np.float32)
        with torch.inference_mode():
            for batch in length_sorted_batches(rows, batch_size):
                ids, mask = pad([rows[index] for index in batch], self.tokenizer.pad_id)
                device = self.network.device
                output = self.network(
                    input_ids=torch.from_numpy(ids).to(device), attention_mask=torch.from_numpy(mask).to(device)
                )
                logits[batch] = output.logits.float().cpu().numpy()
        return logits

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of shape (texts, labels): the temperature is applied."""
        return softmax(self.logits(texts, batch_size), self.temperature)
