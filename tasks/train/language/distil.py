"""The stage `distil` of a language model: a student learns a teacher's distribution at every place, or its answers.

TRL's stable DistillationTrainer learns on what the student itself writes; this stage learns on the rows, beside their
own answers, so it is TRL's supervised trainer (`sft.py`) with another loss. Sources: arXiv:1503.02531 (logits),
arXiv:1606.07947 (sequences).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax
from torch.utils.checkpoint import checkpoint

from tasks.errors import UserInputError
from tasks.train.history import Log
from tasks.train.language.packing import IGNORED, PaddingCollator, keeps_rows_apart
from tasks.train.language.sft import AnswerTrainer, Batch, make_trainer, run_sft
from tasks.train.language.teacher import Teacher, load_teacher, taught_rows
from tasks.train.language.trainers import left_as_found
from tasks.train.language.work import StageWork
from tasks.train.stage_kinds import DistilStage
from tasks.train.steering import load_weights, train_to_the_end

READ = ("input_ids", "attention_mask", "position_ids")
"""What both networks are given of a batch."""
LOGITS_AT_ONCE = 1 << 25
"""Logits whose softmax is held at once: 128 MiB in single precision, for each of a few copies."""


def run_distil(work: StageWork) -> Log:
    """Train `work.network` on what the teacher knows, and leave the weights of the best evaluation in it.

    The best is that with the lowest cross-entropy of the validation rows' own answers. Raises UserInputError for a
    teacher that cannot be loaded, or, for `logits`, has other tokens.
    """
    stage = stage_of(work)
    if stage.level == "sequence":
        return run_sft(replace(work, rows=taught_rows(work, stage), tokenised={}))
    teacher = load_teacher(stage.teacher)
    teacher.require_same_tokens(work.tokenizer, work.plan)
    schedule = work.schedule(len(work.rows["train"]))
    steering = work.steering(schedule.pauses)
    with left_as_found(work.network):
        trainer = make_trainer(work, schedule.steps)
        trainer.add_callback(steering)
        with taught_by(teacher, trainer, stage):
            log = train_to_the_end(trainer, steering)
    load_weights(work.network, steering.best(log))
    return log


def stage_of(work: StageWork) -> DistilStage:
    """The work's stage. Raises UserInputError where it is another one."""
    if not isinstance(work.stage, DistilStage):
        raise UserInputError(f"the stage {work.stage.kind} has no teacher")
    return work.stage


@contextmanager
def taught_by(teacher: Teacher, trainer: Any, stage: DistilStage) -> Iterator[None]:
    """In the block the trainer's loss is that of the stage, and its evaluations tell how far it is from the teacher."""
    network = teacher.network.to(trainer.args.device)
    if not keeps_rows_apart(network):
        trainer.data_collator = PaddingCollator(trainer.processing_class.pad_token_id)
    hook = network.base_model.register_forward_hook(trainer._only_where_there_is_loss)
    trainer.compute_loss = _Lesson(network, trainer, stage)
    try:
        yield
    finally:
        hook.remove()
        trainer.hook.remove()
        del trainer.compute_loss


class _Lesson:
    """`compute_loss` of a trainer whose model has a teacher."""

    def __init__(self, network: Any, trainer: AnswerTrainer, stage: DistilStage) -> None:
        self.network, self.trainer, self.stage, self.alone = network, trainer, stage, trainer.compute_loss

    def __call__(self, model: Any, inputs: Batch, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """The mean loss of the places that carry any; in an evaluation the cross-entropy alone, as without teacher."""
        trainer, training = self.trainer, model.training
        tokens = float(inputs["tokens"])
        read = {name: value for name, value in inputs.items() if name in READ}
        targets = torch.nn.functional.pad(inputs["labels"][:, 1:], (0, 1), value=IGNORED)
        places = targets != IGNORED
        if training and not bool(places.any()):
            return self.alone(model, inputs, return_outputs, num_items_in_batch)
        ours, theirs = self._logits(model, read, places)
        if not training:
            self._measured(divergence(ours, theirs, 1.0) / max(int(places.sum()), 1))
            return self.alone(model, inputs, return_outputs, num_items_in_batch)
        wanted = targets[places]
        own = cross_entropy(ours.float(), wanted, reduction="sum", label_smoothing=trainer.args.label_smoothing_factor)
        taught = divergence(ours, theirs, self.stage.temperature)
        loss = self.stage.share * taught + (1 - self.stage.share) * own
        loss = loss / (len(wanted) if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and trainer.args.average_tokens_across_devices:
            loss = loss * trainer.accelerator.num_processes
        trainer._total_train_tokens += tokens
        trainer._metrics["train"]["num_tokens"] = [trainer._total_train_tokens]
        return loss

    def _logits(self, model: Any, read: Batch, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of student and teacher where there is loss, of shape (places, tokens that both know)."""
        self.trainer.places = places
        try:
            ours = model(**read, use_cache=False).logits[0]
            with torch.no_grad():
                theirs = self.network(**read, use_cache=False).logits[0]
        finally:
            self.trainer.places = None
        # Networks of one tokenizer may differ in the spare rows of their embeddings.
        known = min(ours.shape[-1], theirs.shape[-1])
        return ours[..., :known], theirs[..., :known]

    def _measured(self, divergence_nats: torch.Tensor) -> None:
        self.trainer._metrics["eval"]["teacher_divergence"].append(float(divergence_nats))


def divergence(ours: torch.Tensor, theirs: torch.Tensor, temperature: float) -> torch.Tensor:
    """T^2 KL(teacher || student) in nats, summed over logits of shape (places, tokens).

    A few places at a time, and what the gradient needs is computed again then, so that softmaxes of all places never
    stand in memory together.
    """

    def part(ours: torch.Tensor, theirs: torch.Tensor) -> torch.Tensor:
        student, teacher = (log_softmax(side.float() / temperature, dim=-1) for side in (ours, theirs))
        return temperature**2 * kl_div(student, teacher, reduction="sum", log_target=True)

    size = max(1, LOGITS_AT_ONCE // ours.shape[-1])
    pieces = zip(ours.split(size), theirs.split(size), strict=True)
    sums = [checkpoint(part, *piece, use_reentrant=False) for piece in pieces]
    return torch.stack(sums).sum() if sums else ours.sum() * 0.0
