"""What is in hand when a channel is to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def finish(tasks: Iterable[asyncio.Task[Any]], grace: float) -> None:
    """Let them end within `grace` seconds; the rest is broken off."""
    hands = set(tasks)
    try:
        if hands:
            await asyncio.wait(hands, timeout=grace)
    finally:
        for task in hands:
            task.cancel()
    await asyncio.gather(*hands, return_exceptions=True)
