"""The devices that a training is planned for: a small table of known ones, and this machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tasks.errors import UserInputError
from tasks.train.config import TrainingConfig
from tasks.train.estimate.record import Device

GIGABYTE = 10**9
UTILISATION = 0.35
"""Share of the peak that fine-tuning with transformers commonly reaches on one GPU (model FLOPs utilisation, arXiv:
2204.02311, appendix B); reports range from 0.2 for short rows and small networks to 0.5."""
THIS = "this"

KNOWN: dict[str, tuple[float, float]] = {
    "H100": (989e12, 80),
    "H200": (989e12, 141),
    "A100": (312e12, 80),
    "L4": (121e12, 24),
    "T4": (8.1e12, 16),
    "RTX 4090": (165e12, 24),
}
"""Peak FLOPs a second in bfloat16, dense, with 32-bit accumulation, and gigabytes of memory, by NVIDIA's data sheets
(SXM forms); the T4 has no bfloat16, so it computes in 32 bits."""


def device_of(config: TrainingConfig) -> Device:
    """The device that the budget names. Raises UserInputError for one that is not known."""
    name, count = config.budget.device, config.devices.processes
    if name.lower() == THIS:
        return this_machine(count)
    found = {known.lower().replace(" ", ""): known for known in KNOWN}.get(name.lower().replace(" ", ""))
    if found is None:
        raise UserInputError(
            f"training.budget.device is {name!r}; allowed are `this` and {', '.join(KNOWN)}; for another, take the one "
            "that is nearest to it"
        )
    peak, gigabytes = KNOWN[found]
    return Device(
        name=found,
        kind="cuda",
        memory_bytes=int(gigabytes * GIGABYTE),
        count=count,
        assumed_flops_per_second=peak * UTILISATION,
    )


def computes_in_halves(device: Device) -> bool:
    """Whether training on the device computes in bfloat16 over 32-bit weights."""
    return device.kind == "cuda" and device.name != "T4"


def this_machine(count: int) -> Device:
    """The first GPU of this machine, or its processors and memory."""
    import torch

    if torch.cuda.is_available():
        found = torch.cuda.get_device_properties(0)
        return Device(name=str(found.name), kind="cuda", memory_bytes=int(found.total_memory), count=count)
    name = f"this machine ({os.cpu_count()} CPU cores)"
    return Device(name=name, kind="cpu", memory_bytes=machine_memory_bytes(), count=1)


def machine_memory_bytes() -> int:
    """Memory of this machine, or of the container that this process runs in where that is less."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return min(whole, int(text)) if text.isdigit() else whole


def machine_identity() -> str:
    """What a speed measured here depends on: processors, memory and GPUs, told without loading a library."""
    cpuinfo, gpus = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/gpus")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else [platform.processor()]
    models = sorted({line.partition(":")[2].strip() for line in lines if line.startswith("model name")})
    cards = [path.read_text(encoding="utf-8").splitlines()[0] for path in sorted(gpus.glob("*/information"))]
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return "; ".join([platform.machine(), *models, *cards, f"{os.cpu_count()} cores", f"{threads} threads"])
