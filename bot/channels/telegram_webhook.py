"""What Telegram posts to a webhook: what it is, and seeing it through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from bot.channels.finishing import finish

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)


def update_of(body: bytes) -> dict[str, Any] | None:
    """The raw update in a body, or None when it is none."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and type(raw.get("update_id")) is int else None


class PostedUpdates:
    """The updates that were posted and are being handled."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[bool]] = set()

    async def see_through(self, serving: Coroutine[Any, Any, bool]) -> bool:
        """Handle one in a task of its own: when the web server drops the request, the answer is still sent
        and marked so. Returns what the handling does."""
        task = asyncio.create_task(serving)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def finish(self, grace: float) -> None:
        """Let those in hand end within `grace` seconds; the rest is broken off."""
        await finish(self._tasks, grace)
