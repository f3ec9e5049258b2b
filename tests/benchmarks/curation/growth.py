"""The benchmark `pipeline`: acquire, validate and curate over more and more rows, each size in a process of its own.

The rows are generated: 200 characters of random words, 20 labels, and in every hundred two exact repeats, two near
repeats and two rows with personal data. What looks at meaning (embeddings) is off: at such sizes it sees a sample of
a fixed size. The growth is linear where a thousand rows take as long at the largest size as at the smallest.

python -m tests.benchmarks.curation.growth [--rows 10000 100000 1000000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.report import Comparison, compare, write_report

ROOT = Path(__file__).resolve().parents[3]
SIZES = (10_000, 100_000, 1_000_000)
CHARACTERS, WORDS, LABELS = 200, 4_000, 20


def generated(count: int, seed: int = 5) -> pd.DataFrame:
    """`count` rows with `text` and `label`."""
    random = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(random.choice(letters, random.integers(3, 10))) for _ in range(WORDS)])
    texts = [" ".join(row)[:CHARACTERS] for row in words[random.integers(0, WORDS, (count, CHARACTERS // 6))]]
    for place in range(0, count - 100, 100):
        texts[place + 10], texts[place + 11] = texts[place], texts[place + 1]
        texts[place + 12], texts[place + 13] = f"{texts[place + 2]} too", f"also {texts[place + 3]}"
        texts[place + 14] += f" write to user{place}@example.com"
        texts[place + 15] += f" or call +44 7700 9{place % 100_000:05d}"
    labels = random.integers(0, LABELS, count)
    for place in range(0, count - 100, 100):
        labels[place + 10 : place + 14] = labels[place : place + 4]
    return pd.DataFrame({"text": texts, "label": [f"label {number:02d}" for number in labels]})


def run_once(path: Path) -> dict[str, Any]:
    """Acquire, validate and curate the file in this process; seconds by stage, rows, and peak memory in MiB."""
    from flows.config import RetrainConfig
    from tasks.acquire.dataset import acquire_dataset
    from tasks.curate.curated import curate_dataset
    from tasks.label.answers import keep_answers
    from tasks.validate.checked import check_dataset

    curation = {"max_embedded_rows": 0}
    source = {"kind": "file", "path": str(path)}
    config = RetrainConfig.model_validate({"model": "growth", "data": {"train": source}, "curation": curation})
    times = [time.perf_counter()]
    raw = acquire_dataset(config.data)
    times.append(time.perf_counter())
    checked = check_dataset(raw, config.validation)
    times.append(time.perf_counter())
    dataset = curate_dataset(checked, keep_answers([]), config.curation)
    times.append(time.perf_counter())
    stages = dict(zip(("acquire", "validate", "curate"), np.diff(times).tolist(), strict=True))
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    kept = {
        "kept": sum(dataset.rows.values()),
        "merged": dataset.merged,
        "set_aside": sum(dataset.quarantined.values()),
    }
    return {"seconds": stages, "peak_mebibytes": int(peak) // 1024, **kept}


def measure(sizes: tuple[int, ...] = SIZES) -> list[Comparison]:
    """Run every size, and compare the seconds for a thousand rows at each with those at the smallest."""
    found = {}
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="refit-bench-") as folder:
            path = Path(folder) / "rows.csv"
            generated(count).to_csv(path, index=False)
            command = [sys.executable, "-m", "tests.benchmarks.curation.growth", "--run", str(path)]
            environment = {**os.environ, "REFIT_HOME": str(Path(folder) / "home")}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{count:,} rows: the run ended with {done.returncode}:\n{done.stderr}")
            found[count] = json.loads(done.stdout.splitlines()[-1])
    seconds = {count: 1000 * sum(one["seconds"].values()) / count for count, one in found.items()}
    smallest = min(sizes)
    return [
        compare(
            "pipeline",
            f"itself at {smallest:,} rows",
            ours=seconds[count],
            theirs=seconds[smallest],
            unit="s a thousand rows",
            quality={"rows": count, "rows_a_second": 1000 / seconds[count], **found[count]},
        )
        for count in sizes
    ]


def main() -> None:
    """Measure, or with `--run FILE` be one of the measured processes."""
    parser = argparse.ArgumentParser(description="Acquire, validate and curate over more and more rows.")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    if options.run:
        sys.stdout.write(json.dumps(run_once(options.run)) + "\n")
    else:
        write_report("curation-growth", measure(tuple(options.rows)))


if __name__ == "__main__":
    main()
