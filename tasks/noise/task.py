"""The stage `noise`: how much trainings of one recipe differ by their seed alone, looked up and kept."""

from __future__ import annotations

from tasks.metrics.seed_noise import TrainerNoise
from tasks.records import Report
from tasks.stage import stage


def in_words(noise: TrainerNoise | None) -> str:
    """What is known, as one line."""
    if noise is None:
        return "not known yet"
    from statistics import stdev

    named = [name for name in ("mcc", "token_f1") if name in noise.scores]
    spread = ", ".join(f"{name} {100 * stdev(noise.scores[name]):.2f} points" for name in named)
    return f"standard deviation over {len(noise.seeds)} seeds: {spread}"


@stage(says=in_words, called="noise")
def known_noise(recipe: str) -> TrainerNoise | None:
    """What an earlier run found out about this recipe, by its digest; None where none did."""
    from tasks.noise.kept import find

    return find(recipe)


@stage(says=in_words, called="noise")
def keep_noise(recipe: str, seeds: tuple[int, ...], reports: tuple[Report, ...]) -> TrainerNoise:
    """Keep the scores of trainings with these seeds, each measured on the same holdout."""
    from tasks.noise.kept import remember

    return remember(recipe, seeds, reports)
