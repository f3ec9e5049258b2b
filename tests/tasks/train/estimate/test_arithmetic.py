"""A few traced steps tell the FLOPs of every shape."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tasks.train.estimate.arithmetic import arithmetic
from tasks.train.estimate.network import language_model
from tasks.train.stage_kinds import SftStage
from tests.tasks.train.estimate.conftest import MakePlan
from tests.tasks.train.estimate.test_trace import answers, traced


def test_flops_of_a_shape_that_was_not_traced_are_exact(tiny_qwen3: Path, plan_for: MakePlan) -> None:
    network = language_model(plan_for(tiny_qwen3), "cpu")
    batch = answers(packed=True)
    found = arithmetic(batch, 40, lambda one: traced(network, SftStage(), one))
    places = float((batch["labels"][:, 1:] != -100).sum())
    expected = traced(network, SftStage(), batch).flops
    sequences, width = batch["input_ids"].shape
    assert found.flops(sequences, width, places) == pytest.approx(expected, rel=1e-6)


def test_a_sequence_costs_by_the_square_of_its_width_in_attention(tiny_qwen3: Path, plan_for: MakePlan) -> None:
    network = language_model(plan_for(tiny_qwen3), "cpu")
    found = arithmetic(answers(packed=True), 64, lambda one: traced(network, SftStage(), one))
    # 2 layers, 2 heads of 16: two products forward, and the kernel's five backward, each 2 * 32 FLOPs a pair of places.
    assert found.coefficients[2] == pytest.approx(2 * 7 * 2 * 32, rel=0.01)
    assert torch.tensor(found.coefficients).min() > -1
