"""Feedback over real HTTP: who may give it, what is taken, and that it reaches the next retraining."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deployments.server.feedback import FeedbackGate, feedback_gate
from tasks.acquire.config import TrafficSource
from tasks.acquire.traffic_source import traffic_files
from tasks.traffic.feedback import FeedbackLog, append_feedback, feedback_folder
from tests.deployments.server.small_models import MODEL, PRESENT, release
from tests.deployments.server.test_app import predict, serving, wait_for_release, wait_until
from tests.tasks.traffic.test_feedback import said

TOKEN = "0f3c-made-up"
ALLOWED = {"authorization": f"Bearer {TOKEN}"}
REQUEST = "a" * 32
BODY = {"request_id": REQUEST, "position": 0, "label": "money", "by": "ann"}


def taken() -> list[tuple[str, int, str, str]]:
    return [(one.request_id, one.position, one.label, one.by) for one in FeedbackLog(MODEL, date(2020, 1, 1))]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> FeedbackGate:
    monkeypatch.setenv("FEEDBACK_TOKEN", TOKEN)
    return feedback_gate("FEEDBACK_TOKEN")


@pytest.fixture
def client(gate: FeedbackGate) -> Iterator[httpx.Client]:
    release(PRESENT)
    with serving(keep_texts=True, gate=gate) as client:
        wait_for_release(client, 1)
        yield client


def test_feedback_on_an_answer_becomes_a_label_to_train_on(gate: FeedbackGate, tmp_path: Path) -> None:
    release(PRESENT)
    with serving(keep_texts=True, gate=gate) as client:
        wait_for_release(client, 1)
        answer = predict(client, "parcel of jane.doe@example.com", "refund")
        assert answer["predictions"][0]["label"] == "delivery"
        sent = {**BODY, "request_id": answer["request_id"]}
        response = client.post("/feedback", json=sent, headers=ALLOWED)
        assert response.status_code == 201
        assert response.json().items() >= sent.items()
    (file,) = traffic_files(TrafficSource(model=MODEL), "data.train", datetime.now(UTC).date() + timedelta(days=1))
    (row,) = map(json.loads, file.fetch(tmp_path).read_text(encoding="utf-8").splitlines())
    assert (row["text"], row["label"]) == ("parcel of <EMAIL>", "money")


@pytest.mark.parametrize(
    "authorization", [None, "", TOKEN, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"], ids=str
)
def test_without_the_token_nothing_is_taken(client: httpx.Client, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = client.post("/feedback", json=BODY, headers=headers)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert taken() == []


def test_a_server_started_without_a_token_takes_no_feedback_and_says_why() -> None:
    with serving() as client:
        response = client.post("/feedback", json=BODY, headers=ALLOWED)
    assert response.status_code == 403
    assert "--feedback-token-secret" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"label": "weather"}, 422, "no such label; allowed are 'money', 'delivery', 'account'"),
        ({"position": 4}, 422, "position: a request holds at most 4 texts"),
        ({"position": -1}, 422, "position"),
        ({"request_id": "../x"}, 422, "request_id"),
        ({"by": ""}, 422, "by"),
        ({"by": None}, 422, "by"),
        ({"more": 1}, 422, "more"),
        ({"by": "a" * 17_000}, 413, "16384 bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_wrong_feedback_is_told_what_is_allowed(
    client: httpx.Client, change: dict[str, object], status: int, words: str
) -> None:
    response = client.post("/feedback", json={**BODY, **change}, headers=ALLOWED)
    assert response.status_code == status, response.text
    assert words in response.json()["detail"]
    assert taken() == []


def test_feedback_that_cannot_be_written_is_not_said_to_be_taken(client: httpx.Client) -> None:
    wait_until(feedback_folder(MODEL).is_dir)
    feedback_folder(MODEL).rmdir()
    feedback_folder(MODEL).write_text("")
    response = client.post("/feedback", json=BODY, headers=ALLOWED)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    feedback_folder(MODEL).unlink()
    assert client.post("/feedback", json=BODY, headers=ALLOWED).status_code == 201
    assert taken() == [(REQUEST, 0, "money", "ann")]


def test_the_token_is_not_shown(gate: FeedbackGate) -> None:
    assert TOKEN not in repr(gate)
    assert gate.token_sha256 is not None
    assert gate.token_sha256.hex() not in repr(gate)


def test_old_feedback_is_removed_when_the_server_starts() -> None:
    append_feedback(MODEL, said(1, days=-3650))
    with serving():
        wait_until(lambda: list(feedback_folder(MODEL).iterdir()) == [])
