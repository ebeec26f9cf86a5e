"""The note that somebody was answered: written as soon as the database lets it be."""

from __future__ import annotations

import asyncio
import logging

from bot.channels.base import Desk
from office.database import DatabaseUnavailable
from office.messages import Incoming

_PAUSES = (1.0, 30.0)  # seconds before it is tried again: the first, the longest

_log = logging.getLogger(__name__)


async def note_answered(
    desk: Desk, incoming: Incoming, *, tries: int | None = None, scale: float = 1.0
) -> None:
    """Remember that the replies were sent.

    It is given up after so many `tries`; without them it goes on for as long as it takes: who would begin the
    message anew would answer it twice. `scale`: of the pauses.
    """
    failed = 0
    while True:
        try:
            return await asyncio.to_thread(desk.answered, incoming)
        except DatabaseUnavailable as unavailable:
            failed += 1
            if failed == tries:
                _log.warning("Chưa ghi được là đã trả lời (%s): %s", incoming.channel, unavailable.message)
                return None
        await asyncio.sleep(min(_PAUSES[1], _PAUSES[0] * 2 ** min(failed - 1, 10)) * scale)
