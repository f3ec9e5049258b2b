"""Joules that were spent between two moments, and whether they were measured or modelled.

GPUs count their own energy (NVML), and so do processors where RAPL may be read; both are counted whole, whoever uses
them. A processor without a readable counter is modelled: the processor time of this process, times the thermal design
power of a thread from codecarbon's table (4 W where it does not know the processor, codecarbon's own figure).
codecarbon's tracker itself is not used: it samples power every few seconds where counters are exact, adds a constant
20 W of memory that nobody measured, and hides what goes wrong.
"""

from __future__ import annotations

import logging
import os
import time
from functools import cached_property

from tasks.energy.machine import Machine, rapl_counters, rapl_range_joules


class EnergyCounter:
    """Counts from its making on."""

    def __init__(self) -> None:
        self.machine = Machine()
        self.is_modelled = False
        """Whether a part of what was given out is modelled."""
        self._at = time.monotonic()
        self._gpus = [gpu.joules() for gpu in self.machine.gpus]
        self._packages, self._processor_seconds = rapl_counters(), self.machine.processor_seconds()

    def spent(self) -> float:
        """Joules since the last call, or since the making. RAPL's counters wrap within minutes: ask more often."""
        now = time.monotonic()
        joules = self._of_gpus(now - self._at) + self._of_processor()
        self._at = now
        return joules

    @cached_property
    def watts_a_thread(self) -> float:
        """Thermal design power of one hardware thread of this processor."""
        logging.getLogger("codecarbon").setLevel(logging.ERROR)
        from codecarbon.core.cpu import TDP

        return float(TDP().tdp) / (os.cpu_count() or 1)

    def _of_gpus(self, seconds: float) -> float:
        counted = [gpu.joules() for gpu in self.machine.gpus]
        spent = 0.0
        for gpu, before, now in zip(self.machine.gpus, self._gpus, counted, strict=True):
            if before is not None and now is not None:
                spent += now - before
            else:
                spent += gpu.watts() * seconds
                self.is_modelled = True
        self._gpus = counted
        return spent

    def _of_processor(self) -> float:
        packages, processor_seconds = rapl_counters(), self.machine.processor_seconds()
        if packages and packages.keys() == self._packages.keys():
            spent = 0.0
            for folder, joules in packages.items():
                more = joules - self._packages[folder]
                spent += more if more >= 0 else more + rapl_range_joules(folder)
        else:
            spent = (processor_seconds - self._processor_seconds) * self.watts_a_thread
            self.is_modelled = True
        self._packages, self._processor_seconds = packages, processor_seconds
        return spent
