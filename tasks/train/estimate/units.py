"""Large numbers for a person: 22.7 M parameters, 1.4 GB, 3 h 20 min."""

from __future__ import annotations

_STEPS = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def number_in_words(value: float) -> str:
    """A count with three digits, such as `22.7 M` (M for million, B for 10^9)."""
    for size, sign in _STEPS:
        if abs(value) >= size:
            return f"{value / size:.3g} {sign}" if value < 1000 * size else f"{value / size:,.0f} {sign}"
    return f"{value:.0f}"


def flops_in_words(value: float) -> str:
    """Floating-point operations with their unit, such as `4.20 PFLOP`."""
    for size, sign in ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G")):
        if value >= size:
            return f"{value / size:.3g} {sign}FLOP"
    return f"{value / 1e6:.3g} MFLOP"


def bytes_in_words(value: float) -> str:
    """Memory in decimal units, such as `1.41 GB`."""
    for size, sign in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if value >= size:
            return f"{value / size:.3g} {sign}"
    return f"{value / 1e3:.3g} kB"


def hours_in_words(hours: float) -> str:
    """A time, such as `40 s`, `12 min` or `3 h 20 min`."""
    seconds = hours * 3600
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1g} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    whole, rest = divmod(minutes, 60)
    if whole >= 48:
        return f"{whole / 24:.1f} days"
    return f"{whole} h {rest} min" if rest else f"{whole} h"
