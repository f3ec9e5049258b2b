"""The planning process: `python -m tasks.train.estimate.run RUN_DIR` writes RUN_DIR/estimate.json for RUN_DIR/run.json.

It is a process of its own because it loads the libraries of a training, measures what they take, and times real steps:
the flow's process stays small, the memory is given back, and what is measured is what a training will find. Where the
user must mend something, the message is in RUN_DIR/refused.txt and the exit code is 3.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tasks.errors import UserInputError

ESTIMATE, REFUSED = "estimate.json", "refused.txt"


def main() -> int:
    """Estimate; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tasks.train.estimate.run", description="Plan as run.json says.")
    parser.add_argument("run_dir", type=Path, metavar="RUN_DIR")
    folder: Path = parser.parse_args().run_dir
    try:
        from tasks.train.estimate.material import material_of
        from tasks.train.estimate.runtime import runtime_of

        material = material_of(folder)
        # Before what the estimate alone imports, which a training does without.
        runtime = runtime_of(material)
        from tasks.train.estimate.estimate import estimate

        found = estimate(material, runtime)
    except UserInputError as error:
        (folder / REFUSED).write_text(str(error), encoding="utf-8")
        return error.exit_code
    (folder / ESTIMATE).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
