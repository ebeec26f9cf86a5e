"""Whether an Official Account's API can be reached: every call tells; while it can't, it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from bot.channels.answering import Patience
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken
from office.database import DatabaseUnavailable

_T = TypeVar("_T")


class Reach:
    """What is known of it. `reason`: why it can't be reached, "" while it can."""

    def __init__(self, tell: Callable[[str], None], patience: Patience) -> None:
        """`tell` is given the reason whenever it changes."""
        self.reason = ""
        self._tell = tell
        self._patience = patience
        self._away = asyncio.Event()

    def heard(self, reason: str = "") -> None:
        """A call has ended: Zalo has answered, or why it hasn't."""
        if reason == self.reason:
            return
        self.reason = reason
        if reason:
            self._away.set()
        else:
            self._away.clear()
        self._tell(reason)

    async def watch(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Whenever it can't be reached, `ask` until it can. Raises WrongToken and Refused."""
        while True:
            await self._away.wait()
            pause = self._patience.first
            while self._away.is_set():
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._patience.longest)
                with suppress(NotSent, Lost, TooFast):
                    await ask()


class Told(Protocol):
    """Who hears why something hasn't gone well yet."""

    def __call__(self, *, detail: str) -> None: ...


async def patiently(call: Callable[[], Awaitable[_T]], patience: Patience, told: Told) -> _T:
    """Call until it goes well. Raises WrongToken and Refused."""
    pause = patience.first
    while True:
        try:
            return await call()
        except (WrongToken, Refused):
            raise
        except TooFast as fast:
            told(detail=fast.reason)
            await asyncio.sleep(min(fast.seconds, patience.longest))
        except CallEnded as ended:
            told(detail=ended.reason)
        except DatabaseUnavailable as exc:
            told(detail=exc.message)
        await asyncio.sleep(pause)
        pause = min(pause * 2, patience.longest)
