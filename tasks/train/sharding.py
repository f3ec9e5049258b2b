"""FSDP2: a trainer splits a copy of the network over the devices, and the network itself stays whole."""

from __future__ import annotations

import copy
from typing import Any
from weakref import WeakKeyDictionary

from tasks.train.config import DevicesConfig

_WHOLE: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def to_be_trained(network: Any, devices: DevicesConfig) -> Any:
    """The network itself; where it is to be split over devices, a copy of it, because splitting cannot be undone."""
    if devices.sharding != "full":
        return network
    copied = copy.deepcopy(network)
    _WHOLE[copied] = network
    return copied


def whole(network: Any) -> Any:
    """The network that `to_be_trained` copied, or the network itself: where trained weights are to be put."""
    return _WHOLE.get(network, network)
