"""How every file of the malformed corpus ends, and the memory that it takes, beside `pandas.read_*` as it comes.

Each file is read in a process of its own under the same limit of memory and time. A file with lines to read is
accounted for when as many rows and malformed lines come out as lines went in; one that should be refused, when an
ordinary error says so. pandas gets the benefit of the doubt: any exception counts as a refusal, a missing column or a
frame without rows too.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd

from infra.settings import settings
from tasks.acquire.config import DataConfig, FileSource
from tasks.acquire.dataset import acquire_dataset
from tasks.errors import UserInputError
from tests.benchmarks.report import Comparison, compare, write_report
from tests.tasks.acquire.formats.malformed_files import CORPUS, MalformedFile

MOST_BYTES = 4 << 30
MOST_SECONDS = 60.0


@dataclass(frozen=True)
class Ending:
    """How one file ended under one reader."""

    accounted: bool
    words: str
    peak_megabytes: float
    """Resident memory above what the process had when it began."""


def measure(files: tuple[MalformedFile, ...] = CORPUS) -> list[Comparison]:
    """Read every file with both, alternating."""
    ours: dict[str, Ending] = {}
    theirs: dict[str, Ending] = {}
    for file in files:
        ours[file.name], theirs[file.name] = _ending(file, "refit"), _ending(file, "pandas")
    return [
        compare(
            "malformed-files",
            "pandas.read_*",
            ours=sum(ending.accounted for ending in ours.values()),
            theirs=max(sum(ending.accounted for ending in theirs.values()), 1),
            unit="files accounted for",
            less_is_better=False,
            quality={
                "files": len(files),
                "refit": _summed(ours),
                "pandas": _summed(theirs),
                "not accounted for by refit": [name for name, ending in ours.items() if not ending.accounted],
                "not accounted for by pandas": [
                    f"{name}: {ending.words}" for name, ending in theirs.items() if not ending.accounted
                ],
                "ends of all files": {name: f"{end.words} ({end.peak_megabytes:.0f} MB)" for name, end in ours.items()},
            },
        ),
        compare(
            "malformed-files-memory",
            "pandas.read_*",
            ours=max(ending.peak_megabytes for ending in ours.values()),
            theirs=max(ending.peak_megabytes for ending in theirs.values()),
            unit="MB at most",
            quality={"limit_megabytes": MOST_BYTES / 1e6, "refit": _largest(ours), "pandas": _largest(theirs)},
        ),
    ]


def _summed(endings: dict[str, Ending]) -> dict[str, int]:
    return dict(Counter(ending.words.split(":")[0] for ending in endings.values()).most_common())


def _largest(endings: dict[str, Ending]) -> str:
    name = max(endings, key=lambda one: endings[one].peak_megabytes)
    return f"{name}: {endings[name].words}"


def _ending(file: MalformedFile, reader: str) -> Ending:
    context = multiprocessing.get_context("fork")  # the child has pandas and Arrow loaded, and a memory of its own
    mine, childs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file.name
        path.write_bytes(file.build())
        child = context.Process(target=_read, args=(file, path, reader, childs))
        child.start()
        childs.close()
        try:
            ending: Ending = mine.recv() if mine.poll(MOST_SECONDS) else Ending(False, "no end in time", 0.0)
        except EOFError:
            ending = Ending(False, "killed", MOST_BYTES / 1e6)
        child.kill()
        child.join()
    return ending


def _read(file: MalformedFile, path: Path, reader: str, answer: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    os.environ["REFIT_HOME"] = str(path.parent / "home")
    settings.cache_clear()
    before = _peak_megabytes()
    accounted, words = (_by_refit if reader == "refit" else _by_pandas)(file, path)
    answer.send(Ending(accounted, words, _peak_megabytes() - before))


def _by_refit(file: MalformedFile, path: Path) -> tuple[bool, str]:
    config = DataConfig(task=file.task, train=FileSource(path=str(path)), max_malformed_share=1)
    try:
        dataset = acquire_dataset(config)
    except UserInputError as error:
        return file.refused is not None, f"refused: {str(error).split(') ', 1)[-1][:60]}"
    except Exception as error:  # noqa: BLE001 - whatever else comes out is what this benchmark is about
        return False, f"{type(error).__name__}: {error}"
    return (
        dataset.rows_in == file.lines,
        f"read: {dataset.rows['train']} rows, {sum(dataset.quarantined.values())} aside",
    )


def _by_pandas(file: MalformedFile, path: Path) -> tuple[bool, str]:
    try:
        frame = _frame(path)
        rows = len(frame[["messages"] if file.task == "chat" else ["text", "label"]])
    except MemoryError:
        return False, "out of memory"
    except Exception as error:  # noqa: BLE001 - pandas has no one family of errors for bad files
        return file.refused is not None, f"refused: {type(error).__name__}"
    if file.refused is not None:
        return rows == 0, f"read: {rows} rows, to be refused"
    return rows == file.lines, f"read: {rows} rows of {file.lines} lines"


def _frame(path: Path) -> pd.DataFrame:
    kind = next(suffix for suffix in reversed(path.suffixes) if suffix in {".csv", ".jsonl", ".parquet"})
    if kind == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path) if kind == ".csv" else pd.read_json(path, lines=True)


def _peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    """Print the comparison and write it."""
    write_report("curation-malformed", measure())


if __name__ == "__main__":
    main()
