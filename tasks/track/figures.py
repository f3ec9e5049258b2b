"""What stages hand over, as MLflow's metrics, parameters and tags. A slash in a metric's name groups it in MLflow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.mlflow import Point
from tasks.records import Advice, DatasetRef, Pilot, Report, SideBySide, TrainingPlan, Verdict

HISTORY = "report/history.json"
CURVES = {"train": "train", "training": "train", "validation": "validation"}


def metric_name(*parts: str) -> str:
    """A name that MLflow accepts: what is neither letter, digit nor one of `_-. ` becomes an underscore."""
    return "/".join(re.sub(r"[^\w\-. ]", "_", part, flags=re.ASCII) for part in parts)


def flat_params(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A nested config as `section.field` → text, the names that `--set` takes."""
    params: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            params |= flat_params(value, f"{prefix}{name}.")
        else:
            params[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return params


def row_points(dataset: DatasetRef) -> list[Point]:
    """Rows in, made, kept by split, merged, and set aside by reason; and the share in order by quality."""
    counts = {"in": dataset.rows_in, **dataset.rows, "merged": dataset.merged, "made": dataset.made}
    counts["quarantined"] = sum(dataset.quarantined.values())
    reasons = [Point(metric_name("quarantined", reason), count) for reason, count in dataset.quarantined.items()]
    qualities = [Point(metric_name("quality", name), value) for name, value in dataset.qualities.items()]
    return [Point(metric_name("rows", name), count) for name, count in counts.items()] + reasons + qualities


def advice_points(advice: Advice) -> list[Point]:
    """The accuracy that the learning curve expects, by multiples of the rows."""
    return [
        Point(metric_name("expected_accuracy", f"{times}_rows"), value.value)
        for times, value in advice.expected_accuracy.items()
    ]


def plan_points(plan: TrainingPlan) -> list[Point]:
    """What the training was foretold to take, under `plan`."""
    return [Point(metric_name("plan", name), value) for name, value in plan.figures.items()]


def pilot_points(pilot: Pilot) -> list[Point]:
    """The pilot's rows and the scores of the three under `pilot`, and its gains with their intervals."""
    points = [Point("pilot/rows", pilot.rows), Point("pilot/judged_rows", pilot.judged_rows)]
    points += [Point(metric_name("pilot", name), score.value) for name, score in pilot.scores.items()]
    for name, gain in pilot.gains.items():
        found = {"": gain.value, "_low": gain.low, "_high": gain.high}
        points += [
            Point(metric_name("pilot", f"gain_over_{name}{end}"), value)
            for end, value in found.items()
            if value is not None
        ]
    return points


def report_points(report: Report | SideBySide, group: str) -> list[Point]:
    """Each measurement under `group`, its interval under `group_interval`, accuracy by group of rows apart."""
    points = []
    for name, measured in report.metrics.items():
        kind, _, rows = name.partition(".")
        place = (f"{group}_{kind}_by_group", rows) if rows else (group, name)
        points.append(Point(metric_name(*place), measured.value))
        for end, value in (("low", measured.low), ("high", measured.high)):
            if value is not None:
                points.append(Point(metric_name(f"{group}_interval", f"{name.replace('.', '_')}_{end}"), value))
    return points


def gate_points(verdict: Verdict) -> list[Point]:
    """What each gate measured, and its limit."""
    measured = [
        Point(metric_name("gate", gate.name), gate.measured) for gate in verdict.gates if gate.measured is not None
    ]
    return measured + [Point(metric_name("gate_limit", gate.name), gate.limit) for gate in verdict.gates]


def verdict_tags(verdict: Verdict) -> dict[str, str]:
    """The verdict and each gate's state."""
    return {"verdict": verdict.state, **{f"gate.{gate.name}": gate.state for gate in verdict.gates}}


def verdict_digests(verdict: Verdict) -> dict[str, str]:
    """What the verdict is bound to, beside the candidate."""
    return {
        "digest.champion": verdict.champion_digest or "none",
        "digest.holdout": verdict.holdout_digest,
        "digest.gate_policy": verdict.policy_digest,
    }


def history_points(model_folder: Path) -> list[Point]:
    """The curves of a training by step: loss and learning rate, and loss and accuracy on the validation split."""
    path = model_folder / HISTORY
    if not path.is_file():
        return []
    return list(_curve_points(json.loads(path.read_text(encoding="utf-8"))))


def _curve_points(history: Mapping[str, Any]) -> Iterator[Point]:
    for curve, group in CURVES.items():
        for entry in history.get(curve, ()):
            for name, value in entry.items():
                if name != "step" and isinstance(value, int | float):
                    yield Point(metric_name(group, name), value, int(entry["step"]))
