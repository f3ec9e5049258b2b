"""A base in 4 bits under adapters: refused in words where it cannot be, merged without rounding again where it can."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tasks.errors import UserInputError
from tasks.train.technique_kinds import FullTechnique, LoraTechnique, QloraTechnique
from tasks.train.techniques.apply import apply_technique, merge_adapters
from tasks.train.techniques.qlora import quantised_loading
from tests.tasks.train.techniques.networks import TEXTS, furthest, make, trained


def test_other_techniques_load_the_base_as_usual() -> None:
    assert quantised_loading(FullTechnique()) == quantised_loading(LoraTechnique()) == {}


def test_without_a_cuda_device_the_alternative_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserInputError, match="qlora, which needs a CUDA device.*choose the technique lora"):
        quantised_loading(QloraTechnique())


def test_without_bitsandbytes_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UserInputError, match=r"needs the package bitsandbytes: pip install 'refit\[gpu\]'"):
        quantised_loading(QloraTechnique())


@pytest.mark.parametrize("kind", ["bert", "qwen3"])
def test_a_base_that_was_not_loaded_in_four_bits_is_refused(kind: str) -> None:
    with pytest.raises(UserInputError, match="was not loaded in 4 bits"):
        apply_technique(make(kind), QloraTechnique(), [])


@pytest.mark.gpu
def test_merging_gives_the_function_that_was_trained(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    make("qwen3").save_pretrained(tmp_path)
    technique = QloraTechnique(rank=4, dropout=0)
    base = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, **quantised_loading(technique))
    assert base.model.layers[0].self_attn.q_proj.weight.quant_state.nested, "double quantisation"
    network = apply_technique(base, technique, [])
    assert all("lora_" in name for name in trained(network))
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
        expected = network(input_ids=TEXTS.cuda()).logits.float()
        merged = merge_adapters(network)
        found = merged(input_ids=TEXTS.cuda()).logits.float()
    assert {type(module).__name__ for module in merged.modules() if "Linear" in type(module).__name__} == {"Linear"}
    # The 4-bit layers compute in bfloat16, the merged ones in float32.
    assert furthest(found, expected) < 0.05 * float(expected.abs().max())
    merged.save_pretrained(tmp_path / "merged")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    assert "quantization_config" not in again.config.to_dict()
    assert furthest(again.cuda()(input_ids=TEXTS.cuda()).logits, found) == 0
