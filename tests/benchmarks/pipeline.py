"""The benchmark `pipeline`: the whole flow against the same training as a plain script, both as whole processes.

Each round runs both, the flow in a home of its own, in an order that turns round; figures are medians over rounds. One
unmeasured run of the flow comes first: its curated rows are what the script trains on, so both see the same rows.

Start-up, reported apart, is the flow's time before its first stage and after its last line (imports, the local Prefect
server's start and stop). Overhead is what remains beyond the work both do: (ours - start-up - theirs) / theirs.

python -m tests.benchmarks.pipeline [CONFIG] [--rounds 2] [--set training.epochs=1]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from flows.config import DeploymentConfig, load_config
from tasks.models.bundled import resolve_base_model
from tests.benchmarks.report import Comparison, compare, write_report

ROOT = Path(__file__).resolve().parent.parent.parent
DONE_MARK = "✓"
SAME_WORK = ["curation.max_embedded_rows=0", "advice.learning_curve=false"]
"""Rooms that embed the rows to judge them are off: the script trains on the rows as they come out, and judges none."""
NOT_RELEASED = 2

console = Console(highlight=False)


@dataclass(frozen=True)
class FlowRun:
    """One whole process of the flow. All times are in seconds."""

    seconds: float
    startup: float
    outcome: dict[str, Any]
    home: Path


@dataclass(frozen=True)
class ScriptRun:
    """One whole process of the plain script."""

    seconds: float
    result: dict[str, Any]


def run_flow(config: Path, changes: list[str], folder: Path) -> FlowRun:
    """Run `python -m flows.retrain` in a fresh home. Raises RuntimeError if it ends with a fault."""
    home, outcome_file = folder / "home", folder / "outcome.json"
    settings = ["--set", *changes] if changes else []
    command = [sys.executable, "-m", "flows.retrain", str(config), *settings, "--outcome", str(outcome_file)]
    environment = {**_environment(), "REFIT_HOME": str(home)}
    begun = time.perf_counter()
    first_done = last_line = None
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last_line = time.perf_counter()
            lines.append(line)
            if first_done is None and line.startswith(DONE_MARK):
                first_done = last_line
    seconds = time.perf_counter() - begun
    if process.returncode not in {0, NOT_RELEASED} or first_done is None or last_line is None:
        raise RuntimeError(f"the flow ended with {process.returncode}:\n{''.join(lines)}")
    outcome = json.loads(outcome_file.read_text(encoding="utf-8"))
    first_stage = next(iter(outcome["seconds"].values()))
    startup = (first_done - begun - first_stage) + (begun + seconds - last_line)
    return FlowRun(seconds, startup, outcome, home)


def run_script(dataset: Path, config: DeploymentConfig, folder: Path) -> ScriptRun:
    """Run the plain script on the rows in `dataset`. Raises RuntimeError if it fails."""
    folder.mkdir(parents=True)
    training = config.training.model_dump(mode="json")
    training["base_model"] = resolve_base_model(config.training.base_model)
    settings = {"training": training, "evaluation": config.evaluation.model_dump(mode="json")}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    arguments = [str(dataset), str(folder / "out"), str(folder / "settings.json")]
    command = [sys.executable, "-m", "tests.benchmarks.plain_script", *arguments]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"the plain script ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return ScriptRun(seconds, json.loads((folder / "out" / "result.json").read_text(encoding="utf-8")))


def measure(config_path: Path, changes: list[str], rounds: int, work: Path) -> Comparison:
    """Run both in turn, `rounds` times, and compare."""
    changes = [*SAME_WORK, *changes]
    config = load_config(config_path, changes)
    if config.training.technique.kind != "full":
        raise ValueError("the plain script trains every parameter: choose training.technique={kind: full}")
    console.print("the flow once, unmeasured, for the rows that both train on …")
    warm = run_flow(config_path, changes, work / "warm")
    dataset = _dataset_folder(warm)
    flows: list[FlowRun] = []
    scripts: list[ScriptRun] = []
    for number in range(rounds):
        for ours in (True, False) if number % 2 == 0 else (False, True):
            if ours:
                flows.append(run_flow(config_path, changes, work / f"flow-{number}"))
                run = f"flow {flows[-1].seconds:.1f} s, of which start-up {flows[-1].startup:.1f} s"
            else:
                scripts.append(run_script(dataset, config, work / f"script-{number}"))
                run = f"script {scripts[-1].seconds:.1f} s"
            console.print(f"round {number + 1} of {rounds}: {run}")
    return judge(flows, scripts)


def judge(flows: list[FlowRun], scripts: list[ScriptRun]) -> Comparison:
    """The comparison of the runs' medians."""
    ours = statistics.median(run.seconds for run in flows)
    theirs = statistics.median(run.seconds for run in scripts)
    startup = statistics.median(run.startup for run in flows)
    quality = {
        "accuracy_ours": [_value(run.outcome["metrics"]["accuracy"]) for run in flows],
        "accuracy_theirs": [run.result["scores"]["accuracy"]["value"] for run in scripts],
        "mcc_ours": [_value(run.outcome["metrics"]["mcc"]) for run in flows],
        "mcc_theirs": [run.result["scores"]["mcc"]["value"] for run in scripts],
        "startup_seconds": startup,
        "overhead_share": (ours - startup - theirs) / theirs,
        "overhead_is": "(ours - startup_seconds - theirs) / theirs, of medians",
        "seconds_ours": [run.seconds for run in flows],
        "seconds_theirs": [run.seconds for run in scripts],
        "stages_ours": _medians([run.outcome["seconds"] for run in flows]),
        "steps_theirs": _medians([run.result["seconds"] for run in scripts]),
        "rounds": len(flows),
    }
    return compare("pipeline", "plain script", ours=ours, theirs=theirs, unit="s", quality=quality)


def main() -> None:
    """Measure and write `build/bench/pipeline.json`."""
    parser = argparse.ArgumentParser(description="The whole flow against the same training as a plain script.")
    parser.add_argument("config", type=Path, nargs="?", default=ROOT / "deployments" / "support-intents.yaml")
    parser.add_argument("--rounds", type=int, default=2, help="how often each is measured")
    parser.add_argument("--set", dest="changes", nargs="+", action="extend", default=[], metavar="SECTION.FIELD=VALUE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="refit-bench-") as work:
        comparison = measure(options.config, options.changes, options.rounds, Path(work))
    write_report("pipeline", [comparison], ROOT / "build" / "bench")


def _environment() -> dict[str, str]:
    """This environment without what would send the flow to another store, server or home."""
    ours = ("REFIT_", "PREFECT_", "MLFLOW_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _dataset_folder(run: FlowRun) -> Path:
    return run.home / "store" / "datasets" / str(run.outcome["dataset_digest"])


def _value(measurement: Any) -> float:
    return float(measurement["value"] if isinstance(measurement, dict) else measurement)


def _medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs if name in run) for name in runs[0]}


if __name__ == "__main__":
    main()
