"""The HTTP face of the model server: ask for predictions, ask how it is. Nothing can be changed through it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response

from deployments.server.batching import Busy, Probabilities
from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import Loaded
from deployments.server.messages import (
    About,
    Alternative,
    BadRequest,
    Health,
    Prediction,
    Predictions,
    PredictRequest,
    RefusedRelease,
    parse_request,
)
from tasks.traffic.served import Served
from tasks.traffic.writer import TrafficWriter

ALTERNATIVES = 2
_BODY = {"required": True, "content": {"application/json": {"schema": PredictRequest.model_json_schema()}}}


@dataclass(frozen=True)
class ModelServer:
    """The parts of one server."""

    follower: Follower
    traffic: TrafficWriter
    limits: Limits
    poll_seconds: float = 3.0
    keep_texts: bool = False
    """Whether the request log holds the texts themselves."""


def create_app(server: ModelServer) -> FastAPI:
    """The application. While it runs it follows the release log and writes the request log."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(server.follower.follow(server.poll_seconds))
        with server.traffic:
            yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    app = FastAPI(title="Refit model server", lifespan=running, docs_url=None, redoc_url=None)

    @app.get("/")
    async def about() -> About:
        serving, limits = server.follower.serving, server.limits
        return About(
            model=server.follower.model,
            release=serving.entry.number if serving else None,
            labels=serving.labels if serving else (),
            most_texts=limits.texts,
            most_characters=limits.characters,
        )

    @app.get("/health")
    async def health(response: Response) -> Health:
        found = _health(server)
        response.status_code = 200 if found.ready else 503
        return found

    @app.post("/predict", openapi_extra={"requestBody": _BODY})
    async def predict(request: Request) -> Predictions:
        try:
            texts = parse_request(await _body(request, server.limits), server.limits)
        except BadRequest as error:
            raise HTTPException(error.status, str(error)) from None
        return await _predict(server, texts)

    return app


async def _predict(server: ModelServer, texts: list[str]) -> Predictions:
    serving = server.follower.serving  # held to the end of the request, whatever is released meanwhile
    if serving is None:
        name = server.follower.model
        raise HTTPException(503, f"{name} has no release that can be served; see /health", {"Retry-After": "5"})
    try:
        probabilities = await serving.batcher.probabilities(texts)
    except Busy as error:
        raise HTTPException(503, str(error), {"Retry-After": "1"}) from None
    answer = Predictions(
        request_id=uuid.uuid4().hex,
        model=serving.entry.model,
        release=serving.entry.number,
        model_digest=serving.entry.model_digest,
        predictions=_predictions(probabilities, serving.labels),
    )
    server.traffic.add(_log_lines(answer, serving, texts if server.keep_texts else None))
    return answer


async def _body(request: Request, limits: Limits) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, f"the content type is {kind or 'not given'!r}: send application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limits.body_bytes:
            raise BadRequest(413, f"the body is larger than {limits.body_bytes} bytes: send fewer texts at a time")
    return bytes(body)


def _predictions(probabilities: Probabilities, labels: tuple[str, ...]) -> tuple[Prediction, ...]:
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : 1 + ALTERNATIVES]
    answers = []
    for row, best in zip(probabilities, order, strict=True):
        first, *others = (Alternative(label=labels[i], confidence=round(float(row[i]), 6)) for i in best)
        answers.append(Prediction(label=first.label, confidence=first.confidence, alternatives=tuple(others)))
    return tuple(answers)


def _log_lines(answer: Predictions, serving: Loaded, texts: list[str] | None) -> list[Served]:
    now = datetime.now(UTC)
    return [
        Served(
            request_id=answer.request_id,
            position=position,
            time=now,
            release=serving.entry.number,
            model_digest=serving.entry.model_digest,
            label=prediction.label,
            confidence=prediction.confidence,
            text=texts[position] if texts else None,
        )
        for position, prediction in enumerate(answer.predictions)
    ]


def _health(server: ModelServer) -> Health:
    follower, serving = server.follower, server.follower.serving
    refused = (
        RefusedRelease(release=r.release, model_digest=r.model_digest, reason=r.reason) for r in follower.refused
    )
    return Health(
        ready=serving is not None,
        model=follower.model,
        release=serving.entry.number if serving else None,
        model_digest=serving.entry.model_digest if serving else None,
        newest_release=follower.newest,
        refused=tuple(refused),
        problem=follower.problem,
        traffic_lines_lost=server.traffic.lost,
    )
