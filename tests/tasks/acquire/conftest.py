"""What the tests of `acquire` share: an origin for messages, the columns a reader wants, and a real S3 server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.settings import settings
from infra.storage import s3_client
from tasks.acquire.table import Batch, Malformed, Origin, Wanted
from tasks.acquire.tidy import tidied

BUCKET = "customer-data"


@dataclass(frozen=True)
class Read:
    """All batches of a file together."""

    rows: list[int]
    values: list[dict[str, str | None]]
    malformed: list[Malformed]

    def column(self, name: str) -> list[str | None]:
        return [cells[name] for cells in self.values]


def collected(batches: Iterable[Batch]) -> Read:
    """What a reader gives, whole."""
    done = [tidied(batch) for batch in batches]
    lines = [line for batch in done for line in batch.rows.to_pylist()]
    return Read([line.pop("row") for line in lines], lines, [line for batch in done for line in batch.malformed])


@pytest.fixture
def origin() -> Origin:
    return Origin("data.train", "/data/train.csv")


@pytest.fixture
def wanted() -> Wanted:
    return Wanted({"text": "text", "label": "label"}, frozenset({"text", "label"}))


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The endpoint of moto's S3 server, spoken to over HTTP."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client whose server has an empty bucket BUCKET; REFIT_S3_ENDPOINT points there."""
    monkeypatch.setenv("REFIT_S3_ENDPOINT", s3_server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    settings.cache_clear()
    client = s3_client(s3_server)
    client.create_bucket(Bucket=BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)
