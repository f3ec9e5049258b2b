"""A chat model behind an endpoint that speaks OpenAI's `/chat/completions`: one question, one answer.

Status 429 and 5xx, and connections that were not made, are asked again after a wait with jitter, or after as long as
the endpoint's `Retry-After` says. An answer that broke off, came too late or does not speak the wire format may have
been billed, so it is not asked again here: `AnswerLost` says so and the caller decides. No message, and no part of an
answer or of the key, is in any error.
"""

from __future__ import annotations

import email.utils
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

LONGEST_WAIT_SECONDS = 120.0
MOST_BYTES = 16 << 20


class EndpointRefused(ValueError):
    """The endpoint answered that the request itself is wrong: `status` is 4xx, and asking again would not help."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"{url} answered with status {status}")
        self.status = status


class EndpointUnavailable(ConnectionError):
    """The endpoint could not be reached, or was busy or broken each time; nothing was answered."""


class AnswerLost(OSError):
    """The request arrived, and its answer was late, cut off or no answer at all; it may have been billed."""


@dataclass(frozen=True)
class ChatAnswer:
    """The text of an answer, whether it is whole, and its tokens as the endpoint counts them (None: it does not)."""

    text: str
    whole: bool
    prompt_tokens: int | None
    answer_tokens: int | None


class ChatEndpoint:
    """One endpoint and how patiently it is asked. Safe to share between threads; close it at the end."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        timeout_seconds: float,
        retries: int,
        backoff_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = f"{base_url.rstrip('/')}/chat/completions"
        self.timeout_seconds, self.retries, self.backoff_seconds = timeout_seconds, retries, backoff_seconds
        self.sleep = sleep
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.client = httpx.Client(timeout=httpx.Timeout(timeout_seconds), headers=headers, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def complete(self, model: str, messages: Sequence[Mapping[str, str]], settings: Mapping[str, Any]) -> ChatAnswer:
        """Ask once, and again while the endpoint is busy.

        `settings` go into the request beside `model` and `messages` (temperature, max_tokens, seed, …). Raises
        EndpointRefused, EndpointUnavailable or AnswerLost.
        """
        body = json.dumps({"model": model, "messages": [dict(message) for message in messages], **settings}).encode()
        for attempt in range(self.retries + 1):
            status, headers, content = self._send(body)
            if status == httpx.codes.OK:
                return _answer(self.url, content)
            if 0 < status < 500 and status not in (408, 429):
                raise EndpointRefused(status, self.url)
            wait_seconds = self._wait_seconds(attempt, headers.get("retry-after"))
            if attempt < self.retries and wait_seconds <= LONGEST_WAIT_SECONDS:
                self.sleep(wait_seconds)
                continue
            came = f"answered with status {status}" if status else "could not be reached"
            raise EndpointUnavailable(f"{self.url} {came}, after {attempt + 1} attempts")
        raise EndpointUnavailable(f"{self.url} was not asked")

    def _send(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one attempt; status 0 where no connection was made."""
        deadline = time.monotonic() + self.timeout_seconds
        content = bytearray()
        headers = {"Content-Type": "application/json"}
        try:
            with self.client.stream("POST", self.url, content=body, headers=headers) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES or time.monotonic() > deadline:
                        raise AnswerLost(f"{self.url} answered too slowly or too much, and was cut off")
                return response.status_code, response.headers, bytes(content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return 0, {}, b""
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise AnswerLost(f"the answer of {self.url} did not arrive ({type(error).__name__})") from None

    def _wait_seconds(self, attempt: int, retry_after: str | None) -> float:
        """What the endpoint asks for, else twice as long each time; up to half of it more, so that clients part."""
        asked = None if retry_after is None else _seconds_until(retry_after)
        # Not a secret: jitter keeps clients that were refused together from coming back together.
        jitter = 1 + random.random() / 2  # noqa: S311
        if asked is not None:
            return asked + self.backoff_seconds * (jitter - 1)
        return min(self.backoff_seconds * float(2**attempt) * jitter, LONGEST_WAIT_SECONDS)


def _seconds_until(retry_after: str) -> float | None:
    """The header `Retry-After` (RFC 9110, section 10.2.3), as seconds or as a date; None where it is neither."""
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None


def _answer(url: str, content: bytes) -> ChatAnswer:
    try:
        parsed = json.loads(content)
        choice = parsed["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise AnswerLost(f"{url} answered with something that is no chat completion") from None
    if not isinstance(text, str):
        raise AnswerLost(f"{url} answered without a text")
    usage = parsed.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return ChatAnswer(
        text=text,
        whole=choice.get("finish_reason") in (None, "stop"),
        prompt_tokens=_count(counts.get("prompt_tokens")),
        answer_tokens=_count(counts.get("completion_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
