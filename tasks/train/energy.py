"""How much energy a training took, over all attempts, and whether that was measured or modelled."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import TracebackType

from tasks.energy.counter import EnergyCounter

FILE = "energy.json"
SAMPLE_SECONDS = 5.0
"""How often energy is read and written down: what a kill may leave uncounted. RAPL wraps within minutes."""


class EnergyMeter:
    """Counts joules in the block, added to what `folder/energy.json` holds of earlier attempts."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        kept = json.loads(self.file.read_text(encoding="utf-8")) if self.file.is_file() else {}
        self.joules, self.is_modelled = float(kept.get("joules", 0.0)), bool(kept.get("is_modelled", False))
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._sample_on, name="energy", daemon=True)

    def __enter__(self) -> EnergyMeter:
        self.counter = EnergyCounter()
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

    def _sample_on(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        with self._lock:
            self.joules += self.counter.spent()
            self.is_modelled = self.is_modelled or self.counter.is_modelled
            aside = self.file.with_suffix(".incoming")
            aside.write_text(json.dumps({"joules": self.joules, "is_modelled": self.is_modelled}), encoding="utf-8")
            aside.replace(self.file)
