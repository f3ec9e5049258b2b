"""A hub for datasets over real HTTP, as far as the tests need one."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """A hub of our own over HTTP: `answers` holds, by path, a status, the bytes of a file, or what becomes JSON."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                hub.asked.append(path)
                answer = hub.answers.get(path, 404)
                self.send_response(answer if isinstance(answer, int) else 200)
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                body = b"" if isinstance(answer, int) else body
                for name, value in {"etag": f'"{hashlib.sha256(body).hexdigest()}"', "x-repo-commit": COMMIT}.items():
                    self.send_header(name, value)
                self.send_header("x-error-code", "EntryNotFound" if "resolve" in path and answer == 404 else "")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 (the name is the standard library's)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
