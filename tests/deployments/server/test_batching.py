"""The batcher: one call of the model for what waits, each request its own rows, and errors to those concerned."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from deployments.server.batching import Batcher, Busy, Probabilities


class Lengths:
    """Stands for a model: the probability is a text's length, so that a mix-up of rows shows. Waits for `go`."""

    labels = ("length",)

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.started = threading.Event()
        self.calls: list[list[str]] = []

    def probabilities(self, texts: list[str]) -> Probabilities:
        self.calls.append(texts)
        self.started.set()
        self.go.wait(10)
        if "bad" in texts:
            raise ValueError("bad text")
        return np.array([[float(len(text))] for text in texts])


def test_requests_that_wait_are_answered_together_each_with_its_own_rows() -> None:
    model = Lengths()
    model.go.clear()
    batcher = Batcher(model, batch_texts=4, waiting_texts=100)

    async def run() -> list[Probabilities]:
        first = asyncio.create_task(batcher.probabilities(["a"]))
        await asyncio.to_thread(model.started.wait, 10)
        others = [asyncio.create_task(batcher.probabilities(["b" * n, "c" * 2 * n])) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        model.go.set()
        return [await task for task in (first, *others)]

    answers = asyncio.run(run())
    assert [answer.ravel().tolist() for answer in answers] == [[1], [1, 2], [2, 4], [3, 6]]
    assert [len(call) for call in model.calls] == [1, 4, 2]


def test_a_request_larger_than_a_batch_goes_alone() -> None:
    model = Lengths()
    answer = asyncio.run(Batcher(model, batch_texts=2, waiting_texts=100).probabilities(["a", "bb", "ccc"]))
    assert answer.ravel().tolist() == [1, 2, 3]


def test_an_error_of_the_model_reaches_its_request_and_the_next_one_is_served() -> None:
    batcher = Batcher(Lengths(), batch_texts=4, waiting_texts=100)

    async def run() -> Probabilities:
        with pytest.raises(ValueError, match="bad text"):
            await batcher.probabilities(["bad"])
        return await batcher.probabilities(["good"])

    assert asyncio.run(run()).tolist() == [[4.0]]


def test_too_many_waiting_texts_are_refused_and_a_lone_large_request_is_not() -> None:
    model = Lengths()
    model.go.clear()
    batcher = Batcher(model, batch_texts=2, waiting_texts=3)

    async def run() -> None:
        running = asyncio.create_task(batcher.probabilities(["a"] * 5))
        await asyncio.to_thread(model.started.wait, 10)
        waiting = asyncio.create_task(batcher.probabilities(["b"] * 2))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="at most 3"):
            await batcher.probabilities(["c"] * 2)
        model.go.set()
        assert len(await running) == 5
        assert len(await waiting) == 2

    asyncio.run(run())


def test_a_client_that_went_away_costs_no_work() -> None:
    model = Lengths()
    model.go.clear()
    batcher = Batcher(model, batch_texts=4, waiting_texts=100)

    async def run() -> None:
        running = asyncio.create_task(batcher.probabilities(["a"]))
        await asyncio.to_thread(model.started.wait, 10)
        gone, stays = (asyncio.create_task(batcher.probabilities([text])) for text in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        model.go.set()
        await running
        assert (await stays).tolist() == [[5.0]]

    asyncio.run(run())
    assert model.calls == [["a"], ["stays"]]
