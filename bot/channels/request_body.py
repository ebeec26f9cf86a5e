"""A request that a platform posts to us: its body, and whether it carries our secret."""

from __future__ import annotations

import hmac

from starlette.requests import ClientDisconnect, Request

BODY_LIMIT = 1_000_000  # bytes


def has_secret(request: Request, header: str, secret: str) -> bool:
    """Whether it carries our secret in this header; never when there is none."""
    given = request.headers.get(header, "")
    return bool(secret) and hmac.compare_digest(given.encode(), secret.encode())


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
