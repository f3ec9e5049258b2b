"""Several waiting requests answered by one call of the model: what came while it worked goes into its next call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]


class Classifier(Protocol):
    """What the batcher needs of a model; `tasks.models.onnx_classifier.OnnxClassifier` has it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Label of each column."""

    def probabilities(self, texts: list[str]) -> Probabilities:
        """Calibrated probabilities of shape (texts, labels)."""


class Busy(RuntimeError):
    """Too many texts wait already."""


@dataclass(frozen=True)
class _Waiting:
    texts: list[str]
    answer: asyncio.Future[Probabilities]


class Batcher:
    """Runs a model in a thread, one call at a time, on whole requests of together at most `batch_texts` texts.

    A request that is larger by itself goes alone. Nothing waits for a batch to fill: a request that finds the model
    idle is run at once. Belongs to the event loop that first calls `probabilities`.
    """

    def __init__(self, model: Classifier, batch_texts: int, waiting_texts: int) -> None:
        self.model, self.batch_texts, self.waiting_texts = model, batch_texts, waiting_texts
        self._waiting: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None

    async def probabilities(self, texts: list[str]) -> Probabilities:
        """Probabilities of shape (texts, labels). Raises Busy, and whatever the model raises."""
        waiting = sum(len(one.texts) for one in self._waiting)
        if waiting and waiting + len(texts) > self.waiting_texts:
            raise Busy(f"{waiting} texts wait for the model already; at most {self.waiting_texts} may: try again later")
        request = _Waiting(texts, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._work is None:
            self._work = asyncio.create_task(self._run_until_idle())
        return await request.answer

    async def _run_until_idle(self) -> None:
        while batch := self._take():
            texts = [text for one in batch for text in one.texts]
            results = await asyncio.gather(asyncio.to_thread(self.model.probabilities, texts), return_exceptions=True)
            _hand_out(batch, results[0])
        self._work = None

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        rows = 0
        while self._waiting and (not batch or rows + len(self._waiting[0].texts) <= self.batch_texts):
            request = self._waiting.pop(0)
            if not request.answer.done():  # done already: the client went away
                batch.append(request)
                rows += len(request.texts)
        return batch


def _hand_out(batch: list[_Waiting], result: Probabilities | BaseException) -> None:
    start = 0
    for request in batch:
        end = start + len(request.texts)
        if request.answer.done():
            pass
        elif isinstance(result, BaseException):
            request.answer.set_exception(result)
        else:
            request.answer.set_result(result[start:end])
        start = end
