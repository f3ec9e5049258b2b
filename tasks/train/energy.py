"""How much energy a training took, over all attempts, and whether that was measured or modelled.

GPUs count their own energy (NVML), and so do processors where RAPL may be read; both are counted whole, whoever uses
them. A processor without a readable counter is modelled: the processor time of this process, times the thermal design
power of a thread from codecarbon's table (4 W where it does not know the processor, codecarbon's own figure).
codecarbon's tracker itself is not used: it samples power every few seconds where counters are exact, adds a constant
20 W of memory that nobody measured, and hides what goes wrong.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from functools import cached_property
from pathlib import Path
from types import TracebackType

from tasks.train.machine import Machine, rapl_counters, rapl_range_joules

FILE = "energy.json"
SAMPLE_SECONDS = 5.0
"""How often energy is read and written down: what a kill may leave uncounted. RAPL wraps within minutes."""


class EnergyMeter:
    """Counts joules in the block, added to what `folder/energy.json` holds of earlier attempts."""

    def __init__(self, folder: Path) -> None:
        self.file, self.machine = folder / FILE, Machine()
        kept = json.loads(self.file.read_text(encoding="utf-8")) if self.file.is_file() else {}
        self.joules, self.is_modelled = float(kept.get("joules", 0.0)), bool(kept.get("is_modelled", False))
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._sample_on, name="energy", daemon=True)

    def __enter__(self) -> EnergyMeter:
        self._at = time.monotonic()
        self._gpus = [gpu.joules() for gpu in self.machine.gpus]
        self._packages, self._processor_seconds = rapl_counters(), self.machine.processor_seconds()
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._sample()

    def figures(self) -> dict[str, float]:
        """`energy_joules`, and `energy_is_modelled`: 1 where a part of it is modelled, 0 where all is measured."""
        return {"energy_joules": self.joules, "energy_is_modelled": float(self.is_modelled)}

    @cached_property
    def watts_a_thread(self) -> float:
        """Thermal design power of one hardware thread of this processor."""
        logging.getLogger("codecarbon").setLevel(logging.ERROR)
        from codecarbon.core.cpu import TDP

        return float(TDP().tdp) / (os.cpu_count() or 1)

    def _sample_on(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        with self._lock:
            now = time.monotonic()
            self.joules += self._of_gpus(now - self._at) + self._of_processor()
            self._at = now
            aside = self.file.with_suffix(".incoming")
            aside.write_text(json.dumps({"joules": self.joules, "is_modelled": self.is_modelled}), encoding="utf-8")
            aside.replace(self.file)

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
