"""The body of a request that Telegram posts to a webhook."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

BODY_LIMIT = 1_000_000  # bytes
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)


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


def update_of(body: bytes) -> dict[str, Any] | None:
    """The raw update in a body, or None when it is none."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and type(raw.get("update_id")) is int else None
