"""Low-rank adapters on chosen experts of a layer whose experts are fused into three-dimensional parameters.

PEFT can adapt such parameters (`target_parameters`), but only all experts at once, without dropout, and by making a
copy of all their weights for each step. Here the update is added to the activations of those tokens alone that went to
an expert with an adapter, as LoRA does with a linear layer.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from peft.tuners._buffer_dict import BufferDict
from peft.tuners.lora.config import LoraConfig
from peft.tuners.lora.layer import LoraLayer
from torch.nn.functional import grouped_mm

from tasks.train.techniques.experts import CHOSEN

SIDES = ("up", "down")
ALIGNED_RANK = 8


class Factors(torch.nn.Module):  # type: ignore[misc]
    """One factor of the updates of both matrices: `factor_up` and `factor_down`, of shape (chosen, rows, columns)."""

    def __init__(self, up: tuple[int, int, int], down: tuple[int, int, int], like: torch.Tensor) -> None:
        super().__init__()
        for side, shape in zip(SIDES, (up, down), strict=True):
            empty = torch.zeros(shape, device=like.device, dtype=like.dtype)
            self.register_parameter(f"factor_{side}", torch.nn.Parameter(empty))

    def of(self, side: str) -> torch.Tensor:
        """The factor for the matrix of this side."""
        return self.get_parameter(f"factor_{side}")


class ExpertAdapters(torch.nn.Module, LoraLayer):  # type: ignore[misc]
    """PEFT's layer around fused experts. The chosen experts' numbers are saved with the adapters (`lora_chosen`)."""

    def __init__(
        self, base_layer: Any, adapter_name: str, *, config: LoraConfig, r: int, lora_alpha: float, **_: Any
    ) -> None:
        super().__init__()
        LoraLayer.__init__(self, base_layer)
        self.lora_chosen = BufferDict({}, persistent=True)
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, r, lora_alpha=lora_alpha, config=config)

    def _get_in_out_features(self, module: Any) -> tuple[None, None]:
        return None, None

    def update_layer(self, adapter_name: str, r: int, *, lora_alpha: float, config: LoraConfig, **_: Any) -> None:
        """Add an adapter: first factors uniform within 1 / sqrt(inputs), as PEFT begins, and second ones zero."""
        experts = self.get_base_layer()
        like = experts.down_proj
        up_in, up_out = self._shape(self._up_weight())
        down_in, down_out = self._shape(like)
        others = list(self.lora_chosen.values())
        chosen = others[0].clone() if others else torch.tensor(getattr(experts, CHOSEN), device=like.device)
        self.lora_chosen[adapter_name] = chosen
        count = len(chosen)
        self.lora_A[adapter_name] = Factors((count, r, up_in), (count, r, down_in), like)
        self.lora_B[adapter_name] = Factors((count, up_out, r), (count, down_out, r), like)
        for factor in self.lora_A[adapter_name].parameters():
            bound = 1 / math.sqrt(factor.shape[-1])
            torch.nn.init.uniform_(factor, -bound, bound)
        self.lora_dropout[adapter_name] = torch.nn.Dropout(config.lora_dropout)
        self.r[adapter_name], self.lora_alpha[adapter_name] = r, lora_alpha
        self.scaling[adapter_name] = lora_alpha / (math.sqrt(r) if config.use_rslora else r)
        self.use_rslora[adapter_name] = config.use_rslora
        self.set_adapter(self.active_adapters, inference_mode=config.inference_mode)

    def forward(self, hidden_states: torch.Tensor, top_k_index: torch.Tensor, top_k_weights: torch.Tensor) -> Any:
        """The experts' weighted answers, of shape (tokens, width), from states and routing of shape (tokens, top k)."""
        experts = self.get_base_layer()
        if self.disable_adapters or self.merged:
            return experts(hidden_states, top_k_index, top_k_weights)
        tokens, top_k = top_k_index.shape
        numbers, order = torch.sort(top_k_index.reshape(-1), stable=True)
        answers = self._linear("up", hidden_states[order // top_k], numbers)
        answers = experts._apply_gate(answers) if experts.has_gate else experts.act_fn(answers)
        answers = self._linear("down", answers, numbers)
        if experts.has_post_expert_norm:
            answers = experts.post_expert_norm(answers)
        weighted = answers * top_k_weights.reshape(-1)[order, None]
        return weighted[_inverse(order)].view(tokens, top_k, -1).sum(dim=1).to(hidden_states.dtype)

    def _linear(self, side: str, states: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """One matrix of the experts, with its update, of states that are sorted by the `numbers` of their experts."""
        experts = self.get_base_layer()
        weight = self._up_weight() if side == "up" else experts.down_proj
        columns = weight if experts.is_transposed else weight.transpose(-2, -1)
        # The kernel knows no autocast, so that both sides must have one type.
        states = states.to(columns.dtype)
        answers = grouped_mm(states, columns, offs=_ends(numbers, experts.num_experts))
        if experts.has_bias:
            answers = (
                answers + experts.get_parameter(f"{self._up_name() if side == 'up' else 'down_proj'}_bias")[numbers]
            )
        for adapter in self.active_adapters:
            if adapter in self.r:
                answers = answers + self._update(adapter, side, states, numbers)
        return answers

    def _update(self, adapter: str, side: str, states: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """What an adapter adds: zero for states whose expert has none, which stand last here and are passed over."""
        first, second = (factors[adapter].of(side).to(states.dtype) for factors in (self.lora_A, self.lora_B))
        # The kernel on a GPU wants rows of whole 16 bytes; a rank of zeros adds nothing.
        lacking = -first.shape[1] % ALIGNED_RANK
        first = torch.nn.functional.pad(first, (0, 0, 0, lacking)).transpose(-2, -1)
        second = torch.nn.functional.pad(second, (0, lacking)).transpose(-2, -1)
        chosen = self.lora_chosen[adapter]
        places = torch.full((self.get_base_layer().num_experts,), len(chosen), device=chosen.device)
        places[chosen] = torch.arange(len(chosen), device=chosen.device)
        sorted_places, order = torch.sort(places[numbers], stable=True)
        ends, adapted = _ends(sorted_places, len(chosen)), (sorted_places < len(chosen))[:, None]
        # Rows past the last group come out of the kernel, and of its gradient, with whatever stood in memory.
        rows = self.lora_dropout[adapter](states)[order].masked_fill(~adapted, 0)
        rows = grouped_mm(rows, first, offs=ends).masked_fill(~adapted, 0)
        rows = grouped_mm(rows, second, offs=ends).masked_fill(~adapted, 0)
        return rows[_inverse(order)] * self.scaling[adapter]

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Add the adapters' updates into the experts' weights."""
        experts = self.get_base_layer()
        for adapter in adapter_names or self.active_adapters:
            if adapter not in self.lora_A or adapter in self.merged_adapters:
                continue
            for side, weight in (("up", self._up_weight()), ("down", experts.down_proj)):
                update = self.lora_B[adapter].of(side) @ self.lora_A[adapter].of(side) * self.scaling[adapter]
                update = update.transpose(-2, -1) if experts.is_transposed else update
                weight.data.index_add_(0, self.lora_chosen[adapter], update.to(weight.dtype))
            self.merged_adapters.append(adapter)
        if hasattr(experts, CHOSEN):
            delattr(experts, CHOSEN)

    def _up_name(self) -> str:
        return "gate_up_proj" if self.get_base_layer().has_gate else "up_proj"

    def _up_weight(self) -> torch.Tensor:
        return self.get_base_layer().get_parameter(self._up_name())

    def _shape(self, weight: torch.Tensor) -> tuple[int, int]:
        """Inputs and outputs of one expert's matrix."""
        rows, columns = weight.shape[1:]
        return (rows, columns) if self.get_base_layer().is_transposed else (columns, rows)


def _ends(numbers: torch.Tensor, groups: int) -> torch.Tensor:
    """Where each group ends in sorted group numbers."""
    every = torch.arange(groups, device=numbers.device, dtype=numbers.dtype)
    return torch.searchsorted(numbers, every, right=True).to(torch.int32)


def _inverse(order: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
