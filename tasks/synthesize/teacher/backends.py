"""The two teachers with one face: an endpoint that is paid by the token, and a language model on this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from infra.chat_endpoint import AnswerLost, ChatAnswer, ChatEndpoint, EndpointRefused, EndpointUnavailable
from tasks.errors import UserInputError
from tasks.pii.masking import mask
from tasks.secrets import named_secret
from tasks.synthesize.teacher.bill import Bill
from tasks.synthesize.teacher.cache import Answer, Messages, TeacherCache
from tasks.synthesize.teacher.config import Backend, EndpointBackend
from tasks.synthesize.teacher.local import LocalTeacher

TOKENS_A_MESSAGE = 8
"""What an endpoint may count for the frame of a message, above its text."""
WRONG_SETTINGS = {
    401: "the key is missing or wrong: check synthesis…backend.api_key_secret",
    403: "the key may not use this model: check synthesis…backend.api_key_secret and model",
    404: "there is no such address or model: check synthesis…backend.base_url and model",
    405: "this address takes no chat completions: check synthesis…backend.base_url",
}
"""What every request would be answered with, so that none is sent after it. Any other refusal is about one prompt."""


class Teacher(Protocol):
    """Something that answers prompts."""

    name: str
    bill: Bill

    def ask(self, prompts: Sequence[Messages], attempt: int) -> list[Answer | None]:
        """An answer for each prompt, in order; None where there is none. `attempt` asks for other answers."""

    def close(self) -> None:
        """Let go of connections and memory."""


def open_teacher(backend: Backend) -> Teacher:
    """The teacher of a config. Raises MissingSecret, or UserInputError for a folder that holds no model."""
    if isinstance(backend, EndpointBackend):
        return EndpointTeacher(backend)
    return LocalTeacher(backend)


class EndpointTeacher:
    """A model at an endpoint: asked in parallel, within the spend limit, never with personal data in a prompt."""

    def __init__(self, config: EndpointBackend) -> None:
        self.config, self.cache, self.bill, self.name = config, TeacherCache(), Bill(), config.model
        self._lock = threading.Lock()
        self._reserved = 0.0
        self.endpoint = ChatEndpoint(
            config.base_url,
            _key_of(config),
            timeout_seconds=config.timeout_seconds,
            retries=config.retries,
            backoff_seconds=config.backoff_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self.endpoint.close()

    def ask(self, prompts: Sequence[Messages], attempt: int) -> list[Answer | None]:
        """See `Teacher.ask`. Raises UserInputError where the endpoint says that the request is wrong."""
        if not prompts:
            return []
        with ThreadPoolExecutor(self.config.concurrency) as pool:
            return list(pool.map(lambda prompt: self._ask_one(prompt, attempt), prompts))

    def _ask_one(self, prompt: Messages, attempt: int) -> Answer | None:
        messages = [{**message, "content": mask(message["content"])[0]} for message in prompt]
        options = {
            "temperature": self.config.temperature,
            "max_tokens": self.config.max_tokens,
            "seed": self.config.seed + attempt,
        }
        key = TeacherCache.key({"url": self.endpoint.url, "model": self.config.model}, messages, options)
        kept = self.cache.get(key)
        if kept is not None:
            with self._lock:
                self.bill.cached += 1
            return kept
        most = self._most_it_can_cost(messages)
        if not self._may_send(most):
            return None
        answered = self._send(messages, options, most)
        if answered is None:
            return None
        answer = Answer(answered.text, answered.whole)
        self.cache.put(key, answer)
        return answer

    def _send(self, messages: Messages, options: dict[str, float], most: float) -> ChatAnswer | None:
        cost, answered, lost = 0.0, None, None
        try:
            answered = self.endpoint.complete(self.config.model, messages, options)
            cost = self._cost(answered, most)
        except EndpointUnavailable:
            lost = "unavailable"
        except AnswerLost:
            cost, lost = most, "answer_lost"
        except EndpointRefused as error:
            if error.status in WRONG_SETTINGS:
                raise UserInputError(f"the teacher at {error}; {WRONG_SETTINGS[error.status]}") from None
            lost = "bad_request"
        finally:
            self._book(answered, most, cost, lost)
        return answered

    def _may_send(self, most: float) -> bool:
        """Set the most a request can cost aside, if the limits leave room for it."""
        config, bill = self.config, self.bill
        with self._lock:
            if bill.stopped is not None:
                return False
            if config.max_requests is not None and bill.sent >= config.max_requests:
                bill.stopped = f"the limit of {config.max_requests:,} requests was reached"
            elif config.max_cost is not None and bill.cost + self._reserved + most > config.max_cost:
                bill.stopped = (
                    f"the spend limit of {config.max_cost:g} {config.currency} would have been passed by the next "
                    f"request, which may cost {most:.4g}"
                )
            else:
                bill.sent += 1
                self._reserved += most
                return True
            return False

    def _book(self, answered: ChatAnswer | None, most: float, cost: float, lost: str | None) -> None:
        with self._lock:
            self._reserved -= most
            self.bill.cost += cost
            if answered is not None:
                self.bill.prompt_tokens += answered.prompt_tokens or 0
                self.bill.answer_tokens += answered.answer_tokens or 0
            if lost is not None:
                self.bill.unanswered[lost] += 1

    def _most_it_can_cost(self, messages: Messages) -> float:
        """A token is at least one byte of UTF-8, so that a prompt has no more tokens than bytes."""
        most_tokens = sum(len(message["content"].encode()) + TOKENS_A_MESSAGE for message in messages)
        return self._price(most_tokens, self.config.max_tokens)

    def _cost(self, answered: ChatAnswer, most: float) -> float:
        if answered.prompt_tokens is None or answered.answer_tokens is None:
            return most
        return self._price(answered.prompt_tokens, answered.answer_tokens)

    def _price(self, prompt_tokens: int, answer_tokens: int) -> float:
        return (prompt_tokens * self.config.price_in + answer_tokens * self.config.price_out) / 1e6


def _key_of(config: EndpointBackend) -> str | None:
    name = config.api_key_secret
    return None if name is None else named_secret(name, "synthesis: api_key_secret")
