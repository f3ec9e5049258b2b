"""One step without content: every operation's result has its shape and size, nothing is computed, and nothing is held.

What a step allocates and frees is written down operation by operation, and the peak is found afterwards, when it is
known what each piece of memory was for.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.weak import WeakIdKeyDictionary
from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

from tasks.train.estimate.kernels import ALSO_COUNTED, DeviceKernels, DeviceKind, GroupedProducts

aten = torch.ops.aten
Batch = dict[str, torch.Tensor]
SCORES_BUFFER = _CHUNKED_LOGPROB_CHUNK_SIZE
"""Width of the buffer in which TRL computes scores over the vocabulary, a part of it at a time."""
MOST_CONTENT = 1 << 24
"""Elements of a tensor whose content is kept; larger ones (masks over long sequences) are never asked."""


@dataclass(frozen=True)
class Step:
    """What one step of training takes, beyond what stands in memory before it."""

    flops: int
    """Floating-point operations, forward and backward; a multiplication and an addition are two."""
    peak: dict[str, int]
    """Bytes at the fullest moment: `gradients`, `activations` (kept for the backward pass, and on its way), `logits`
    (scores over the vocabulary, their gradients and what the loss makes of them)."""
    pieces: list[int]
    """Bytes of every piece of memory that the step asks for."""
    events: list[tuple[int, int]]
    """The pieces by number, in order: 1 where one comes, -1 where it goes."""


def traced_step(
    fakes: FakeTensorMode,
    network: Any,
    step: Callable[[Batch], Any],
    batch: Batch,
    *,
    device: DeviceKind,
    mixed: bool,
    vocabulary: int | None = None,
) -> Step:
    """Run `step` on the batch, which gives a loss, and its backward pass, with a network that was made under `fakes`.

    `mixed`: in bfloat16 autocast over 32-bit weights. `vocabulary` tells scores over it from other activations.
    """
    owned = [*network.parameters(), *network.buffers()]
    ledger = Ledger(fakes, known=owned, vocabulary=vocabulary, only_written=device == "cpu")
    counter = FlopCounterMode(display=False, custom_mapping=ALSO_COUNTED)
    counter.mod_tracker = OneModule()
    with ExitStack() as modes:
        modes.enter_context(fakes)
        inputs = {name: ledger.give_content(fakes.from_tensor(tensor), tensor) for name, tensor in batch.items()}
        if mixed:
            modes.enter_context(torch.autocast("cpu", dtype=torch.bfloat16))
        if device == "cuda":
            # TRL asks the device whether it has Triton, with which only the places that carry loss are scored.
            modes.enter_context(patch("trl.trainer.utils._use_triton", return_value=True))
        for mode in (GroupedProducts(), counter, ledger, DeviceKernels(device, mixed)):
            modes.enter_context(mode)
        loss = step(inputs)
        if loss.requires_grad:
            loss.backward()
    gradients = [tensor.grad for tensor in owned if tensor.grad is not None]
    peak = ledger.peak({id(gradient.untyped_storage()) for gradient in gradients})
    network.zero_grad(set_to_none=True)
    del gradients, loss
    return Step(int(counter.get_total_flops()), peak, [piece.bytes for piece in ledger.pieces], list(ledger.events))


class OneModule(AbstractContextManager[None]):
    """In the place of the counter's tracker of modules, whose hooks hold activations that are computed again."""

    parents = ("Global",)

    def __exit__(self, *_: object) -> None:
        """Nothing was set up."""


@dataclass
class _Piece:
    bytes: int
    kind: str
    storage: int


@dataclass
class Ledger(TorchDispatchMode):  # type: ignore[misc]
    """Every piece of memory that operations make, when it came and when it went; and the content of whole numbers.

    A network asks its masks and positions what they hold (is nothing padded? are sequences packed?), so tensors of
    whole numbers and truth values keep their content beside them.
    """

    fakes: FakeTensorMode
    known: list[Any]
    vocabulary: int | None
    only_written: bool
    """On the CPU, only pages that something is written on take memory."""
    events: list[tuple[int, int]] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._seen = WeakIdKeyDictionary()
        self._content = WeakIdKeyDictionary()
        for tensor in self.known:
            self._seen[tensor.untyped_storage()] = True

    def give_content(self, tensor: Any, content: Any) -> Any:
        """Let `tensor` answer questions about what it holds with `content`, of the same shape."""
        self._content[tensor] = content
        return tensor

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is aten._local_scalar_dense.default:
            known = self._content.get(args[0])
            return known.item() if known is not None else torch.ones((), dtype=args[0].dtype).item()
        if function is aten.nonzero.default and args[0] in self._content:
            result = self._places(args[0])
        else:
            result = function(*self._by_number(args), **kwargs)
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor)
        self._keep_content(function, args, kwargs, result)
        return result

    def _by_number(self, args: Any) -> Any:
        """The arguments of an operation with masks of known content as the numbers of their places.

        How large `hidden[mask]` is depends on what the mask holds, and without content only numbers can tell it.
        """
        if not any(isinstance(one, list | tuple) and any(self._is_known_mask(item) for item in one) for one in args):
            return args
        found = []
        for one in args:
            if isinstance(one, list | tuple):
                one = [  # noqa: PLW2901
                    part
                    for item in one
                    for part in (self._places(item).unbind(1) if self._is_known_mask(item) else (item,))
                ]
            found.append(one)
        return found

    def _is_known_mask(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.dtype == torch.bool and value in self._content

    def _places(self, mask: Any) -> Any:
        with _disable_current_modes():
            content = self._content[mask].nonzero()
        return self.give_content(self.fakes.from_tensor(content), content)

    def _note(self, tensor: Any) -> None:
        storage = tensor.untyped_storage()
        if storage in self._seen:
            return
        number = len(self.pieces)
        size = storage.nbytes()
        buffer = self.vocabulary is not None and tensor.dim() == 2 and tensor.shape[1] == SCORES_BUFFER
        if buffer and self.only_written:
            # The buffer is as wide whatever the vocabulary, and what is never written takes no memory.
            size = size * min(self.vocabulary or SCORES_BUFFER, SCORES_BUFFER) // SCORES_BUFFER
        is_scores = buffer or (tensor.dim() > 1 and tensor.shape[-1] == self.vocabulary)
        self.pieces.append(_Piece(size, "logits" if is_scores else "activations", id(storage)))
        self.events.append((number, 1))
        self._seen[storage] = True
        weakref.finalize(storage, self.events.append, (number, -1)).atexit = False

    def _keep_content(self, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        if not isinstance(result, torch.Tensor) or result.dtype.is_floating_point:
            return
        if result.numel() > MOST_CONTENT:
            return
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if any(tensor not in self._content for tensor in tensors):
            return
        real_args, real_kwargs = tree_map(self._real, (args, kwargs))
        with _disable_current_modes():
            self._content[result] = function(*real_args, **real_kwargs)

    def _real(self, value: Any) -> Any:
        return self._content[value] if isinstance(value, torch.Tensor) else value

    def peak(self, gradients: set[int]) -> dict[str, int]:
        """Bytes by kind at the fullest moment; `gradients` are the ids of storages that hold gradients at the end."""
        # An id may have been another's before, and only its last owner is still there.
        owners = {piece.storage: piece for piece in self.pieces}
        for storage in gradients & owners.keys():
            owners[storage].kind = "gradients"
        live = highest = at = 0
        for place, (number, sign) in enumerate(self.events):
            live += sign * self.pieces[number].bytes
            if live > highest:
                highest, at = live, place
        found = dict.fromkeys(("gradients", "activations", "logits"), 0)
        for number, sign in self.events[: at + 1]:
            found[self.pieces[number].kind] += sign * self.pieces[number].bytes
        return found
