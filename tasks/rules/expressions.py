"""A user's regular expressions, compiled, with an error that says where a wrong one stands."""

from __future__ import annotations

import re

from tasks.errors import UserInputError


def compiled(pattern: str, named: str, flags: int = 0) -> re.Pattern[str]:
    """The expression. `named` says whose it is, for messages. Raises UserInputError where it is none."""
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise UserInputError(f"the pattern {pattern!r} of {named} is no regular expression: {error}; mend it") from None
