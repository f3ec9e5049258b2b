"""The command that trains on as many devices as the plan of a run says.

One process is started plainly, several by `accelerate launch` (torchrun), whose settings are left in
RUN_DIR/accelerate.yaml: DDP, or FSDP2 where `training.devices.sharding` is `full`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from tasks.train.config import TrainingConfig
from tasks.train.plan import RunPlan

SETTINGS = "accelerate.yaml"


def command_of(folder: Path) -> list[str]:
    """The command that trains as `folder/run.json` says, and whose processes all end when its standard input closes.

    For several processes it writes accelerate's settings. Raises UserInputError where the plan cannot be read.
    """
    trains = ["-m", "tasks.train.run", str(folder), "--die-with-parent"]
    config = RunPlan.read(folder).config
    if config.devices.processes == 1:
        return [sys.executable, *trains]
    path = folder / SETTINGS
    path.write_text(_as_yaml(accelerate_settings(config)), encoding="utf-8")
    return [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(path), *trains]


def accelerate_settings(config: TrainingConfig) -> dict[str, Any]:
    """Settings of `accelerate launch` for this machine.

    Precision is left to the training's own arguments. With FSDP2 each process holds a share of every layer, and the
    first one gathers the whole for a checkpoint, so that what is kept looks as it does without sharding.
    """
    devices = config.devices
    settings: dict[str, Any] = {
        "compute_environment": "LOCAL_MACHINE",
        # On a machine without GPUs this gives gloo processes all the same.
        "distributed_type": "FSDP" if devices.sharding == "full" else "MULTI_GPU",
        "num_machines": 1,
        "num_processes": devices.processes,
        "main_process_port": 0,
        "mixed_precision": "no",
    }
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
