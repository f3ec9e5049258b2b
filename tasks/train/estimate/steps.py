"""The loss of one step of each stage, as its trainer computes it: for networks with and without content alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.trainer_pt_utils import LabelSmoother

from tasks.train.language.distil import divergence
from tasks.train.language.packing import IGNORED
from tasks.train.stage_kinds import AnyStage, DistilStage

Batch = dict[str, torch.Tensor]
LossOf = Callable[[Batch], Any]


def loss_of(stage: AnyStage, network: Any, label_smoothing: float = 0.0) -> LossOf:
    """The loss of a batch under `network`."""
    if isinstance(stage, DistilStage) and stage.level == "logits":

        def loss(batch: Batch) -> Any:
            by_label = batch["labels"].dim() == 1
            return plain_loss(network, 0.0)(batch) if by_label else _distilled(network, batch, stage)

        return loss
    if stage.kind in ("classify", "sft", "distil"):
        return plain_loss(network, label_smoothing)
    if stage.kind == "dpo":
        return lambda batch: _preferred(network, batch)
    if stage.kind == "reward":
        return lambda batch: _ranked(network, batch)
    return lambda batch: _reinforced(network, batch)


def plain_loss(network: Any, label_smoothing: float) -> LossOf:
    """Cross-entropy of labels or of answers."""

    def loss(batch: Batch) -> Any:
        if batch["labels"].dim() == 1:
            if not label_smoothing:
                return network(**batch).loss
            logits = network(**{name: value for name, value in batch.items() if name != "labels"}).logits
            return torch.nn.functional.cross_entropy(logits, batch["labels"], label_smoothing=label_smoothing)
        if not label_smoothing:
            return answer_loss(network, batch)
        # TRL smooths over all logits, and looks at the places that carry loss once more for its metrics.
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        smoother = LabelSmoother(epsilon=label_smoothing)
        smoothed = smoother(network(**inputs, use_cache=False), batch["labels"], shift_labels=True)
        with torch.no_grad():
            network(**batch, fused_lm_head=True, use_cache=False)
        return smoothed

    return loss


def answer_loss(network: Any, batch: Batch) -> Any:
    """Mean cross-entropy of the places that carry loss; the output layer sees no others."""
    shifted = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)
    places = shifted != IGNORED

    with _only_at(network, places):
        found = network(**batch, shift_labels=shifted[places][None], fused_lm_head=True, use_cache=False)
    return -found.log_probs.sum() / places.sum()


@contextmanager
def _only_at(network: Any, places: torch.Tensor) -> Iterator[None]:
    """Leave only these places in the hidden states, of shape (1, places, width), as `sft.AnswerTrainer` does."""

    def only_places(module: Any, inputs: Any, outputs: Any) -> Any:
        outputs["last_hidden_state"] = outputs.last_hidden_state[places][None]
        return outputs

    hook = plain(network).base_model.register_forward_hook(only_places)
    try:
        yield
    finally:
        hook.remove()


def _preferred(network: Any, batch: Batch) -> Any:
    """DPO; the reference's log-probabilities are known, and stand here as 0, which takes as much."""
    logps = log_probabilities(network, batch).sum(dim=1)
    chosen, rejected = logps.chunk(2, dim=0)
    return -torch.nn.functional.logsigmoid(0.1 * (chosen - rejected)).mean()


def log_probabilities(network: Any, batch: Batch) -> Any:
    """Log-probabilities of the answers' tokens, of shape (sequences, tokens - 1)."""
    answers = batch["completion_mask"]
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    labels = inputs["input_ids"].masked_fill(answers == 0, IGNORED)
    return network(**inputs, labels=labels, fused_lm_head=True, use_cache=False).log_probs


def _ranked(network: Any, batch: Batch) -> Any:
    """Bradley and Terry's loss of scores."""
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    chosen, rejected = network(**inputs, use_cache=False).logits.squeeze(-1).chunk(2, dim=0)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


def _reinforced(network: Any, batch: Batch) -> Any:
    """A policy's gradient; its reference was asked before, one network after the other."""
    found = log_probabilities(network, batch)
    ratio = torch.exp(found - found.detach())
    return -(ratio * found.detach()).mean()


def _distilled(network: Any, batch: Batch, stage: DistilStage) -> Any:
    """Divergence from the teacher's scores, which stand here as 0 and take as much, and the rows' own loss."""
    shifted = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)
    places = shifted != IGNORED
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    with _only_at(network, places):
        ours = network(**inputs, use_cache=False).logits[0]
    taught = divergence(ours, torch.zeros_like(ours), stage.temperature)
    own = torch.nn.functional.cross_entropy(ours.float(), shifted[places], reduction="sum")
    return stage.share * taught + (1 - stage.share) * own


def plain(network: Any) -> Any:
    """The network out of its wrapper of adapters."""
    return network.get_base_model() if hasattr(network, "get_base_model") else network
