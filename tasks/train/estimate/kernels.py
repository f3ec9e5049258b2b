"""Which kernels a device would run, while a step is traced on tensors without content.

Tensors without content take the path of no device: attention would be decomposed into its parts, and nothing would be
computed in half precision. Both decide memory, so they are put in here as the device's own library decides them
(torch's `sdp_utils`, and its list of operations under autocast).
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import sdpa_backward_flop_count, sdpa_flop_count

DeviceKind = Literal["cpu", "cuda"]

aten = torch.ops.aten
_FULL_PRECISION = {
    torch.nn.functional.layer_norm,
    torch.nn.functional.cross_entropy,
    torch.nn.functional.nll_loss,
    torch.nn.functional.softmax,
    torch.nn.functional.log_softmax,
    torch.nn.functional.softplus,
    torch.Tensor.softmax,
    torch.Tensor.log_softmax,
    torch.Tensor.pow,
    torch.Tensor.rsqrt,
    torch.softmax,
    torch.log_softmax,
    torch.pow,
    torch.rsqrt,
    torch.exp,
    torch.logsumexp,
}
"""What CUDA's autocast computes in 32 bits and the CPU's does not."""


def _attention_flop(query: Any, key: Any, value: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))


def _attention_backward_flop(grad: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    return int(sdpa_backward_flop_count(grad, query, key, value))


def _grouped_flop(left: Any, right: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Two FLOPs for each product: (rows, in) by (groups, in, out), or (in, rows) by (rows, out) for the weights."""
    return int(2 * left[0] * left[1] * right[-1])


ALSO_COUNTED = {
    aten._scaled_dot_product_flash_attention_for_cpu: _attention_flop,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward_flop,
    aten._grouped_mm: _grouped_flop,
}
"""FLOPs of operations for which torch's counter has no formula; for `FlopCounterMode(custom_mapping=…)`."""


class DeviceKernels(TorchFunctionMode):  # type: ignore[misc]
    """Sends attention to the kernel that the device would choose, and keeps in 32 bits what its autocast does."""

    def __init__(self, device: DeviceKind, mixed: bool) -> None:
        super().__init__()
        self.device, self.mixed = device, mixed

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is torch.nn.functional.scaled_dot_product_attention:
            return self._attention(*args, **kwargs)
        if self.mixed and self.device == "cuda" and function in _FULL_PRECISION:
            args = tuple(_in_full(value) for value in args)
        return function(*args, **kwargs)

    def _attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Any:
        if self.mixed:
            query, key, value = (tensor.to(torch.bfloat16) for tensor in (query, key, value))
        if attn_mask is not None:
            attn_mask = _additive(attn_mask, query)
        if self.device == "cuda":
            return _on_cuda(query, key, value, attn_mask, dropout_p, is_causal, scale)
        learned_mask = attn_mask is not None and attn_mask.requires_grad
        if dropout_p > 0 or learned_mask or value.shape[-1] != query.shape[-1]:
            return aten._scaled_dot_product_attention_math(
                query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
            )[0]
        return aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, dropout_p, is_causal, attn_mask=attn_mask, scale=scale
        )[0]


class GroupedProducts(TorchDispatchMode):  # type: ignore[misc]
    """Gives the products of experts their shapes in every precision; torch knows them in bfloat16 alone."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is not aten._grouped_mm.default or args[0].dtype == torch.bfloat16:
            return function(*args, **kwargs)
        left, right, offsets = args[0], args[1], kwargs.get("offs", args[2] if len(args) > 2 else None)
        # Rows that are sorted by expert: each by its expert's matrix, or, for its gradient, summed over the rows.
        groups = () if right.dim() == 3 else (offsets.shape[0],)
        return left.new_empty((*groups, left.shape[0], right.shape[-1]))


def _on_cuda(query: Any, key: Any, value: Any, mask: Any, dropout: float, causal: bool, scale: float | None) -> Any:
    if mask is None and query.dtype in (torch.bfloat16, torch.float16):
        return aten._scaled_dot_product_flash_attention(query, key, value, dropout, causal, False, scale=scale)[0]
    if key.shape[1] != query.shape[1]:
        times = query.shape[1] // key.shape[1]
        key, value = (tensor.repeat_interleave(times, dim=1) for tensor in (key, value))
    if mask is not None:
        mask = mask.expand(query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    return aten._scaled_dot_product_efficient_attention(query, key, value, mask, True, dropout, causal, scale=scale)[0]


def _additive(mask: Any, query: Any) -> Any:
    """A mask of truth values as numbers to add, which is how the kernels take it."""
    if mask.dtype != torch.bool:
        return mask.to(query.dtype)
    return torch.zeros_like(mask, dtype=query.dtype).masked_fill_(mask.logical_not(), float("-inf"))


def _in_full(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16):
        return value.float()
    return value
