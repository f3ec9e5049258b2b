"""LoRA on a layer whose weight is rounded while training: the sum of weight and update is rounded, as it will be."""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora.layer import Linear


class QuantisationAwareLora(Linear):  # type: ignore[misc]
    """PEFT's layer around torchao's FakeQuantizedLinear.

    PEFT's own would round the weight and add the update unrounded: merging and rounding then gives another function
    than was trained. Here the output is that of the layer with the merged weight, rounded. The update is part of the
    weight, so that the adapter has no inputs of its own which dropout could thin out: there is none.
    """

    def forward(self, x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        """The layer's output; with adapters disabled or merged, that of the base layer, rounded as well."""
        base = self.get_base_layer()
        if self.disable_adapters or self.merged:
            output: torch.Tensor = base(x)
            return output
        updates = [self.get_delta_weight(name) for name in self.active_adapters if name in self.lora_A]
        weight = base.weight_fake_quantizer(base.weight + sum(updates) if updates else base.weight)
        if base.activation_fake_quantizer is not None:
            x = base.activation_fake_quantizer(x)
        return torch.nn.functional.linear(x, weight.to(x.dtype), base.bias)
