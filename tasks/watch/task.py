"""The door of the stage `watch`: served traffic against the reference."""

from __future__ import annotations

from tasks.records import Release
from tasks.retries import NETWORK
from tasks.stage import stage
from tasks.watch.config import WatchConfig
from tasks.watch.drift import Drift


@stage(retries=NETWORK, says=lambda drift: f"release {drift.release} is {drift.state}: {drift.reason}")
def watch_traffic(in_force: Release, config: WatchConfig) -> Drift:
    """Compare what the release in force answered lately with its holdout's predictions."""
    from tasks.watch.drift import measure

    return measure(in_force, config)
