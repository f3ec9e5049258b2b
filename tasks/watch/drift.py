"""Whether what a release answers lately still looks like what it answered on its holdout."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from tasks.errors import UserInputError
from tasks.models.info import ModelInfo
from tasks.records import Artefact, Record, Release
from tasks.store import fetch
from tasks.traffic.window import TrafficWindow
from tasks.watch.config import WatchConfig
from tasks.watch.divergence import estimate
from tasks.watch.reference import reference_predictions

MOST_MOVED = 5


class Moved(Record):
    """A label whose share of the predictions has changed."""

    label: str
    reference_share: float
    live_share: float


class Drift(Record):
    """What a watch found. The divergence is Kullback-Leibler, live against reference, in nats, corrected for bias."""

    model: str
    release: int
    """Number of the release in force, whose answers were counted."""
    state: Literal["quiet", "drifted", "undecided"]
    """`drifted`: the whole interval is above the limit; `quiet`: none of it is; `undecided`: else, or few requests."""
    reason: str
    """One sentence for a person."""
    divergence: float | None
    low: float | None
    high: float | None
    """Bounds of the 95 % interval; they and the divergence are null where too few requests were served."""
    limit: float
    requests: int
    """Texts that the release answered in the window."""
    reference_rows: int
    window_hours: float
    young: bool
    """Whether the release came into force within the window."""
    moved: tuple[Moved, ...] = ()
    """The labels whose shares changed most."""
    unreadable_lines: int = 0
    """Lines of the request log that could not be read, and were not counted."""
    rolled_back: bool = False
    """Whether the watch put the previous release back."""
    retrain_run: str | None = None
    """Id of the flow run that retrains the model because of this; null where none was started."""


def measure(in_force: Release, config: WatchConfig, now: datetime | None = None) -> Drift:
    """Compare what the release in force answered within the window, up to `now`, with its reference.

    Raises CorruptArtefact where the reference cannot be had, StorageError where the request log cannot be read, and
    UserInputError for a language model.
    """
    _require_labels(in_force)
    until = now or datetime.now(UTC)
    since = until - timedelta(hours=config.window_hours)
    window = TrafficWindow(in_force.model, since, until)
    live = Counter(served.label for served in window if served.release == in_force.number)
    reference = reference_predictions(in_force)
    known = {
        "model": in_force.model,
        "release": in_force.number,
        "limit": config.max_kl_divergence,
        "requests": live.total(),
        "reference_rows": reference.total(),
        "window_hours": config.window_hours,
        "young": datetime.fromisoformat(in_force.at).astimezone(UTC) >= since,
        "unreadable_lines": window.unreadable,
    }
    if live.total() < config.min_requests:
        few = f"{live.total():,} answers in {config.window_hours:g} hours decide nothing, {config.min_requests:,} may"
        return Drift(**known, state="undecided", reason=few, divergence=None, low=None, high=None)
    labels = sorted({*live, *reference})
    found = estimate(np.array([live[label] for label in labels]), np.array([reference[label] for label in labels]))
    state, reason = _judge(found.value, found.low, found.high, config.max_kl_divergence)
    figures = {"divergence": found.value, "low": found.low, "high": found.high}
    return Drift(**known, **figures, state=state, reason=reason, moved=_moved(live, reference))


def _require_labels(in_force: Release) -> None:
    task = ModelInfo.read(fetch(Artefact(uri=in_force.model_uri, digest=in_force.model_digest))).task
    if task != "classification":
        raise UserInputError(
            f"release {in_force.number} of {in_force.model} is a language model (task {task}): a watch compares the "
            "labels that were served with those of the holdout, and a language model gives none; take the "
            "watch_schedule out of its config"
        )


def _judge(value: float, low: float, high: float, limit: float) -> tuple[Literal["quiet", "drifted", "undecided"], str]:
    figures = f"{value:.4f} nats ({low:.4f} to {high:.4f})"
    if low > limit:
        return "drifted", f"predictions have moved by {figures}, all of it above the limit of {limit:g}"
    if high <= limit:
        return "quiet", f"predictions have moved by {figures}, within the limit of {limit:g}"
    return "undecided", f"predictions have moved by {figures}, which may lie on either side of the limit of {limit:g}"


def _moved(live: Counter[str], reference: Counter[str]) -> tuple[Moved, ...]:
    shares = [
        Moved(label=label, reference_share=reference[label] / reference.total(), live_share=live[label] / live.total())
        for label in sorted({*live, *reference})
    ]
    return tuple(sorted(shares, key=lambda one: -abs(one.live_share - one.reference_share))[:MOST_MOVED])
