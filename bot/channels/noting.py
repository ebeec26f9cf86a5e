"""The note that somebody was answered: written as soon as the database lets it be."""

from __future__ import annotations

import asyncio
import itertools
import logging

from bot.channels.base import Desk
from office.database import DatabaseUnavailable
from office.messages import Incoming

_PAUSES = (1.0, 30.0)  # seconds before it is tried again: the first, the longest

_log = logging.getLogger(__name__)


async def note_answered(
    desk: Desk, incoming: Incoming, *, tries: int | None = None, scale: float = 1.0
) -> bool:
    """Remember that the replies were sent; False when that could not be written in so many tries.

    Without `tries` it goes on for as long as it takes: who would begin the message anew would answer it
    twice. `scale`: of the pauses.
    """
    for attempt in itertools.count(1):
        try:
            await asyncio.to_thread(desk.answered, incoming)
        except DatabaseUnavailable as unavailable:
            if attempt == tries:
                _log.warning("Chưa ghi được là đã trả lời (%s): %s", incoming.channel, unavailable.message)
                return False
            await asyncio.sleep(min(_PAUSES[1], _PAUSES[0] * 2 ** min(attempt - 1, 10)) * scale)
        else:
            return True
    return False
