"""The body of a request that a platform posts to us."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

BODY_LIMIT = 1_000_000  # bytes


async def body_of(request: Request) -> bytes | None:
    """The body, or None when it is too large, whatever Content-Length says."""
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > BODY_LIMIT:
        return None
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return None
    except ClientDisconnect:
        return None  # nobody reads the answer
    return bytes(body)
