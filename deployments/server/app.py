"""The HTTP face of the model server: ask for predictions, ask how it is, and say what was right (with a token).

What is served cannot be changed through it. Feedback is written down for the next retraining, and for nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response

from deployments.server.batching import Busy, Probabilities
from deployments.server.bodies import read_body
from deployments.server.feedback import CLOSED, FeedbackGate
from deployments.server.follower import Follower
from deployments.server.limits import Limits
from deployments.server.loading import Loaded
from deployments.server.messages import (
    About,
    Alternative,
    BadRequest,
    FeedbackRequest,
    Health,
    Prediction,
    Predictions,
    PredictRequest,
    RefusedRelease,
    parse_feedback,
    parse_request,
)
from deployments.server.upkeep import remove_daily
from tasks.errors import StorageError
from tasks.records import Record
from tasks.traffic.feedback import Feedback, append_feedback
from tasks.traffic.served import Served
from tasks.traffic.writer import TrafficWriter

log = logging.getLogger(__name__)
ALTERNATIVES = 2
CREATED = 201


@dataclass(frozen=True)
class ModelServer:
    """The parts of one server."""

    follower: Follower
    traffic: TrafficWriter
    limits: Limits
    poll_seconds: float = 3.0
    keep_texts: bool = False
    """Whether the request log holds the texts themselves."""
    gate: FeedbackGate = CLOSED
    """Who may give feedback; without a token nobody may."""
    keep_days: int = 90
    """Days after which served answers and feedback are removed."""


def create_app(server: ModelServer) -> FastAPI:
    """The application. While it runs it follows the release log and writes the request log."""

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        working = [
            asyncio.create_task(server.follower.follow(server.poll_seconds)),
            asyncio.create_task(remove_daily(server.follower.model, server.keep_days)),
        ]
        with server.traffic:
            yield
        for task in working:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

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

    @app.post("/predict", openapi_extra=_body_of(PredictRequest))
    async def predict(request: Request) -> Predictions:
        try:
            texts = parse_request(await read_body(request, server.limits.body_bytes), server.limits)
        except BadRequest as error:
            raise HTTPException(error.status, str(error)) from None
        return await _predict(server, texts)

    @app.post("/feedback", status_code=CREATED, openapi_extra=_body_of(FeedbackRequest))
    async def feedback(request: Request) -> Feedback:
        server.gate.require(request.headers.get("authorization"))
        return await _take_feedback(server, request)

    return app


def _body_of(message: type[Record]) -> dict[str, Any]:
    """What OpenAPI says of a route whose body is read under the server's own limits."""
    schema = message.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def _take_feedback(server: ModelServer, request: Request) -> Feedback:
    serving = _serving(server)
    try:
        body = await read_body(request, server.limits.feedback_bytes)
        feedback = parse_feedback(body, server.limits, serving.labels, datetime.now(UTC))
    except BadRequest as error:
        raise HTTPException(error.status, str(error)) from None
    try:
        await asyncio.to_thread(append_feedback, server.follower.model, feedback)
    except StorageError as error:
        log.error("feedback is lost: %s", error)
        raise HTTPException(
            503, "the feedback could not be written: send it again later", {"Retry-After": "5"}
        ) from None
    return feedback


def _serving(server: ModelServer) -> Loaded:
    serving = server.follower.serving
    if serving is None:
        name = server.follower.model
        raise HTTPException(503, f"{name} has no release that can be served; see /health", {"Retry-After": "5"})
    return serving


async def _predict(server: ModelServer, texts: list[str]) -> Predictions:
    serving = _serving(server)  # held to the end of the request, whatever is released meanwhile
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
