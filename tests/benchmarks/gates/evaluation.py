"""The benchmark `evaluation`: our whole stage `evaluate` against separate tools for the same figures, one by one.

Same model, same rows, same numbers of resamples and requests; ours is one process, the tools are a process each, and
both times are whole processes with their imports. What no separate tool does is off on our side: robustness (textattack
does not build), drift, people, side effects. Fairness is for one positive label, which is what fairlearn compares;
parity is of as many rows, which ours takes from those that the training kept its answers to.
Ours does more that cannot be switched off: selective accuracy, the unbiased calibration error, digests of the files.

python -m tests.benchmarks.gates.evaluation [--home HOME] [--epochs 5] [--rounds 1]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from infra.settings import settings
from tasks.datasets.folder import read_split
from tasks.evaluate.config import EvaluationConfig
from tasks.models.info import ModelInfo
from tasks.records import DatasetRef, ModelRef
from tasks.store import fetch
from tests.benchmarks.gates.champion import ROOT, Champion, banking77_champion, console
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

STEPS = ("predict", "quality", "calibration", "latency", "load", "fairness", "parity")
SMALLEST_GROUP = 5
Run = tuple[float, dict[str, float]]


def measure(champion: Champion, rounds: int = 1) -> Comparison:
    """Medians over rounds, in an order that turns round; unmeasured before it, each tool's files come to the cache."""
    folder = settings().home_path / "evaluation"
    folder.mkdir(parents=True)
    path = folder / "task.json"
    path.write_text(json.dumps(_task(champion, folder)), encoding="utf-8")
    ours: list[Run] = []
    theirs: list[dict[str, Run]] = []
    for number in range(rounds):
        for is_ours in (True, False) if number % 2 == 0 else (False, True):
            if is_ours:
                ours.append(_run("tests.benchmarks.gates.evaluation", "--ours", str(path)))
            else:
                theirs.append(
                    {step: _run("tests.benchmarks.gates.evaluation_peers", step, str(path)) for step in STEPS}
                )
        sums = ours[-1][0], sum(seconds for seconds, _ in theirs[-1].values())
        console.print(f"round {number + 1} of {rounds}: ours {sums[0]:.1f} s, separate tools {sums[1]:.1f} s")
    return judged(ours, theirs, champion.dataset.rows["holdout"])


def judged(ours: list[Run], theirs: list[dict[str, Run]], rows: int) -> Comparison:
    """The comparison of the median times, with what both found."""
    found = {name: value for _, figures in theirs[-1].values() for name, value in figures.items()}
    same = {name: [value, found[name]] for name, value in ours[-1][1].items() if name in found}
    quality = {
        "holdout rows": rows,
        "rounds": len(ours),
        "seconds of each tool": {step: statistics.median(run[step][0] for run in theirs) for step in STEPS},
        "ratio without fairlearn, whose bootstrap is slow": _ratio_without("fairness", ours, theirs),
        "seconds, ours": [seconds for seconds, _ in ours],
        "ours and theirs": same,
        "only ours": sorted(set(ours[-1][1]) - set(found)),
    }
    return compare(
        "evaluation",
        "separate tools",
        ours=statistics.median(seconds for seconds, _ in ours),
        theirs=statistics.median(sum(seconds for seconds, _ in run.values()) for run in theirs),
        unit="s",
        quality=quality,
    )


def _ratio_without(step: str, ours: list[Run], theirs: list[dict[str, Run]]) -> float:
    """The ratio where a tool took no time at all, while our side still does its work."""
    others = [sum(seconds for name, (seconds, _) in run.items() if name != step) for run in theirs]
    return statistics.median(others) / statistics.median(seconds for seconds, _ in ours)


def evaluation_config(positive_label: str) -> EvaluationConfig:
    """What both sides measure."""
    fairness = {"positive_label": positive_label, "smallest_group": SMALLEST_GROUP}
    off = dict.fromkeys(("side_effects", "people", "robustness", "drift", "energy"))
    return EvaluationConfig.model_validate({**off, "fairness": fairness})


def _task(champion: Champion, folder: Path) -> dict[str, Any]:
    """All that both sides need to know, in JSON."""
    rows = read_split(champion.dataset, "holdout")
    # The label whose rows are most evenly of both groups, so that fairness is of as many rows as there are.
    positive = rows.groupby(["label", "group"]).size().unstack(fill_value=0).min(axis=1).idxmax()
    config, info = evaluation_config(str(positive)), ModelInfo.read(champion.folder)
    if config.load is None or config.parity is None:
        raise ValueError("load and parity are measured by both sides")
    (folder / "out").mkdir()
    return {
        "model": str(champion.folder),
        "holdout": str(fetch(champion.dataset) / "holdout.parquet"),
        "out": str(folder / "out"),
        "labels": list(info.labels),
        "temperature": info.temperature,
        "positive_label": str(positive),
        "samples": config.bootstrap_samples,
        "requests": config.latency_requests,
        "parity_rows": config.parity.rows,
        **config.load.model_dump(include={"cold_starts", "tokens", "concurrencies"}),
        "load_requests": config.load.requests,
        "model_ref": champion.model.model_dump(mode="json"),
        "dataset_ref": champion.dataset.model_dump(mode="json"),
    }


def _run(module: str, *arguments: str) -> Run:
    """Seconds of a whole process, and the figures in the last line that it printed."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"{module} {arguments[0]} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return seconds, json.loads(done.stdout.splitlines()[-1])


def run_ours(path: Path) -> None:
    """The stage `evaluate` as it is; prints its figures as JSON."""
    from tasks.evaluate.task import evaluate

    task = json.loads(path.read_text(encoding="utf-8"))
    model, dataset = ModelRef.model_validate(task["model_ref"]), DatasetRef.model_validate(task["dataset_ref"])
    report = evaluate.fn(model, dataset, evaluation_config(task["positive_label"]))  # type: ignore[attr-defined]
    print(json.dumps({name: value.value for name, value in report.metrics.items()}))  # noqa: T201 - for the parent


def main() -> None:
    """Measure and write `build/bench/gates-evaluation.json`."""
    parser = argparse.ArgumentParser(description="The whole evaluation against separate tools.")
    parser.add_argument("--home", type=Path, help="a Refit home whose release of banking77 is taken over")
    parser.add_argument("--epochs", type=float, default=5, help="of the champion that is trained where none is given")
    parser.add_argument("--rounds", type=int, default=1, help="how often each is measured")
    parser.add_argument("--ours", type=Path, metavar="TASK.json", help="run our side alone, as the benchmark does")
    options = parser.parse_args()
    if options.ours:
        run_ours(options.ours)
        return
    with home_of_its_own():
        champion = banking77_champion(options.home, epochs=options.epochs)
        write_report("gates-evaluation", [measure(champion, options.rounds)])


if __name__ == "__main__":
    main()
