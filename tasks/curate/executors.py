"""Where the row-wise half of a curation runs: in this process, on all cores, or on a Ray cluster through datatrove.

Each executor does the same: it calls one function for each shard of the rows, which reads the shard and writes its
output beside it. So the three give the same bytes, and what is left to compare across shards runs once, afterwards.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from tasks.errors import RefitError
from tasks.section import Section

ROOT = Path(__file__).resolve().parent.parent.parent
Work = Callable[[Path, Path], None]
"""Reads a shard and writes its output. It must be picklable: a function of a module, or a partial of one."""


class OneProcess(Section):
    """One shard after the other, in the process of the run."""

    kind: Literal["one_process"] = "one_process"


class AllCores(Section):
    """Several processes on this machine."""

    kind: Literal["all_cores"] = "all_cores"
    workers: int | None = Field(default=None, ge=1)
    """Processes at once; the default is one a core."""


class RayCluster(Section):
    """datatrove's Ray executor (install the extra `cluster`); every node must see REFIT_HOME and this code."""

    kind: Literal["ray"] = "ray"
    address: str = "local"
    """`local` starts a cluster on this machine for the time of the run; else `auto`, `host:port` or `ray://host:port`."""
    workers: int = Field(default=-1, ge=-1)
    """Shards at once; -1 leaves it to the cluster."""
    memory_gigabytes: float = Field(default=1.0, gt=0)
    """Memory that each shard asks the cluster for."""


Executor = Annotated[OneProcess | AllCores | RayCluster, Field(discriminator="kind")]


class ShardsFailed(RefitError, RuntimeError):
    """Some shards of the rows were not curated."""


def run_over(work: Work, shards: Sequence[Path], folder: Path, executor: Executor) -> list[Path]:
    """Call `work` for each shard, with a file in `folder` for its output, and return the outputs in the shards' order.

    Raises what `work` raises; on a cluster ShardsFailed, which names the logs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outputs = [folder / shard.name for shard in shards]
    if isinstance(executor, RayCluster):
        _on_ray(work, shards, outputs, folder / "logs", executor)
    elif isinstance(executor, AllCores) and len(shards) > 1:
        _on_all_cores(work, shards, outputs, executor.workers or os.cpu_count() or 1)
    else:
        for shard, output in zip(shards, outputs, strict=True):
            work(shard, output)
    return outputs


def _on_all_cores(work: Work, shards: Sequence[Path], outputs: Sequence[Path], workers: int) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned and not forked: this process may hold threads of torch, Arrow and Prefect.
    with ProcessPoolExecutor(min(workers, len(shards)), mp_context=get_context("spawn")) as pool:
        list(pool.map(work, shards, outputs))


@dataclass(frozen=True)
class _ShardStep:
    """A step of a datatrove pipeline: the task of rank N works on shard N."""

    work: Work
    shards: Sequence[Path]
    outputs: Sequence[Path]

    def __call__(self, _data: Any, rank: int = 0, _world_size: int = 1) -> None:
        # datatrove forks this process from Ray's worker and ends it by SIGTERM. Ray's handler, which came along, waits
        # for a thread that no fork has: now and then the process stayed for ever, and the run with it.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.work(self.shards[rank], self.outputs[rank])


def _on_ray(work: Work, shards: Sequence[Path], outputs: Sequence[Path], logs: Path, executor: RayCluster) -> None:
    import ray
    from datatrove.executor.ray import RayPipelineExecutor

    ours = not ray.is_initialized()
    if ours:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        alone = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if executor.address == "local" else {}
        paths = {"PYTHONPATH": str(ROOT), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
        ray.init(executor.address, log_to_driver=False, runtime_env={"env_vars": paths}, **alone)
    try:
        RayPipelineExecutor(
            pipeline=[_ShardStep(work, tuple(shards), tuple(outputs))],
            tasks=len(shards),
            workers=executor.workers,
            logging_dir=str(logs),
            cpus_per_task=1,
            mem_per_cpu_gb=executor.memory_gigabytes,
        ).run()
    finally:
        if ours:
            ray.shutdown()
    failed = [number for number in range(len(shards)) if not (logs / "completions" / f"{number:05d}").is_file()]
    if failed:
        raise ShardsFailed(
            f"{len(failed):,} of {len(shards):,} shards were not curated on Ray ({executor.address}), the first is "
            f"number {failed[0]}: see {logs / 'logs'}; every node must see that folder and have the locked versions"
        )
