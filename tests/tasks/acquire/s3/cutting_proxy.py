"""A TCP proxy in front of a real server that breaks connections in the middle of an answer, as networks do."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Rule = Callable[[bytes], int | bytes | None]
"""From a request's head to how many bytes of the answer pass before the connection breaks, null for all; or to an
answer given in the server's place."""


class CuttingProxy:
    """Passes bytes between clients and the server at `host:port`. `heads` are the requests that came."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.rule: Rule = lambda _head: None
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:{1}".format(*self.listener.getsockname())

    def ranges(self) -> list[tuple[int, int]]:
        """The ranges that were asked for: first byte and last."""
        found = (re.search(rb"(?i)\r\nrange: bytes=(\d+)-(\d+)", head) for head in self.heads)
        return [(int(match[1]), int(match[2])) for match in found if match]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        server = socket.create_connection(self.upstream)
        passing: list[int | None] = [None]
        back = threading.Thread(target=_answers, args=(server, client, passing), daemon=True)
        back.start()
        with suppress(OSError):
            while head := client.recv(65536):
                self.heads.append(head)
                decision = self.rule(head)
                if isinstance(decision, bytes):
                    client.sendall(decision)
                    continue
                passing[0] = decision
                server.sendall(head)
        server.close()


def _answers(server: socket.socket, client: socket.socket, passing: list[int | None]) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            left = passing[0]
            if left is not None:
                data, passing[0] = data[:left], left - len(data)
            client.sendall(data)
            if left is not None and left - len(data) <= 0:
                break
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)  # a mere close would wait for the thread that reads from it
    client.close()


@contextmanager
def proxy_before(url: str) -> Iterator[CuttingProxy]:
    """A proxy in front of the server at `url`, for as long as the block lasts."""
    host, port = url.removeprefix("http://").rsplit(":", 1)
    proxy = CuttingProxy((host, int(port)))
    threading.Thread(target=proxy.serve, daemon=True).start()
    yield proxy
    proxy.listener.close()
