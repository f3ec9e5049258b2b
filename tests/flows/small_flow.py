"""A retrain in miniature, run as a command by the tests of the terminal: real stages, a second each at most.

Its config's `release.why` chooses what happens: released, rejected, retry, user, bug, noise or slow.
"""

from __future__ import annotations

import os
import sys
import time
import warnings

from prefect import flow

from flows.config import RetrainConfig
from tasks.errors import DataRejected, StorageError
from tasks.records import DatasetRef, GateResult, Outcome
from tasks.retries import Retries
from tasks.stage import report_progress, stage

DIGEST = "ab" * 32
tries: list[int] = []


@stage(retries=Retries(times=1, backoff_seconds=0.1), says=lambda rows: f"{rows} rows")
def acquire(how: str) -> int:
    """Be noisy, or fail once, where asked."""
    if how == "noise":
        print("printed noise")  # noqa: T201
        warnings.warn("warned noise", stacklevel=1)
        os.write(2, b"native noise\n")
    tries.append(1)
    if how == "retry" and len(tries) == 1:
        raise StorageError("the store is busy\nin two lines")
    return 10


@stage(says=lambda dataset: f"{dataset.rows['train']} train")
def curate(rows: int) -> DatasetRef:
    """Keep seven of ten rows."""
    return DatasetRef(
        uri="file:///x", digest=DIGEST, rows={"train": 7}, rows_in=rows, merged=1, quarantined={"malformed": 2}
    )


@stage(says=lambda loss: f"loss {loss}")
def train(how: str) -> float:
    """Fail or take long, where asked."""
    if how == "user":
        raise DataRejected("label x has 1 row; at least 5 are needed: add rows")
    if how == "bug":
        raise KeyError("a fault of ours")
    for step in range(600 if how == "slow" else 2):
        report_progress("train", step, 600, "at work")
        time.sleep(0.1)
    return 0.5


@flow(name="small")
def small(config: RetrainConfig) -> Outcome:
    """Acquire, curate, train, decide."""
    how = config.release.why
    curate(acquire(how))
    train(how)
    released = how != "rejected"
    gate = GateResult(
        name="quality",
        measured=0.9,
        low=0.85,
        high=0.95,
        limit=0.8,
        state="pass" if released else "fail",
        reason="a reason",
    )
    return Outcome(
        state="released" if released else "rejected",
        model=config.model,
        release=4 if released else None,
        candidate_digest=DIGEST,
        dataset_digest=DIGEST,
        gates=(gate,),
        metrics={},
        mlflow_run_id="run-of-mlflow",
    )


if __name__ == "__main__":
    from flows.command.terminal import main

    sys.dont_write_bytecode = True
    main(small)
