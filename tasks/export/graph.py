"""A trained network to one ONNX file, for any number of rows and tokens, the same bytes each time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from tasks.errors import RefitError

OPSET = 20
LARGEST_SINGLE_FILE_BYTES = 2**31 - 2**20
"""Protocol buffers end at 2 GiB; a larger network keeps its weights in a file of its own beside the graph."""


class LogitsOnly(torch.nn.Module):  # type: ignore[misc]
    """A network that takes token ids and attention mask, and gives its logits and nothing else."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Logits of shape (rows, labels) for inputs of shape (rows, tokens)."""
        logits: torch.Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def write_graph(network: Any, path: Path, max_tokens: int) -> int:
    """Export `network` to `path` with free numbers of rows and tokens; returns the bytes written.

    Raises RefitError where the network holds something that cannot be exported.
    """
    shape = {0: torch.export.Dim("rows", min=1), 1: torch.export.Dim("tokens", min=1, max=max_tokens)}
    example = torch.ones(2, min(8, max_tokens), dtype=torch.long)
    with _quiet():
        try:
            program = torch.onnx.export(
                LogitsOnly(network.cpu()).eval(),
                (example, example.clone()),
                dynamo=True,
                opset_version=OPSET,
                input_names=["input_ids", "attention_mask"],
                output_names=["logits"],
                dynamic_shapes={"input_ids": shape, "attention_mask": dict(shape)},
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            reason, kind = str(error).strip().splitlines()[0], type(network).__name__
            raise RefitError(f"a {kind} cannot be exported to ONNX: {reason}; take another base model") from error
        _drop_origin(program.model)
        path.parent.mkdir(parents=True, exist_ok=True)
        weights = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
        program.save(str(path), external_data=weights > LARGEST_SINGLE_FILE_BYTES)
    return sum(file.stat().st_size for file in path.parent.iterdir())


def _drop_origin(model: Any) -> None:
    """Remove stack traces and names of modules: they hold this machine's paths, and would change the digest."""
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
    for value in [*model.graph.inputs, *model.graph.initializers.values()]:
        value.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.metadata_props.clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own talk off the console."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
