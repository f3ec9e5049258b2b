"""What the server is asked and what it answers, and the one check of a request against the limits."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, ValidationError

from deployments.server.limits import Limits
from tasks.records import Record
from tasks.traffic.feedback import Feedback

CLIENT_ERROR_JSON, CLIENT_ERROR_SHAPE = 400, 422


class BadRequest(ValueError):
    """The request is wrong; `status` is its HTTP code and the message is for whoever sent it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PredictRequest(Record):
    """Texts to classify."""

    texts: list[str] = Field(min_length=1)
    """In any language the model knows; each must hold more than blanks."""


class Alternative(Record):
    """A label that was not the most probable one."""

    label: str
    confidence: float


class Prediction(Record):
    """The answer for one text."""

    label: str
    confidence: float
    """Calibrated probability of the label."""
    alternatives: tuple[Alternative, ...]
    """The next most probable labels, at most two."""


class Predictions(Record):
    """The answers of one request, in the order of its texts, all by the same release."""

    request_id: str
    model: str
    release: int
    model_digest: str
    predictions: tuple[Prediction, ...]


class FeedbackRequest(Record):
    """What a person says about one answer; the newest of a person counts."""

    request_id: str
    """As the answer gave it."""
    position: int
    """Place of the text in its request, from 0."""
    label: str
    """The label that is right: one of the release that answers now."""
    by: str
    """Who says so: any name that tells people apart."""


class RefusedRelease(Record):
    """A release that is newer than the one served, and why it is not served."""

    release: int
    model_digest: str
    reason: str


class Health(Record):
    """Whether the server answers, with what, and what keeps it from something newer."""

    ready: bool
    model: str
    release: int | None
    """Number of the release that answers; null where none does."""
    model_digest: str | None
    newest_release: int | None
    """Number of the newest entry of the release log, as last seen."""
    refused: tuple[RefusedRelease, ...]
    problem: str | None
    """Why the release log could not be read at the last look; null where it could."""
    traffic_lines_lost: int
    """Lines of the request log that a full or broken disk has cost."""


class About(Record):
    """The model in short."""

    model: str
    release: int | None
    labels: tuple[str, ...]
    most_texts: int
    """Texts that one request may hold."""
    most_characters: int
    """Characters that one text may have."""


def parse_request(body: bytes, limits: Limits) -> list[str]:
    """The texts of a request's body. Raises BadRequest, with a message that names the place and what is allowed."""
    try:
        texts = PredictRequest.model_validate_json(body).texts
    except ValidationError as error:
        raise _explained(error, '{"texts": ["…", …]}') from None
    if len(texts) > limits.texts:
        raise BadRequest(
            CLIENT_ERROR_SHAPE, f"texts: {len(texts)} are too many for one request, {limits.texts} may come"
        )
    for number, text in enumerate(texts):
        if len(text) > limits.characters:
            message = f"texts.{number}: {len(text)} characters are too many, {limits.characters} may come"
            raise BadRequest(CLIENT_ERROR_SHAPE, message)
        if not text.strip():
            raise BadRequest(
                CLIENT_ERROR_SHAPE, f"texts.{number}: is blank; every text must hold something to classify"
            )
    return texts


def parse_feedback(body: bytes, limits: Limits, labels: tuple[str, ...], time: datetime) -> Feedback:
    """The feedback in a request's body, which came at `time`.

    Raises BadRequest for what is none, and for a label that is not among `labels`, with those that are allowed.
    """
    try:
        sent = FeedbackRequest.model_validate_json(body)
        feedback = Feedback(**sent.model_dump(), time=time)
    except ValidationError as error:
        raise _explained(error, '{"request_id": "…", "position": 0, "label": "…", "by": "…"}') from None
    if feedback.position >= limits.texts:
        message = f"position: a request holds at most {limits.texts} texts, the first at position 0"
        raise BadRequest(CLIENT_ERROR_SHAPE, message)
    if feedback.label not in labels:
        allowed = ", ".join(map(repr, labels))
        raise BadRequest(
            CLIENT_ERROR_SHAPE, f"label: the release that answers has no such label; allowed are {allowed}"
        )
    return feedback


def _explained(error: ValidationError, example: str) -> BadRequest:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    status = CLIENT_ERROR_JSON if problem["type"] == "json_invalid" else CLIENT_ERROR_SHAPE
    return BadRequest(status, f"{place or 'the body'}: {problem['msg']}; send {example}")
