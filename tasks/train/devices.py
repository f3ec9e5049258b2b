"""Several devices in one training: what the config allows, and how its processes find each other."""

from __future__ import annotations

from datetime import timedelta

from tasks.errors import UserInputError
from tasks.records import TaskKind
from tasks.train.config import DevicesConfig, TrainingConfig
from tasks.train.ranks import processes, processes_here

PATIENCE = timedelta(days=1)
"""How long the others wait while the first process works alone, as for a teacher's answers."""
SHARDED_STAGES = ("classify", "sft")
SHARDED_TECHNIQUES = ("full", "last_layers", "lora", "few_shot")


def check_devices(config: TrainingConfig, task: TaskKind) -> None:
    """Raise UserInputError where the batch cannot be shared evenly, or the model cannot be split over the devices."""
    count = config.devices.processes
    sizes = {"training.batch_size": config.batch_size}
    sizes |= {f"the batch_size of the stage {s.kind}": s.batch_size for s in config.stages_for(task) if s.batch_size}
    for name, size in sizes.items():
        if size % count:
            raise UserInputError(
                f"{name} is {size}, which {count} processes (training.devices.processes) cannot share evenly; allowed "
                f"are multiples of {count}"
            )
    if config.devices.sharding == "full":
        _check_sharding(config, task)


def _check_sharding(config: TrainingConfig, task: TaskKind) -> None:
    setting = "training.devices.sharding is full"
    if config.devices.processes == 1:
        raise UserInputError(f"{setting}, but training.devices.processes is 1: nothing can be split over one device")
    if config.technique.kind not in SHARDED_TECHNIQUES or config.quantisation_aware:
        what = "quantisation_aware" if config.quantisation_aware else f"the technique {config.technique.kind}"
        raise UserInputError(
            f"{setting}, which does not go with {what}; allowed are the techniques {', '.join(SHARDED_TECHNIQUES)} "
            "without quantisation_aware"
        )
    for stage in config.stages_for(task):
        if stage.kind not in SHARDED_STAGES:
            raise UserInputError(
                f"{setting}, which does not go with the stage {stage.kind}; allowed are {', '.join(SHARDED_STAGES)}"
            )


def join_the_others(devices: DevicesConfig) -> None:
    """Connect this process with those that train with it: by NCCL on GPUs, by gloo on the CPU.

    Raises UserInputError where other processes were started than the config says, or devices are missing.
    """
    started = processes()
    if started != devices.processes:
        raise UserInputError(
            f"training.devices.processes is {devices.processes}, but {started} were started: start the training with "
            "`python -m tasks.train.launch RUN_DIR`, which starts as many as the config says"
        )
    if started == 1:
        return
    import torch
    from accelerate import PartialState

    here = processes_here()
    if torch.cuda.is_available() and torch.cuda.device_count() < here:
        raise UserInputError(
            f"training.devices.processes is {started}, {here} of them on this machine, which has "
            f"{torch.cuda.device_count()} GPU(s), and each process needs one of its own"
        )
    if devices.sharding == "full" and not torch.cuda.is_available():
        raise UserInputError(
            "training.devices.sharding is full, but this machine has no GPU, and accelerate splits models over GPUs "
            "alone: set it to none, or train where there are GPUs"
        )
    PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
