"""Asking a Zalo bot's events one after another: never faster than the floor, whatever comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.channels.answering import Patience
from bot.channels.zalo_bot_api import Timeouts, ZaloBotApi
from bot.channels.zalo_bot_codes import HOLD_SECONDS
from bot.channels.zalo_calls import CallEnded, Refused, TooFast, WrongToken
from office.database import DatabaseUnavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take, in seconds."""

    poll: int = 30  # what getUpdates waits for something new
    floor: float = 1.0  # from the start of one poll to the next: some bots get an old event again, at once
    first: float = 1.0  # back-off: the first wait …
    longest: float = 30.0  # … and the longest
    whole: float = 120.0  # for one message that the platform tells us to hold back
    grace: float = 8.0  # for what is in hand when we are told to stop
    stored: float = 3.0  # an event of the webhook, before the platform is told to come again
    typing: float = 1.0  # an answer that takes longer is announced
    hold: float = HOLD_SECONDS  # after «too many», then twice as long each time …
    longest_hold: float = 3600.0  # … up to this
    check: float = 600.0  # between looks at whether the webhook is still ours
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def patience(self) -> Patience:
        """The part of it that answers need."""
        return Patience(first=self.first, longest=self.longest, whole=self.whole, grace=self.grace)

    def backoff(self, failed: int) -> float:
        """The wait after so many failures in a row."""
        return min(self.longest, self.first * 2.0 ** min(failed - 1, 16))


class Poller:
    """Reads events and has each stored before it asks for the next."""

    def __init__(
        self,
        api: ZaloBotApi,
        *,
        take: Callable[[dict[str, Any]], Awaitable[None]],
        report: Callable[[str], None],
        pace: Pace,
    ) -> None:
        """`take` stores an event; raises DatabaseUnavailable. `report` is told why it fails, "" when it goes
        well."""
        self._api = api
        self._take = take
        self._report = report
        self._pace = pace
        self._failed = 0

    async def run(self) -> None:
        """Poll until cancelled. Raises WrongToken."""
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            await self._poll()
            await asyncio.sleep(max(0.0, started + self._pace.floor - clock()))

    async def _poll(self) -> None:
        """One poll, and the wait that a failure asks for."""
        # After a failure a short one, to know soon that it goes well again.
        wait = 1 if self._failed else self._pace.poll
        try:
            events = await self._api.updates(wait=wait)
        except WrongToken:
            raise
        except TooFast as fast:
            await self._mind(fast.reason, fast.seconds)
        except Refused as refused:
            if not await self._unhooked():
                await self._mind(refused.reason)
        except CallEnded as ended:
            await self._mind(ended.reason)
        else:
            self._well()
            for event in events:
                await self._store(event)

    async def _store(self, event: dict[str, Any]) -> None:
        """Keep at it until it is stored: the platform may have forgotten it already."""
        while True:
            try:
                await self._take(event)
            except DatabaseUnavailable as unavailable:
                await self._mind(unavailable.message)
            else:
                self._well()
                return

    async def _unhooked(self) -> bool:
        """A refusal to hand out events is, as far as known, because a webhook has been set meanwhile: whether
        one was, and is taken off."""
        try:
            if not await self._api.webhook():
                return False
            _log.warning("Bot Zalo bị đặt webhook ở nơi khác; gỡ để nhận tin trở lại")
            await self._api.delete_webhook()
        except WrongToken:
            raise
        except CallEnded:
            return False
        return True

    def _well(self) -> None:
        self._failed = 0
        self._report("")

    async def _mind(self, reason: str, seconds: float | None = None) -> None:
        self._report(reason)
        self._failed += 1
        if self._failed == 1:
            _log.warning("Chưa nhận được tin từ Zalo Bot: %s", reason)
        await asyncio.sleep(self._pace.backoff(self._failed) if seconds is None else seconds)
