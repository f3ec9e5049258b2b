"""Release a candidate although its verdict did not pass: a person's decision, by name and with a reason.

python -m flows.override deployments/support-intents.yaml --candidate 3f… --verdict file:///…/verdicts/9a… \\
    --by "Ann Smith" --reason "the failed gate measured last year's labels; see ticket 812"

It stays in the release log and on the model's card. A candidate without a verdict cannot be released. Exit codes: 0
released, 3 wrong input, 1 refused or a fault.
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import sys
from pathlib import Path

from prefect import flow

from flows.command.arguments import Arguments
from flows.command.ending import Ending
from flows.command.terminal import run_flow
from flows.config import load_config
from tasks.gate.signing_config import SigningConfig
from tasks.records import AskedOverride, Release
from tasks.release.task import release_anyway


@flow(name="override")
def override(model: str, asked: AskedOverride, signing: SigningConfig) -> Release:
    """Append an entry to the release log that releases a candidate against its verdict."""
    return release_anyway(model, asked, signing.private_key, signing.trusted)


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    with Ending() as ending:
        options = _parser().parse_args(arguments)
        config = load_config(options.config)
        asked = AskedOverride(
            candidate=options.candidate, verdict_uri=options.verdict, by=options.by, why=options.reason
        )
        entry = run_flow(override, {"model": config.model, "asked": asked, "signing": config.signing})
        _say(
            f"Released against its verdict ({entry.override.verdict_state}): {entry.model} {entry.number} is model "
            f"{entry.model_digest[:12]}, by {entry.by}: {entry.why}"
        )
        _say(f'To undo it: python -m flows.rollback {entry.model} --why "…"')
    return ending.code


def _parser() -> Arguments:
    parser = Arguments(prog="python -m flows.override", description="Release a candidate against its verdict.")
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the model's YAML, such as deployments/x.yaml")
    parser.add_argument("--candidate", required=True, help="digest or URI of the model")
    parser.add_argument("--verdict", required=True, metavar="URI", help="URI or digest of the verdict about it")
    parser.add_argument("--by", required=True, metavar="NAME", help="who decides this")
    parser.add_argument("--reason", required=True, help="why, so that others understand it later")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
