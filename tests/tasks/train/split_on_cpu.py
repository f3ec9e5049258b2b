"""The training process, but accelerate splits models over CPU processes too, and not over GPUs alone."""

from __future__ import annotations

import sys
from typing import Any

from accelerate import PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType

from tasks.train import devices as room
from tasks.train import run
from tasks.train.config import DevicesConfig

_init = AcceleratorState.__init__


def _init_split(self: Any, *arguments: Any, fsdp_plugin: Any = None, **options: Any) -> None:
    _init(self, *arguments, fsdp_plugin=fsdp_plugin, **options)
    if fsdp_plugin is not None:
        self.fsdp_plugin = fsdp_plugin
    if self.__dict__.get("fsdp_plugin") is not None:
        self.distributed_type = DistributedType.FSDP


def _join_on_cpu(devices: DevicesConfig) -> None:
    PartialState(cpu=True)


if __name__ == "__main__":
    AcceleratorState.__init__ = _init_split
    room.join_the_others = _join_on_cpu
    code = run.main()
    if code == 0 and AcceleratorState().distributed_type != DistributedType.FSDP:
        sys.exit("the model was not split")
    sys.exit(code)
