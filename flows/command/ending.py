"""How a command ends when it does not end well: one message, an exit code, an outcome file, a traceback in a log."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType

from prefect.exceptions import TerminationSignal
from rich.text import Text

from flows.command.console import StageDisplay, open_console
from flows.command.outcome_file import OutcomeFile
from infra.prefect_server import ServerUnavailable
from tasks.errors import RefitError

FAULT, WRONG_INPUT, INTERRUPTED, TERMINATED = 1, 3, 130, 143


class Ending:
    """Context manager around a command: what leaves the block as an error becomes a message and the exit code `code`.

    The command fills in `outcome_file`, `model`, `log` and `display` as it comes to have them.
    """

    def __init__(self) -> None:
        self.code = 0
        self.outcome_file: OutcomeFile | None = None
        self.model: str | None = None
        self.log: Path | None = None
        self.display: StageDisplay | None = None

    def __enter__(self) -> Ending:
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if error is None:
            return False
        if _was_interrupted(error):
            self._stopped(INTERRUPTED)
        elif isinstance(error, TerminationSignal):
            self._stopped(TERMINATED)
        elif isinstance(error, RefitError):
            self._failed(error, error.exit_code, str(error))
        elif isinstance(error, ServerUnavailable):
            self._failed(error, FAULT, str(error))
        elif isinstance(error, Exception):
            self._keep_traceback(error)
            first = next(iter(str(error).splitlines()), "") or "no message"
            self._failed(error, FAULT, f"{type(error).__name__}: {first}\nThe full traceback is in {self.log}")
        else:
            return False
        return True

    @property
    def _stage(self) -> str | None:
        return self.display.running if self.display else None

    def _stopped(self, code: int) -> None:
        during = f" during {self._stage.replace('_', ' ')}" if self._stage else ""
        # The release log is written in one step inside this stage, and an interrupt may fall on either side of it.
        may_be_released = self.display is not None and {"release", "roll_back"} & {*self.display.results, self._stage}
        released = "The release may have been made: the log tells" if may_be_released else "Nothing was released"
        message = f"Stopped{during}. {released}; run again to go on from here."
        self._end(code, "interrupted", "Interrupted", message, Text(message, "yellow"))

    def _failed(self, error: BaseException, code: int, message: str) -> None:
        what = "Wrong input" if code == WRONG_INPUT else "Failed"
        where = f" in {self._stage.replace('_', ' ')}" if self._stage else ""
        shown = Text.assemble((f"{what}{where}: ", "bold red"), message)
        self._end(code, "failed", type(error).__name__, message, shown)

    def _end(self, code: int, state: str, kind: str, message: str, shown: Text) -> None:
        self.code = code
        open_console(sys.stderr).print(shown, soft_wrap=True)
        if self.outcome_file is not None:
            self.outcome_file.write_failure(state, kind=kind, message=message, model=self.model, stage=self._stage)

    def _keep_traceback(self, error: Exception) -> None:
        if self.log is None:
            self.log = Path("refit-error.log").resolve()
        with self.log.open("a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)))


def _was_interrupted(error: BaseException) -> bool:
    """Whether it all began with Ctrl-C, which Prefect's engine may answer with an error of its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
