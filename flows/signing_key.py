"""Make a key pair for signing verdicts.

python -m flows.signing_key                    the private key goes to .refit/signing.key, which only you can read
python -m flows.signing_key /safe/place.key
python -m flows.signing_key --print            it goes to the terminal, for a password safe, and to no file
"""

from __future__ import annotations

import flows.command.early  # noqa: F401  # Ctrl-C while libraries load ends quietly

# isort: split

import os
import sys
from pathlib import Path

from flows.command.arguments import Arguments
from flows.command.ending import Ending
from infra.settings import settings
from tasks.errors import StorageError, UserInputError
from tasks.signatures import fingerprint, new_key_pair

SECRET = "REFIT_SIGNING_KEY"  # noqa: S105  # the name of a secret


def write_private(path: Path, private_key: str) -> None:
    """Write the key to a new file that only its owner can read. Raises UserInputError where there is one already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserInputError(f"{path} is there already, and a key is never written over: name another file") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror}): name another file") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{private_key}\n")


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    with Ending() as ending:
        options = _parser().parse_args(arguments)
        private, public = new_key_pair()
        if options.print:
            _say(f"private key   {private}")
        else:
            path = options.path or settings().home_path / "signing.key"
            write_private(path, private)
            _say(f"private key   in {path}; keep it out of version control")
        _say(f"public key    {public}")
        _say(f"fingerprint   {fingerprint(public)}")
        _say(
            f'\nSet it where runs are made, export {SECRET}="$(cat {"…" if options.print else path})", and in the YAML:'
        )
        _say(f'signing:\n  private_key: {SECRET}\n  trusted: ["{public}"]')
    return ending.code


def _parser() -> Arguments:
    parser = Arguments(prog="python -m flows.signing_key", description="Make a key pair for signing verdicts.")
    parser.add_argument("path", type=Path, nargs="?", help="file for the private key (signing.key in the home)")
    parser.add_argument("--print", action="store_true", help="print the private key, and write no file")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
