"""Command lines whose mistakes are the user's input, and end with its exit code."""

from __future__ import annotations

import argparse
from typing import NoReturn

from tasks.errors import UserInputError


class Arguments(argparse.ArgumentParser):
    """A parser that raises UserInputError with the usage, where argparse would exit with code 2."""

    def error(self, message: str) -> NoReturn:
        """Raise the message and how the command is called."""
        raise UserInputError(f"{message}\n{self.format_usage().strip()}")
