"""Stops a training whose loss or gradient is no longer a number, or has exploded: every step is looked at."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass
from typing import Any

import torch

RECENT_STEPS = 10
WINDOW_STEPS = 100
DEVIATIONS = 10.0
TIMES_THE_START = 2.0
LEAST_LOSS = 1.0
NORM_TIMES = 50.0
MAD_TO_DEVIATION = 1.4826
"""Of a normal distribution: standard deviation by median absolute deviation (Rousseeuw and Croux, 1993)."""


@dataclass(frozen=True)
class Step:
    """The numbers of one step: loss in the trainer's unit, and the gradient's norm before it was clipped."""

    number: int
    loss: float
    norm: float


class StepNumbers:
    """Reads loss and gradient norm of every step of a trainer, without waiting for a GPU.

    On a GPU the numbers are copied to the host behind the step's own work and come out when they are there, as a rule
    one step later.
    """

    def __init__(self, trainer: Any) -> None:
        self._loss: torch.Tensor | None = None
        self._norm: torch.Tensor | float = 0.0
        self._on_their_way: deque[tuple[int, torch.Tensor, Any]] = deque()
        self._reduce = trainer.accelerator.reduce
        training_step, clip = trainer.training_step, trainer.accelerator.clip_grad_norm_

        def training_step_seen(*arguments: Any, **options: Any) -> Any:
            loss = training_step(*arguments, **options)
            part = loss.detach()
            self._loss = part.clone() if self._loss is None else self._loss + part
            return loss

        def clip_seen(*arguments: Any, **options: Any) -> Any:
            norm = clip(*arguments, **options)
            self._norm = norm if norm is not None else 0.0
            return norm

        trainer.training_step, trainer.accelerator.clip_grad_norm_ = training_step_seen, clip_seen

    def ready(self, number: int, *, wait: bool) -> list[Step]:
        """End step `number`; returns the steps whose numbers are there, or with `wait` all that have ended."""
        if self._loss is not None:
            norm = getattr(self._norm, "full_tensor", lambda: self._norm)()
            pair = torch.stack([self._loss.float(), torch.as_tensor(norm, device=self._loss.device).float()])
            # Each process has seen its own rows only, and all must judge alike.
            pair = self._reduce(pair, reduction="mean")
            self._on_their_way.append((number, *_copy(pair)))
            self._loss, self._norm = None, 0.0
        steps = []
        while self._on_their_way:
            step, copied, event = self._on_their_way[0]
            if event is not None:
                if wait:
                    event.synchronize()
                elif not event.query():
                    break
            self._on_their_way.popleft()
            steps.append(Step(step, *copied.tolist()))
        return steps


def _copy(pair: torch.Tensor) -> tuple[torch.Tensor, Any]:
    if pair.device.type != "cuda":
        return pair, None
    host = torch.empty(2, pin_memory=True).copy_(pair, non_blocking=True)
    event = torch.cuda.Event()
    event.record()
    return host, event


class Guard:
    """Judges steps one after the other against the running medians of those before.

    A number that is not finite is a fault at once. A single high one is not: spikes are common, clipping contains their
    gradient, and training recovers by itself as a rule (PaLM, arXiv:2204.02311, section 5.1; Takase et al.,
    arXiv:2312.16903). So exploding is what lasts. The loss has exploded when the median of the last 10 steps is more
    than 10 robust standard deviations (1.4826 times the median absolute deviation; Iglewicz and Hoaglin, 1993, call 3.5
    an outlier) above the running median of the 100 steps before, and also twice as high as where the training began and
    above 1 and above the loss of guessing, since a loss near zero, where a head that starts as a linear probe begins,
    varies by large factors without harm. The gradient has exploded when the median norm of the last 10 steps is more
    than 50 times its running median (the factor by which SPAM, arXiv:2501.06842, defines a spike) and clipping
    cuts it.
    """

    def __init__(self, clipped_at: float, loss_of_guessing: float = 0.0) -> None:
        self.clipped_at, self.least_loss = clipped_at, max(LEAST_LOSS, loss_of_guessing)
        self.steps: deque[Step] = deque(maxlen=WINDOW_STEPS + RECENT_STEPS)
        self._start: list[float] = []

    def judge(self, step: Step) -> str | None:
        """What is wrong with the training after this step, in words; None where nothing is."""
        if not math.isfinite(step.loss):
            return f"the training loss is no longer a number at step {step.number}"
        if not math.isfinite(step.norm):
            return f"the gradient is no longer a number at step {step.number}, with a training loss of {step.loss:.4g}"
        self.steps.append(step)
        if len(self._start) < RECENT_STEPS:
            self._start.append(step.loss)
        if len(self.steps) < 2 * RECENT_STEPS:
            return None
        return self._exploded(step.number)

    def before(self) -> str:
        """The running medians, for a person."""
        if not self.steps:
            return "no step before it was sound"
        loss, norm = (statistics.median(values) for values in zip(*((s.loss, s.norm) for s in self.steps), strict=True))
        return f"the medians of the {len(self.steps)} steps before were {loss:.4g} and {norm:.4g}"

    def _exploded(self, number: int) -> str | None:
        steps = list(self.steps)
        before, recent = steps[:-RECENT_STEPS], steps[-RECENT_STEPS:]
        losses = [step.loss for step in before]
        usual, now = statistics.median(losses), statistics.median(step.loss for step in recent)
        deviation = MAD_TO_DEVIATION * statistics.median(abs(loss - usual) for loss in losses)
        limit = max(usual + DEVIATIONS * deviation, TIMES_THE_START * statistics.median(self._start), self.least_loss)
        if now > limit:
            return f"the training loss has exploded by step {number}: {now:.4g} over the last {RECENT_STEPS} steps"
        usual, now = (statistics.median(step.norm for step in part) for part in (before, recent))
        if now > NORM_TIMES * usual and now > self.clipped_at > 0:
            return f"the gradient has exploded by step {number}: norm {now:.4g} over the last {RECENT_STEPS} steps"
        return None
