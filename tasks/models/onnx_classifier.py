"""A trained model on ONNX Runtime: the form in which it is served, and in which its latency is measured."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.errors import CorruptArtefact
from tasks.metrics.calibration import softmax
from tasks.models.info import ModelInfo
from tasks.models.tokens import TextTokenizer, length_sorted_batches, pad

ONNX_FILE = "onnx/model.onnx"


class OnnxClassifier:
    """Classifies texts with the ONNX graph of a model folder. `logits` may be called from several threads."""

    def __init__(self, session: Any, tokenizer: TextTokenizer, info: ModelInfo) -> None:
        self.session, self.tokenizer = session, tokenizer
        self.labels, self.temperature = info.labels, info.temperature

    @classmethod
    def load(cls, folder: Path, threads: int = 0) -> OnnxClassifier:
        """Load the exported model in `folder`, on the GPU where there is one.

        `threads` work on one request; 0 means one for each physical core. Raises CorruptArtefact if the folder holds
        no exported model.
        """
        info = ModelInfo.read(folder)
        path = folder / ONNX_FILE
        if not path.is_file():
            raise CorruptArtefact(f"{folder} has no {ONNX_FILE}: the model was not exported")
        return cls(open_session(path, threads), TextTokenizer.load(folder, info.max_tokens), info)

    def logits(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Logits of shape (texts, labels)."""
        rows = self.tokenizer.encode(texts)
        if len(rows) == 1:
            return self._run(rows)
        logits = np.empty((len(texts), len(self.labels)), dtype=np.float32)
        for batch in length_sorted_batches(rows, batch_size):
            logits[batch] = self._run([rows[index] for index in batch])
        return logits

    def probabilities(self, texts: list[str], batch_size: int = 64) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of shape (texts, labels): the temperature is applied."""
        return softmax(self.logits(texts, batch_size), self.temperature)

    def _run(self, rows: list[list[int]]) -> npt.NDArray[np.float32]:
        ids, mask = pad(rows, self.tokenizer.pad_id)
        logits: npt.NDArray[np.float32] = self.session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0]
        return logits


def open_session(path: Path, threads: int = 0) -> Any:
    """An ONNX Runtime session on the GPU where there is one, else on the CPU. Raises CorruptArtefact for a bad file."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads would otherwise spin, and take the cores from whatever else the machine does.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CPUExecutionProvider"]
    if has_cuda() and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        onnxruntime.preload_dlls()
        providers = ["CUDAExecutionProvider", *providers]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise CorruptArtefact(f"{path} is no ONNX model that can be run: {error}") from None


@functools.cache
def has_cuda() -> bool:
    """Whether the NVIDIA driver offers a device. ONNX Runtime lists its CUDA provider even where there is none."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
