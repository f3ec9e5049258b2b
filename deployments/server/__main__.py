"""Serve the newest release of a model over HTTP, and each later one as soon as it is released.

python -m deployments.server support-intents --port 8080
curl -s localhost:8080/predict -H 'content-type: application/json' -d '{"texts": ["where is my parcel?"]}'

Every answer is logged below REFIT_HOME/traffic/MODEL, in files that only this user can read, without the text unless
`--keep-texts` is given; then personal data that is found in it is masked before it is written, unless `--raw-texts` is
given too. With `--feedback-token-secret NAME` people can say what was right, and `kind: traffic` retrains on it:

TOKEN=… python -m deployments.server support-intents --keep-texts --feedback-token-secret TOKEN
curl -s localhost:8080/feedback -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
     -d '{"request_id": "…", "position": 0, "label": "track_parcel", "by": "ann"}'

Answers and feedback are removed after `--keep-days` days, 90 by default: when the server starts, and daily.
"""

from __future__ import annotations

import argparse
import logging
import re
import socket
import sys
from contextlib import ExitStack, suppress

import uvicorn

from deployments.server.app import ModelServer, create_app
from deployments.server.feedback import feedback_gate
from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import loader
from tasks.errors import RefitError, UserInputError
from tasks.signatures import key_bytes
from tasks.store import store
from tasks.traffic.writer import TrafficWriter

log = logging.getLogger(__name__)
GRACE_SECONDS = 30
BACKLOG = 2048
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def main(arguments: list[str]) -> int:
    """Serve until told to stop; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s")
    try:
        with _listen(options.host, options.port) as listener:
            _serve(options, listener)
    except RefitError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _serve(options: argparse.Namespace, listener: socket.socket) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", options.model):
        raise UserInputError(f"{options.model!r} is no name of a model: small letters, digits and hyphens are allowed")
    if options.raw_texts and not options.keep_texts:
        raise UserInputError("--raw-texts says how texts are kept: give --keep-texts with it, or neither")
    if options.keep_days < 1:
        raise UserInputError(f"--keep-days is {options.keep_days}: 1 or more days are allowed")
    if unreadable := [key for key in options.trusted_key if key_bytes(key) is None]:
        raise UserInputError(
            f"--trusted-key {unreadable[0]!r} is no public key: python -m flows.signing_key prints one"
        )
    store()  # a wrong REFIT_STORE is the caller's to mend; a store that is away for a while is not
    limits = Limits(texts=options.max_texts, characters=options.max_characters)
    server = ModelServer(
        follower=Follower(options.model, loader(limits, options.threads, options.trusted_key)),
        traffic=TrafficWriter(options.model, mask_texts=not options.raw_texts),
        limits=limits,
        poll_seconds=options.poll_seconds,
        keep_texts=options.keep_texts,
        gate=feedback_gate(options.feedback_token_secret),
        keep_days=options.keep_days,
    )
    if options.host not in LOOPBACK:
        log.warning("%s can be reached from other machines, and asks nobody who they are to predict", options.host)
    host, port = listener.getsockname()[:2]
    log.info("%s is served at http://%s:%d", options.model, f"[{host}]" if ":" in host else host, port)
    config = uvicorn.Config(
        create_app(server), log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listener])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, bound before anything is loaded. Raises UserInputError where it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as on_error:
            # With the protocol named, asyncio switches Nagle's delay off, which holds answers back by 40 ms.
            listener = on_error.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            on_error.pop_all()
            return listener
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserInputError(f"cannot listen on {host}, port {port} ({reason}): choose another with --port") from None
    except OverflowError:
        raise UserInputError(f"there is no port {port}: 0 to 65535 are allowed, and 0 takes a free one") from None


def _parser() -> argparse.ArgumentParser:
    limits = Limits()
    parser = argparse.ArgumentParser(prog="python -m deployments.server", description="Serve a model over HTTP.")
    parser.add_argument("model", metavar="MODEL", help="name of the model, as in its YAML")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on, 0 for a free one (%(default)s)")
    parser.add_argument(
        "--poll-seconds", type=float, default=3.0, help="how often the release log is looked at (%(default)s)"
    )
    parser.add_argument("--threads", type=int, default=0, help="threads a batch, 0 for one a core (%(default)s)")
    parser.add_argument(
        "--trusted-key",
        action="append",
        default=[],
        metavar="KEY",
        help="public key (base64) that must have signed the verdict of what is served; may be given more than once",
    )
    parser.add_argument("--max-texts", type=int, default=limits.texts, help="texts a request (%(default)s)")
    parser.add_argument("--max-characters", type=int, default=limits.characters, help="characters a text (%(default)s)")
    _add_log_options(parser)
    return parser


def _add_log_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-texts", action="store_true", help="keep the texts in the request log, personal data masked"
    )
    parser.add_argument("--raw-texts", action="store_true", help="keep them as they came, personal data included")
    parser.add_argument(
        "--keep-days", type=int, default=90, help="days after which answers and feedback are removed (%(default)s)"
    )
    parser.add_argument(
        "--feedback-token-secret", metavar="NAME", help="take feedback from who sends the token in this secret"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
