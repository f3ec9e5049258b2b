"""Which keys stand beside one another, for slips of the keyboard."""

from __future__ import annotations

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEAR = ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, 0), (1, -1))
"""Rows down and keys to the right; each row stands half a key to the right of the one above it."""


def _neighbours() -> dict[str, str]:
    places = {(row, column): key for row, keys in enumerate(ROWS) for column, key in enumerate(keys)}
    return {
        key: "".join(places.get((row + down, column + right), "") for down, right in NEAR)
        for (row, column), key in places.items()
    }


NEIGHBOURS = _neighbours()
"""By each letter of a QWERTY keyboard, the letters beside it, above and below it."""
