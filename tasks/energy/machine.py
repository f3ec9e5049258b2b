"""What the machine does while it computes: processor, memory and GPU, as metrics; and counters of energy.

GPUs are read through NVML, those that this process can see and no others. Where there is none, none is spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pynvml
import torch

RAPL = Path("/sys/class/powercap")


@dataclass(frozen=True)
class Gpu:
    """One GPU, by its handle in NVML."""

    handle: Any

    def joules(self) -> float | None:
        """Energy since the driver was loaded; None on GPUs before Volta, which do not count it."""
        try:
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(self.handle)) / 1000
        except pynvml.NVMLError_NotSupported:
            return None

    def watts(self) -> float:
        """Power drawn now."""
        return float(pynvml.nvmlDeviceGetPowerUsage(self.handle)) / 1000

    def busy_percent(self) -> float:
        """Share of the last sampling period in which a kernel ran."""
        return float(pynvml.nvmlDeviceGetUtilizationRates(self.handle).gpu)

    def used_bytes(self) -> float:
        """Memory in use, by whatever process."""
        return float(pynvml.nvmlDeviceGetMemoryInfo(self.handle).used)


class Machine:
    """This process and the devices it computes on."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        # The first call only sets the mark that later ones measure from.
        self.process.cpu_percent()

    @cached_property
    def gpus(self) -> list[Gpu]:
        """The GPUs that this process can see."""
        if not torch.cuda.is_available():
            return []
        pynvml.nvmlInit()
        uuids = [torch.cuda.get_device_properties(number).uuid for number in range(torch.cuda.device_count())]
        return [Gpu(pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")) for uuid in uuids]

    def measures(self) -> dict[str, float]:
        """Processor (percent of one core), resident memory in bytes, and each GPU's load and memory in bytes."""
        found = {
            "system/cpu_percent": self.process.cpu_percent(),
            "system/memory_bytes": float(self.process.memory_info().rss),
        }
        for number, gpu in enumerate(self.gpus):
            found[f"system/gpu_{number}_percent"] = gpu.busy_percent()
            found[f"system/gpu_{number}_memory_bytes"] = gpu.used_bytes()
        return found

    def processor_seconds(self) -> float:
        """Processor time of this process and of the children it waited for."""
        times = self.process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)


def rapl_counters(root: Path = RAPL) -> dict[Path, float]:
    """Joules by counter of each processor package, with what it wraps at below; empty where they cannot be read.

    Kernels since 5.10 let only root read them (CVE-2020-8694), and virtual machines have none.
    """
    counters = {}
    for folder in sorted(root.glob("*-rapl:*")):
        try:
            if not (folder / "name").read_text().startswith("package"):
                continue
            counters[folder] = float((folder / "energy_uj").read_text()) / 1e6
        except OSError:
            return {}
    return counters


def rapl_range_joules(folder: Path) -> float:
    """Where a counter starts again from zero."""
    return float((folder / "max_energy_range_uj").read_text()) / 1e6
