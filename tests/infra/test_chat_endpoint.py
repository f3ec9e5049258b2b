"""A chat endpoint over real HTTP: patience with a busy server, none with a wrong request, and nothing said aloud."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator

import pytest

from infra.chat_endpoint import AnswerLost, ChatEndpoint, EndpointRefused, EndpointUnavailable
from tests.infra.chat_server import ChatServer, Reply, completion

ASKED = [{"role": "user", "content": "a private question"}]
SETTINGS = {"temperature": 0.5, "max_tokens": 20}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


def endpoint(server: ChatServer, waits: list[float], *, retries: int = 3, timeout_seconds: float = 5) -> ChatEndpoint:
    return ChatEndpoint(
        server.url,
        "sk-secret",
        timeout_seconds=timeout_seconds,
        retries=retries,
        backoff_seconds=1.0,
        sleep=waits.append,
    )


def test_a_question_is_asked_in_the_wire_format_and_its_tokens_are_counted(server: ChatServer) -> None:
    server.replies = [completion("hello", prompt_tokens=7, completion_tokens=3)]
    answer = endpoint(server, []).complete("small", ASKED, SETTINGS)
    assert (answer.text, answer.whole, answer.prompt_tokens, answer.answer_tokens) == ("hello", True, 7, 3)
    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == "Bearer sk-secret"
    assert request.body == {"model": "small", "messages": ASKED, "temperature": 0.5, "max_tokens": 20}


def test_a_busy_endpoint_is_asked_again_after_as_long_as_it_says(server: ChatServer) -> None:
    in_a_minute = email.utils.formatdate(time.time() + 60, usegmt=True)
    server.replies = [
        Reply(429, headers={"Retry-After": "7"}),
        Reply(503, headers={"Retry-After": in_a_minute}),
        completion("at last"),
    ]
    waits: list[float] = []
    assert endpoint(server, waits).complete("small", ASKED, SETTINGS).text == "at last"
    assert 7 <= waits[0] <= 7.5
    assert 50 <= waits[1] <= 61


def test_waits_double_with_jitter_and_end_after_the_retries(server: ChatServer) -> None:
    server.replies = [Reply(500)] * 4
    waits: list[float] = []
    with pytest.raises(EndpointUnavailable, match="status 500, after 4 attempts"):
        endpoint(server, waits).complete("small", ASKED, SETTINGS)
    assert [low <= wait <= 1.5 * low for low, wait in zip((1, 2, 4), waits, strict=True)] == [True] * 3


def test_a_wait_beyond_all_patience_is_not_waited_for(server: ChatServer) -> None:
    server.replies = [Reply(429, headers={"Retry-After": "86400"})]
    waits: list[float] = []
    with pytest.raises(EndpointUnavailable, match="after 1 attempts"):
        endpoint(server, waits).complete("small", ASKED, SETTINGS)
    assert waits == []


def test_a_wrong_request_is_not_repeated_and_its_error_holds_no_secret(server: ChatServer) -> None:
    server.replies = [Reply(401, b'{"error": "sk-secret is wrong, you asked: a private question"}')]
    with pytest.raises(EndpointRefused) as refused:
        endpoint(server, []).complete("small", ASKED, SETTINGS)
    assert refused.value.status == 401
    assert "sk-secret" not in str(refused.value)
    assert "private" not in str(refused.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}', b"[" * 100_000],
)
def test_an_answer_that_is_none_is_lost_and_not_paid_for_again(server: ChatServer, body: bytes) -> None:
    server.replies = [Reply(200, body)]
    with pytest.raises(AnswerLost):
        endpoint(server, []).complete("small", ASKED, SETTINGS)
    assert len(server.requests) == 1


def test_an_answer_that_trickles_in_too_slowly_is_lost(server: ChatServer) -> None:
    server.replies = [Reply(200, b" " * 50, seconds_a_byte=0.05)]
    with pytest.raises(AnswerLost):
        endpoint(server, [], timeout_seconds=0.3).complete("small", ASKED, SETTINGS)


def test_an_endpoint_that_is_not_there_is_unavailable() -> None:
    nowhere = ChatEndpoint(
        "http://127.0.0.1:9/v1", None, timeout_seconds=2, retries=1, backoff_seconds=0, sleep=lambda _seconds: None
    )
    with pytest.raises(EndpointUnavailable, match="could not be reached, after 2 attempts"):
        nowhere.complete("small", ASKED, SETTINGS)
