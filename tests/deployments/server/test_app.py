"""The server over real HTTP: answers, limits, health, swaps under load, and the request log."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from deployments.server.app import ModelServer, create_app
from deployments.server.feedback import CLOSED, FeedbackGate
from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import loader
from infra.settings import settings
from tasks.traffic.window import TrafficWindow
from tasks.traffic.writer import TrafficWriter
from tests.deployments.server.small_models import (
    MODEL,
    OTHER,
    PRESENT,
    keep_model,
    keep_verdict,
    log_entry,
    model_folder,
    release,
)

LIMITS = Limits(texts=4, characters=50, body_bytes=1000)


@contextmanager
def serving(limits: Limits = LIMITS, keep_texts: bool = False, gate: FeedbackGate = CLOSED) -> Iterator[httpx.Client]:
    """A server of the model in this test's home, on a free port, stopped as a signal would stop it."""
    follower = Follower(MODEL, loader(limits, threads=1), retry_seconds=0.0)
    traffic = TrafficWriter(MODEL, flush_seconds=0.05)
    app = create_app(ModelServer(follower, traffic, limits, poll_seconds=0.05, keep_texts=keep_texts, gate=gate))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def wait_until(done: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def wait_for_release(client: httpx.Client, number: int) -> None:
    wait_until(lambda: client.get("/health").json()["release"] == number)


def predict(client: httpx.Client, *texts: str) -> Any:
    answer = client.post("/predict", json={"texts": list(texts)})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    release(PRESENT, temperature=2.0)
    with serving() as client:
        wait_for_release(client, 1)
        yield client


def test_texts_are_answered_in_order_with_calibrated_confidences(client: httpx.Client) -> None:
    answer = predict(client, "where is my parcel", "refund refund please")
    assert (answer["model"], answer["release"], len(answer["model_digest"])) == (MODEL, 1, 64)
    assert [one["label"] for one in answer["predictions"]] == ["delivery", "money"]
    once = np.exp(5 / 2) / (np.exp(5 / 2) + 2)  # the logit is 5, the temperature 2
    assert answer["predictions"][0]["confidence"] == pytest.approx(once, abs=1e-5)
    assert len(answer["predictions"][0]["alternatives"]) == 2
    total = sum(one["confidence"] for one in answer["predictions"][0]["alternatives"])
    assert answer["predictions"][0]["confidence"] + total == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        (b'{"texts": ["a"', "application/json", 400, "JSON"),
        (b"\xff\xfe", "application/json", 400, "JSON"),
        (b'{"texts": ["\\ud800"]}', "application/json", 400, "JSON"),
        (b'{"texts": ["a"]}', "text/plain", 415, "application/json"),
        (b'{"texts": ["' + b"a" * 2000 + b'"]}', "application/json", 413, "1000 bytes"),
        (b"[]", "application/json", 422, "the body"),
        (b'{"text": "a"}', "application/json", 422, "texts"),
        (b'{"texts": "a"}', "application/json", 422, "texts"),
        (b'{"texts": []}', "application/json", 422, "texts"),
        (b'{"texts": ["a", 1]}', "application/json", 422, "texts.1"),
        (b'{"texts": ["a", "b"], "model": "x"}', "application/json", 422, "model"),
        (b'{"texts": ["a", " \\n"]}', "application/json", 422, "texts.1: is blank"),
        (b'{"texts": ["a", "b", "c", "d", "e"]}', "application/json", 422, "5 are too many for one request, 4 may"),
        (b'{"texts": ["' + b"a" * 51 + b'"]}', "application/json", 422, "texts.0: 51 characters are too many, 50 may"),
    ],
    ids=str,
)
def test_a_wrong_request_is_told_what_is_wrong_and_what_is_allowed(
    client: httpx.Client, body: bytes, content_type: str, status: int, words: str
) -> None:
    answer = client.post("/predict", content=body, headers={"content-type": content_type})
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert predict(client, "parcel")["predictions"][0]["label"] == "delivery", "the server goes on"


def test_only_feedback_can_be_given_and_what_is_served_cannot_be_changed(client: httpx.Client) -> None:
    routes = client.get("/openapi.json").json()["paths"]
    assert {(path, *methods) for path, methods in routes.items()} == {
        ("/", "get"),
        ("/health", "get"),
        ("/predict", "post"),
        ("/feedback", "post"),
    }
    assert client.delete("/predict").status_code == 405
    assert client.get("/releases").status_code == 404


def test_it_says_what_it_serves(client: httpx.Client) -> None:
    assert client.get("/").json() == {
        "model": MODEL,
        "release": 1,
        "labels": ["money", "delivery", "account"],
        "most_texts": 4,
        "most_characters": 50,
    }


def test_without_a_release_it_is_not_ready_and_says_so() -> None:
    with serving() as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["ready"]) == (503, False)
        answer = client.post("/predict", json={"texts": ["parcel"]})
        assert answer.status_code == 503
        assert "no release" in answer.json()["detail"]
        release(PRESENT)
        wait_for_release(client, 1)
        assert client.get("/health").status_code == 200


def test_a_new_release_is_swapped_in_without_a_failed_request() -> None:
    first = release(PRESENT)
    with serving() as client:
        wait_for_release(client, 1)
        answers: list[tuple[int, str, str]] = []
        failures: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                response = client.post("/predict", json={"texts": ["my parcel", "a refund"]})
                if response.status_code != 200:
                    failures.append(response.text)
                    return
                answer = response.json()
                answers.append((answer["release"], answer["model_digest"], answer["predictions"][0]["label"]))

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        wait_until(lambda: len(answers) > 20)
        second = release(OTHER)
        wait_until(lambda: bool(answers) and answers[-1][0] == 2)
        after = len(answers)
        wait_until(lambda: len(answers) > after + 20)
        stop.set()
        for asker in askers:
            asker.join()
    assert not failures
    assert set(answers) == {(1, first.model_digest, "delivery"), (2, second.model_digest, "shipping")}


def test_an_altered_release_is_refused_in_the_health_report_and_the_old_one_answers() -> None:
    release(PRESENT)
    with serving() as client:
        wait_for_release(client, 1)
        altered = keep_model(OTHER)
        (settings().home_path / "store" / "models" / altered.digest / "onnx" / "model.onnx").write_bytes(b"altered")
        log_entry(altered, keep_verdict(altered.digest))
        wait_until(lambda: bool(client.get("/health").json()["refused"]))
        health = client.get("/health").json()
        assert (health["ready"], health["release"], health["newest_release"]) == (True, 1, 2)
        assert health["refused"][0]["release"] == 2
        assert health["refused"][0]["model_digest"] == altered.digest
        assert "altered" in health["refused"][0]["reason"]
        assert predict(client, "parcel")["release"] == 1


@pytest.mark.parametrize("keep_texts", [False, True])
def test_every_answer_is_in_the_request_log_with_its_text_only_where_that_was_asked(keep_texts: bool) -> None:
    entry = release(PRESENT)
    with serving(keep_texts=keep_texts) as client:
        wait_for_release(client, 1)
        answers = [predict(client, "parcel", "refund")]
        answers.append(predict(client, "password"))
    now = datetime.now(UTC)
    logged = list(TrafficWindow(MODEL, now - timedelta(hours=1), now))
    assert [(one.request_id, one.position) for one in logged] == [
        (answers[0]["request_id"], 0),
        (answers[0]["request_id"], 1),
        (answers[1]["request_id"], 0),
    ]
    assert [one.label for one in logged] == ["delivery", "money", "account"]
    assert {(one.release, one.model_digest) for one in logged} == {(1, entry.model_digest)}
    assert [one.text for one in logged] == (["parcel", "refund", "password"] if keep_texts else [None] * 3)


def test_the_server_needs_neither_mlflow_nor_torch_nor_prefect() -> None:
    heavy = "{'mlflow', 'torch', 'prefect', 'transformers'}"
    script = f"import sys, deployments.server.__main__; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_goes_on_answering_when_its_files_are_gone() -> None:
    entry = release(PRESENT)
    with serving() as client:
        wait_for_release(client, 1)
        (model_folder(entry) / "onnx" / "model.onnx").unlink()
        store = settings().home_path / "store"
        store.rename(store.with_name("away"))
        wait_until(lambda: client.get("/health").json()["problem"] is not None)
        assert predict(client, "parcel")["predictions"][0]["label"] == "delivery"
        assert client.get("/health").status_code == 200
