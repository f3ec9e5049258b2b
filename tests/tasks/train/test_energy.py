"""Energy is counted over all attempts, and what is modelled is called so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.energy import counter
from tasks.energy.machine import Machine, rapl_counters
from tasks.train.energy import EnergyMeter


def counters(root: Path, microjoules: int, name: str = "package-0") -> None:
    folder = root / "intel-rapl:0"
    folder.mkdir(exist_ok=True)
    (folder / "name").write_text(name)
    (folder / "energy_uj").write_text(str(microjoules))
    (folder / "max_energy_range_uj").write_text("10000000")


def work() -> int:
    return sum(number * number for number in range(1_000_000))


def test_without_counters_the_processors_time_is_modelled_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "rapl_counters", lambda: {})
    with EnergyMeter(tmp_path) as meter:
        work()
    figures = meter.figures()
    assert figures["energy_joules"] > 0
    if not Machine().gpus:
        assert figures["energy_is_modelled"] == 1


def test_counters_are_read_and_may_wrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counters(tmp_path, 9_000_000)
    monkeypatch.setattr(counter, "rapl_counters", lambda: rapl_counters(tmp_path))
    with EnergyMeter(tmp_path) as meter:
        meter.counter.machine.__dict__["gpus"] = []
        counters(tmp_path, 1_500_000)
    assert meter.figures() == {"energy_joules": 2.5, "energy_is_modelled": 0.0}


def test_a_counter_that_may_not_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "intel-rapl:0").mkdir()
    assert rapl_counters(tmp_path) == {}
    counters(tmp_path, 1, name="dram")
    assert rapl_counters(tmp_path) == {}


def test_the_energy_of_an_attempt_that_was_killed_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / "energy.json").write_text(json.dumps({"joules": 1000.0, "is_modelled": True}))
    with EnergyMeter(tmp_path) as meter:
        work()
    assert meter.figures()["energy_joules"] > 1000
    assert meter.figures()["energy_is_modelled"] == 1


@pytest.mark.gpu
def test_a_gpus_own_counter_is_used(tmp_path: Path) -> None:
    import torch

    machine = Machine()
    assert machine.gpus
    before = machine.gpus[0].joules()
    matrix = torch.rand(4096, 4096, device="cuda")
    for _ in range(200):
        matrix = torch.tanh(matrix @ matrix)
    torch.cuda.synchronize()
    after = machine.gpus[0].joules()
    assert before is not None
    assert after is not None
    assert after > before
    assert {"system/gpu_0_percent", "system/gpu_0_memory_bytes"} <= set(machine.measures())
