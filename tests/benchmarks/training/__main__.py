"""The benchmark `training`: against TRL, Trainer and SetFit; the recipe; few shots; DPO's cost; memory; kills.

make bench NAME=training
python -m tests.benchmarks.training --only dpo-cost memory
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from tests.benchmarks.report import Comparison, write_report
from tests.benchmarks.training import classifier, dpo_cost, estimate, few_shot, kill_sweep, recipe, sft

PARTS: dict[str, Callable[[], list[Comparison]]] = {
    # First, since its children are forked: from a process in which nothing has started threads.
    "kill-sweep": kill_sweep.measure,
    "sft": sft.measure,
    "classifier": partial(classifier.measure, seeds=[0, 1, 2, 3, 4]),
    "recipe": partial(recipe.measure, seeds=[0, 1, 2], epochs=2.0),
    "few-shot": partial(few_shot.measure, seeds=[0, 1, 2]),
    "dpo-cost": dpo_cost.measure,
    "memory": estimate.measure,
}


def main() -> None:
    """Measure the chosen parts, one after the other, and write `build/bench/training.json`."""
    parser = argparse.ArgumentParser(description="Training against its peers and its arithmetic.")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="the parts to measure")
    chosen = parser.parse_args().only
    write_report("training", [comparison for name in chosen for comparison in PARTS[name]()])


if __name__ == "__main__":
    main()
