"""Trains as a run's plan says and tells how it goes: `python -m tasks.train.launch RUN_DIR`.

This is what a job on a cluster runs (infra/kubernetes, infra/ray); the train stage does the same from within. Several
machines that share RUN_DIR train together where each is told which it is: `--nodes 2 --node-rank 1 --main HOST:29500`.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import NoReturn

from tasks.errors import RefitError, UserInputError
from tasks.train.command import Node
from tasks.train.process import run_training


def main() -> int:
    """Train, print what happens, and return the exit code; SIGTERM lets the training write one more checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m tasks.train.launch", description="Train as RUN_DIR/run.json says.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    parser.add_argument("--nodes", type=int, default=1, help="machines that train together (torchrun's --nnodes)")
    parser.add_argument("--node-rank", type=int, default=0, help="which of them this is, from 0")
    parser.add_argument("--main", default="", metavar="HOST:PORT", help="where the others reach the first one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    try:
        node = _node(options.node_rank, options.nodes, options.main)
        figures = run_training(options.run_dir, _say_progress, _say, node=node)
    except RefitError as error:
        _say(str(error))
        return error.exit_code
    said = ", ".join(f"{name} {value:.6g}" for name, value in figures.items())
    _say(said or f"node {node.rank} is done; the first one has the figures")
    return 0


def _node(rank: int, count: int, main: str) -> Node:
    """The node that the command line names. Raises UserInputError where it is none."""
    if not 0 <= rank < count:
        raise UserInputError(
            f"--node-rank is {rank} and --nodes {count}; allowed are one node or more, and ranks below their number"
        )
    if count == 1:
        return Node()
    host, _, port = main.rpartition(":")
    if not host or not port.isdigit():
        raise UserInputError(
            f"--main is {main!r}, and {count} nodes must know where the first one is reached: give its name or address "
            "and a free port, as in --main node-0.training:29500"
        )
    return Node(rank, count, host, int(port))


def _say_progress(done: float, total: float, message: str) -> None:
    _say(f"step {done:g} of {total:g}: {message}")


def _say(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
