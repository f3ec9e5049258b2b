"""Put the previous release of a model back.

python -m flows.rollback support-intents --why "wrong answers about refunds"
python -m flows.rollback support-intents --repair-alias
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import sys

from prefect import flow

from flows.command.arguments import Arguments
from flows.command.ending import Ending
from flows.command.terminal import run_flow
from tasks.records import Release
from tasks.release.task import follow_release_log, roll_back

BY_HAND = "asked for by a person"


@flow(name="rollback")
def rollback(model: str, why: str = BY_HAND, trusted: tuple[str, ...] = ()) -> Release:
    """Append an entry to the release log that puts the previous release's model back."""
    return roll_back(model, why, trusted)


@flow(name="repair-alias")
def repair_alias(model: str) -> str:
    """Set MLflow's alias again from the release log."""
    return follow_release_log(model)


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    with Ending() as ending:
        options = _parser().parse_args(arguments)
        if options.repair_alias:
            version = run_flow(repair_alias, {"model": options.model})
            _say(f"MLflow's alias of {options.model} is at version {version}, as the release log says.")
        else:
            entry = run_flow(
                rollback, {"model": options.model, "why": options.why, "trusted": tuple(options.trusted_key)}
            )
            _say(
                f"Rolled back: {entry.model} serves model {entry.model_digest[:12]} again "
                f"(entry {entry.number} of the release log, by {entry.by}: {entry.why})."
            )
    return ending.code


def _parser() -> Arguments:
    parser = Arguments(prog="python -m flows.rollback", description="Put the previous release back.")
    parser.add_argument("model", metavar="MODEL", help="name of the model, as in its YAML")
    parser.add_argument("--why", default=BY_HAND, help="the reason, for the release log")
    trusted = "put back only what this public key has signed the verdict of; may be given more than once"
    parser.add_argument("--trusted-key", action="append", default=[], metavar="KEY", help=trusted)
    repair = "only set MLflow's alias again, from the release log"
    parser.add_argument("--repair-alias", action="store_true", help=repair)
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
