"""The command that trains on as many devices as the plan of a run says.

One process is started plainly, several by `accelerate launch` (torchrun), whose settings are left in
RUN_DIR/accelerate.yaml: DDP, or FSDP2 where `training.devices.sharding` is `full`. Where several machines train
together, each runs the command of its own node, on the same RUN_DIR in a folder that all share.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks.errors import UserInputError
from tasks.train.config import TrainingConfig
from tasks.train.plan import RunPlan


@dataclass(frozen=True)
class Node:
    """One of the machines that train together, as torchrun counts them."""

    rank: int = 0
    """Its number, from 0; the first one speaks."""
    count: int = 1
    """How many there are. They share out the training's processes evenly."""
    host: str = ""
    """Where the first one is reached by the others."""
    port: int = 0
    """Where it listens; 0 takes any, for one machine."""

    def file(self, name: str, ending: str) -> str:
        """The name of a file in the shared run folder that each node has for itself."""
        return f"{name}-{self.rank}{ending}" if self.rank else f"{name}{ending}"


ALONE = Node()


def command_of(folder: Path, node: Node = ALONE) -> list[str]:
    """The command that trains as `folder/run.json` says, and whose processes all end when its standard input closes.

    For several processes it writes accelerate's settings. Raises UserInputError where the plan cannot be read, or the
    nodes cannot share its processes evenly.
    """
    trains = ["-m", "tasks.train.run", str(folder), "--die-with-parent"]
    config = RunPlan.read(folder).config
    if config.devices.processes % node.count:
        raise UserInputError(
            f"training.devices.processes is {config.devices.processes}, which {node.count} nodes cannot share evenly; "
            f"allowed are multiples of {node.count}: change it, or start as many nodes as divide it"
        )
    if config.devices.processes == 1:
        return [sys.executable, *trains]
    path = folder / node.file("accelerate", ".yaml")
    path.write_text(_as_yaml(accelerate_settings(config, node)), encoding="utf-8")
    return [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(path), *trains]


def accelerate_settings(config: TrainingConfig, node: Node = ALONE) -> dict[str, Any]:
    """Settings of `accelerate launch` on this node.

    Precision is left to the training's own arguments. With FSDP2 each process holds a share of every layer, and the
    first one gathers the whole for a checkpoint, so that what is kept looks as it does without sharding.
    """
    devices = config.devices
    settings: dict[str, Any] = {
        "compute_environment": "LOCAL_MACHINE",
        # On a machine without GPUs this gives gloo processes all the same.
        "distributed_type": "FSDP" if devices.sharding == "full" else "MULTI_GPU",
        "num_machines": node.count,
        "num_processes": devices.processes,
        "main_process_port": node.port,
        "mixed_precision": "no",
    }
    if node.count > 1:
        settings |= {"machine_rank": node.rank, "main_process_ip": node.host}
    if devices.sharding == "full":
        settings["fsdp_config"] = {
            "fsdp_version": 2,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_reshard_after_forward": True,
            "fsdp_state_dict_type": "FULL_STATE_DICT",
            "fsdp_cpu_ram_efficient_loading": False,
            "fsdp_offload_params": False,
            "fsdp_activation_checkpointing": config.activation_checkpointing,
        }
    return settings


def _as_yaml(settings: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(settings, sort_keys=False)
    return text
