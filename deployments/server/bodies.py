"""The body of a request, read only as far as it may be large."""

from __future__ import annotations

from fastapi import Request

from deployments.server.messages import BadRequest


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The bytes of a JSON body. Raises BadRequest for another content type, and as soon as it is too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(415, f"the content type is {kind or 'not given'!r}: send application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise BadRequest(413, f"the body is larger than {most_bytes} bytes: send less at a time")
    return bytes(body)
