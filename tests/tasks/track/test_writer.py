"""The writer keeps the order, does not make stages wait, and brings failures to the stage that asks."""

from __future__ import annotations

import signal
import time
from threading import Event

import pytest

from infra.mlflow import MlflowFailed
from tasks.track.writer import TrackingFailed, Writer


def failing() -> None:
    raise MlflowFailed("MLflow at x cannot be used: no route")


def test_things_are_done_in_order() -> None:
    writer = Writer()
    done: list[object] = []
    for number in range(20):
        writer.do(done.append, number)
    writer.drain()
    assert done == list(range(20))


def test_a_failure_comes_out_once_and_nothing_more_is_done() -> None:
    writer = Writer()
    done: list[object] = []
    writer.do(failing)
    writer.do(done.append, 1)
    with pytest.raises(TrackingFailed, match=r"no route; a run must be tracked.*REFIT_MLFLOW_URI"):
        writer.drain()
    writer.drain()
    assert done == []


def test_what_ends_a_run_is_tried_after_a_failure() -> None:
    writer = Writer()
    done: list[object] = []
    writer.do(failing)
    writer.do_anyway(done.append, "end")
    with pytest.raises(TrackingFailed):
        writer.drain()
    writer.close()
    assert done == ["end"]


def test_a_check_does_not_wait() -> None:
    writer, gate = Writer(), Event()
    writer.do(gate.wait)
    writer.check()
    gate.set()
    writer.drain()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_writer_itself_leaves_nobody_waiting() -> None:
    writer = Writer()
    writer.do(dict.__getitem__, {}, "nothing")
    with pytest.raises(RuntimeError, match="ended by a fault of its own"):
        writer.drain()
    writer.close()


def test_interrupts_at_any_instant_leave_the_writer_working() -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    writer = Writer()
    done: list[object] = []
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                while True:
                    writer.do(time.sleep, 0)
                    writer.drain()
            except Interrupted:
                continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    writer.do_anyway(done.append, "end")
    writer.drain()
    writer.close()
    assert done == ["end"]
