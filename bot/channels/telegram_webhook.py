"""What Telegram posts to a webhook."""

from __future__ import annotations

import json
from typing import Any

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)


def update_of(body: bytes) -> dict[str, Any] | None:
    """The raw update in a body, or None when it is none."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and type(raw.get("update_id")) is int else None
