"""What a Zalo bot needs before it can serve, tried until it goes well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.channels.zalo_bot_condition import Condition
from bot.channels.zalo_bot_polling import Pace
from bot.channels.zalo_calls import CallEnded, Refused, TooFast, WrongToken
from office.database import DatabaseUnavailable

_AGAIN = " Chương trình sẽ tự thử lại."

_T = TypeVar("_T")


class Patience:
    """Tries again at growing distances, and has it said meanwhile why nothing is served."""

    def __init__(self, condition: Condition, pace: Pace) -> None:
        self._condition = condition
        self._pace = pace

    async def call(self, call: Callable[[], Awaitable[_T]]) -> _T:
        """What comes of a call once platform and database are there. Raises WrongToken and Refused."""
        failed = 0
        while True:
            failed += 1
            wait = self._pace.backoff(failed)
            try:
                return await call()
            except (WrongToken, Refused):
                raise
            except CallEnded as ended:
                reason = ended.reason.removesuffix(_AGAIN).rstrip(".") + "." + _AGAIN
                if isinstance(ended, TooFast):
                    wait = ended.seconds
            except DatabaseUnavailable as unavailable:
                reason = unavailable.message
            self._condition.mark(up=False, detail=reason)
            await asyncio.sleep(wait)
