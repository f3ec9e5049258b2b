"""The benchmark `gates`: how often the verdict errs, whether its measures are right, what they cost, what helps.

make bench NAME=gates ARGS="--home ~/.refit"
make bench NAME=gates ARGS="--only simulation references"

All parts that look at Banking77 look at one champion, which is trained first, or taken over from a Refit home. Robust
training trains two more models, which takes as long as all the rest together.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.gates import evaluation, references, robust_training, scaling, simulation
from tests.benchmarks.gates.champion import DATA, Champion, banking77_champion, console
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, write_report

OF_CHAMPION: dict[str, Callable[[Champion], list[Comparison]]] = {
    "references": references.measure,
    "scaling": lambda champion: [scaling.measure(champion)],
    "evaluation": lambda champion: [evaluation.measure(champion)],
}
OTHERS: dict[str, Callable[[], list[Comparison]]] = {
    "simulation": simulation.measure,
    "robust_training": robust_training.measure,
}


def measure(parts: list[str], home: Path | None, epochs: float) -> list[Comparison]:
    """The comparisons of the parts that are asked for, in the order that they are written here."""
    found = []
    if home is None and not DATA.is_dir():
        console.print(f"skipped, but for the simulation: Banking77 is not in {DATA}")
    elif set(parts) & set(OF_CHAMPION):
        with home_of_its_own():
            champion = banking77_champion(home, epochs=epochs)
            for name, part in OF_CHAMPION.items():
                found += part(champion) if name in parts else []
    for name, other in OTHERS.items():
        found += other() if name in parts else []
    return found


def main() -> None:
    """Measure and write `build/bench/gates.json`."""
    every = [*OF_CHAMPION, *OTHERS]
    parser = argparse.ArgumentParser(description="The verdict, its measures, their cost, and what helps a gate.")
    parser.add_argument("--home", type=Path, help="a Refit home whose release of banking77 is taken over")
    parser.add_argument("--epochs", type=float, default=5, help="of the champion that is trained where none is given")
    parser.add_argument("--only", nargs="+", choices=every, default=every, help="the parts that are measured")
    options = parser.parse_args()
    write_report("gates", measure(options.only, options.home, options.epochs))


if __name__ == "__main__":
    main()
