"""Calls of the Zalo Bot Platform that are made until it answers."""

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
        """What the platform answers. Raises WrongToken and Refused."""
        failed = 0
        while True:
            try:
                return await call()
            except (WrongToken, Refused):
                raise
            except CallEnded as ended:
                failed += 1
                reason = ended.reason.removesuffix(_AGAIN).rstrip(".")
                self._condition.mark(up=False, detail=f"{reason}.{_AGAIN}")
                wait = ended.seconds if isinstance(ended, TooFast) else self._pace.backoff(failed)
                await asyncio.sleep(wait)

    async def stored(self, store: Callable[[], Awaitable[None]]) -> None:
        """Return once the database can be used."""
        failed = 0
        while True:
            try:
                return await store()
            except DatabaseUnavailable as unavailable:
                failed += 1
                self._condition.mark(up=False, detail=unavailable.message)
                await asyncio.sleep(self._pace.backoff(failed))
