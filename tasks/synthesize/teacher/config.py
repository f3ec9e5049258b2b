"""The part of `synthesis` that says which teacher is asked, and what may be spent on it."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlparse

from pydantic import Field, model_validator

from tasks.section import Section

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class EndpointBackend(Section):
    """Any endpoint that speaks OpenAI's `/chat/completions`. Prompts are masked of personal data before they leave."""

    kind: Literal["endpoint"] = "endpoint"
    base_url: str
    """Address up to the version, for example `https://api.example.com/v1`."""
    model: str = Field(min_length=1)
    """Name of the model at the endpoint."""
    api_key_secret: str | None = None
    """Name of the secret that holds the key: an environment variable, or a Prefect block of type Secret."""
    temperature: float = Field(default=0.8, ge=0, le=2)
    """Sampling temperature."""
    max_tokens: int = Field(default=1024, ge=1)
    """Tokens of an answer at most."""
    seed: int = 17
    """Sent along, for endpoints that take it."""
    price_in: float = Field(default=0.0, ge=0)
    """Price of a million tokens of prompts."""
    price_out: float = Field(default=0.0, ge=0)
    """Price of a million tokens of answers."""
    currency: str = "USD"
    """Of the prices and the spend limit."""
    max_cost: float | None = Field(default=None, gt=0)
    """Spend limit. A request that might go over it is not sent."""
    max_requests: int | None = Field(default=None, ge=1)
    """Prompts sent at most; repeats after a refusal are not counted."""
    timeout_seconds: float = Field(default=60.0, gt=0)
    """How long a whole answer may take."""
    retries: int = Field(default=4, ge=0, le=20)
    """Repeats after status 429 or 5xx, or a connection that was not made."""
    backoff_seconds: float = Field(default=1.0, ge=0)
    """Wait before the first repeat; it doubles each time, with jitter, unless the endpoint says how long."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Requests at the same time."""

    @model_validator(mode="after")
    def _is_safe_to_ask(self) -> EndpointBackend:
        address = urlparse(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("base_url must be an address such as https://api.example.com/v1")
        if address.username or address.password or address.query:
            raise ValueError("base_url must hold no key, name or password: name the secret in api_key_secret")
        if self.api_key_secret and address.scheme == "http" and address.hostname not in THIS_MACHINE:
            raise ValueError("a key is sent over https only: base_url must begin with https://")
        if self.max_cost is not None and not (self.price_in or self.price_out):
            raise ValueError("max_cost needs price_in and price_out: without prices no cost can be counted")
        return self


class LocalBackend(Section):
    """A causal language model on this machine, loaded from safetensors; no code of the model's folder is run."""

    kind: Literal["local"] = "local"
    folder: str
    """Folder with `config.json`, a tokenizer and `*.safetensors`."""
    temperature: float = Field(default=0.8, ge=0, le=2)
    """Sampling temperature; 0 takes the likeliest token each time."""
    max_tokens: int = Field(default=512, ge=1)
    """New tokens at most."""
    seed: int = 17
    """The same seed, prompt and machine give the same answer."""


Backend = Annotated[EndpointBackend | LocalBackend, Field(discriminator="kind")]
