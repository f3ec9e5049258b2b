"""Faults that stand between a good training and what is served, each caught by the gate that exists for it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tasks.evaluate.classifier.measure import measure
from tasks.evaluate.classifier.subject import Subject
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.parity.config import ParityConfig
from tasks.evaluate.parity.measure import measure_parity
from tasks.export.int8 import round_to_int8
from tasks.gate.config import GatesConfig
from tasks.gate.limits import judge_report
from tasks.models.info import ModelInfo
from tasks.models.onnx_classifier import ONNX_FILE
from tasks.records import GateResult, Measurement, Report
from tests.tasks.evaluate.parity.known_forms import LABELS, make_subject, subject_of

EVALUATION = EvaluationConfig(bootstrap_samples=100, latency_requests=100)
POLICY = {"parity": {"min_agreement": 0.9}, "latency": {"max_p99_milliseconds": 5.0}}
"""A few dozen rows cannot show 99 %."""


def gate_of(name: str, metrics: dict[str, Measurement]) -> GateResult:
    report = Report(uri="u", digest="d", model_digest="m", holdout_digest="h", rows=48, confidence=0.9, metrics=metrics)
    found = [gate for gate in judge_report(report, GatesConfig.model_validate(POLICY)) if gate.name == name]
    assert len(found) == 1, "one answer, whatever the number of forms"
    return found[0]


def parity_of(subject: Subject) -> GateResult:
    return gate_of("parity", measure_parity(subject, ParityConfig(), EVALUATION).metrics)


def with_graph(subject: Subject, folder: Path) -> Path:
    """A copy of the model whose graph may be changed; the path of the graph."""
    shutil.copytree(subject.model_folder, folder)
    return folder / ONNX_FILE


def lose_a_label(graph: Path, label: str) -> None:
    """Give one label's logit a bias that no row overcomes, and leave the others as they are."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(graph))
    for tensor in model.graph.initializer:
        if list(tensor.dims) == [len(LABELS)] and tensor.data_type == onnx.TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).copy()
            values[LABELS.index(label)] = -100
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    onnx.save(model, str(graph))


def merged_with_a_wrong_scale(network: Any) -> None:
    for module in network.modules():
        if isinstance(getattr(module, "scaling", None), dict):
            module.scaling["default"] *= -6


def merged_into_other_weights(network: Any) -> None:
    random = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "base_layer" in name and parameter.dim() == 2:
                parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.2)


def test_a_model_without_fault_passes(good: Subject) -> None:
    found = parity_of(good)
    assert found.state == "pass"
    assert found.reason.startswith("agreement of the merged form with the trained one 1.000")


@pytest.mark.parametrize("fault", [merged_with_a_wrong_scale, merged_into_other_weights])
def test_a_broken_merge_is_caught_by_parity(fault: Any, tmp_path: Path) -> None:
    found = parity_of(make_subject(tmp_path, fault))
    assert found.state == "fail"
    assert "the merged form" in found.reason
    assert "the whole interval is below the limit of 0.900" in found.reason or "labels that" in found.reason


def test_a_model_in_8_bits_that_lost_a_class_is_caught_by_parity(good: Subject, tmp_path: Path) -> None:
    graph = with_graph(good, tmp_path / "model")
    round_to_int8(graph)
    ModelInfo.read(tmp_path / "model").model_copy(update={"precision": "int8"}).write(tmp_path / "model")
    rounded = subject_of(tmp_path / "model", good.dataset_folder)
    assert parity_of(rounded).state == "pass", "rounding alone does no harm here"

    lose_a_label(graph, "login")
    metrics = measure_parity(subject_of(tmp_path / "model", good.dataset_folder), ParityConfig(), EVALUATION).metrics
    assert metrics["parity_labels_lost.int8"].low == 1
    assert metrics["parity_labels_lost.merged"].value == 0
    found = gate_of("parity", metrics)
    assert found.state == "fail"
    assert "the int8 form" in found.reason
    lost_alone = {**metrics, "parity_agreement.int8": metrics["parity_agreement.merged"]}
    assert gate_of("parity", lost_alone).reason == (
        "labels that the int8 form never gives 1 [1, 1]: the whole interval is above the limit of 0"
    )


def test_a_slow_export_is_caught_by_latency(good: Subject) -> None:
    class Slow:
        """The exported form, with ten milliseconds of work that nobody needs."""

        labels, temperature = good.classifier.labels, good.classifier.temperature

        def logits(self, texts: list[str], batch_size: int = 64) -> Any:
            time.sleep(0.01)
            return good.classifier.logits(texts, batch_size)

        def probabilities(self, texts: list[str], batch_size: int = 64) -> Any:
            time.sleep(0.01)
            return good.classifier.probabilities(texts, batch_size)

    _, milliseconds, metrics = measure(Slow(), good.holdout, EVALUATION)
    assert np.min(milliseconds) >= 10
    found = gate_of("latency", {**metrics, "parity_agreement": Measurement(value=1, low=1, high=1)})
    assert found.state == "fail"
    assert found.reason.startswith("p99 latency ")
    assert found.reason.endswith("ms: the whole interval is above the limit of 5.0 ms")
