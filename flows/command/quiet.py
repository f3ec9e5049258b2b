"""Keep the terminal to ourselves: what libraries print goes to a log file, by settings, and the rest by descriptor."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
QUIET_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "DO_NOT_TRACK": "1",
}


def quiet_libraries() -> None:
    """Ask libraries that are imported from now on to print little and to call nobody; what the user set stays."""
    for name, value in QUIET_ENVIRONMENT.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def own_terminal(log: Path) -> Iterator[TextIO]:
    """Yield the real standard output for our own use; in the block all other output is appended to `log`.

    Works on file descriptors, so native code and child processes are quiet too; logging and warnings go there as well.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = {1: os.dup(1), 2: os.dup(2)}
    output = _stream(saved[1], sys.stdout.encoding)
    try:
        with log.open("a", encoding="utf-8", buffering=1) as file, _logging_to(file):
            for descriptor in saved:
                os.dup2(file.fileno(), descriptor)
            with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
                yield output
    finally:
        output.flush()
        for descriptor, original in saved.items():
            os.dup2(original, descriptor)
            os.close(original)


def _stream(descriptor: int, encoding: str) -> TextIO:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)


@contextlib.contextmanager
def _logging_to(file: TextIO) -> Iterator[None]:
    """Replace every handler that prints by one that writes to `file`."""
    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    replaced: list[tuple[logging.Logger, logging.Handler]] = []
    for name in ("", "prefect", "uvicorn", "fastapi", "prefect._internal"):
        logger = logging.getLogger(name)
        replaced += [(logger, old) for old in logger.handlers if isinstance(old, logging.StreamHandler)]
    for logger, printing in replaced:
        logger.removeHandler(printing)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            logging.captureWarnings(False)
            root.removeHandler(handler)
            for logger, printing in replaced:
                logger.addHandler(printing)
