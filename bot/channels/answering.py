"""Answers on their way to a platform, a page at a time: what to do about each way it can refuse or fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.channels.plain_text import Page
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast
from scheduler.courier import Gate

TRIES = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may take, in seconds."""

    first: float = 1.0  # back-off: the first wait …
    longest: float = 30.0  # … and the longest
    whole: float = 120.0  # for one page that the platform tells us to hold back
    grace: float = 8.0  # for what is in hand when we are told to stop


class Mouth(Protocol):
    """Says one page to one chat. Every method raises what bot.channels.zalo_calls has."""

    async def say(self, chat: str, page: Page, *, group: bool) -> str:
        """The platform's id of the message, "" where it gives none."""
        ...

    async def knock(self) -> None:
        """Ask the platform anything that changes nothing, to hear whether it is there."""
        ...


class Undelivered(Exception):
    """The platform could not be reached or told us to wait too long; trying again later may help."""


class Answerer:
    """Sends pages in order and remembers how far it came with those it could not finish."""

    def __init__(self, mouth: Mouth, gate: Gate, patience: Patience | None = None) -> None:
        """`gate`: the account's pace, which answers and deliveries share."""
        self.uncertain = 0
        self._mouth = mouth
        self._gate = gate
        self._patience = patience or Patience()
        self._taken: dict[str, int] = {}  # key → pages that are done
        self._doubtful: set[str] = set()  # keys whose next page may have arrived

    async def send(self, pages: Sequence[Page], *, chat: str, group: bool, key: str) -> None:
        """Send what of these pages hasn't been sent yet. After Undelivered the same key goes on there."""
        for page in pages[self._taken.get(key, 0) :]:
            if not await self._take(page, chat, group, key):
                break
            self._taken[key] = self._taken.get(key, 0) + 1
        self._taken.pop(key, None)

    async def _take(self, page: Page, chat: str, group: bool, key: str) -> bool:
        """Say a page; False when nothing more can be said in this chat."""
        goes_on = True
        try:
            await self._persist(page, chat, group, key)
        except Refused as refused:
            _log.warning("Không gửi được câu trả lời: %s", refused.reason)
            goes_on = not refused.unreachable
        self._doubtful.discard(key)
        return goes_on

    async def _persist(self, page: Page, chat: str, group: bool, key: str) -> None:
        """Say it until the platform has taken it. Raises Undelivered and Refused."""
        until = _time() + self._patience.whole
        for attempt in range(TRIES):
            if key in self._doubtful:
                await self._hear(until)
            await self._enter(chat, group, until)
            try:
                await self._mouth.say(chat, page, group=group)
            except TooFast as fast:
                self._gate.flooded(chat, fast.seconds, account=fast.account)
                if _time() + fast.seconds > until:
                    raise Undelivered from None
                await asyncio.sleep(fast.seconds)
            except NotSent:
                await asyncio.sleep(min(self._patience.longest, self._patience.first * 2**attempt))
            except Lost as lost:
                # It may have arrived. To the citizen who asked, no answer is worse than the same one twice:
                # once more as soon as the platform is heard again, and then it counts as sent, since two
                # requests hardly get lost on their way.
                if key in self._doubtful:
                    self._doubt(lost)
                    return
                self._doubtful.add(key)
                await asyncio.sleep(self._patience.first)
            except Refused:
                raise
            except CallEnded:  # a wrong token: the channel itself finds out and says so
                raise Undelivered from None
            else:
                return
        raise Undelivered

    async def _hear(self, until: float) -> None:
        """Wait until the platform answers anything. Raises Undelivered."""
        pause = self._patience.first
        while True:
            try:
                await self._mouth.knock()
            except (TooFast, Refused):
                return
            except CallEnded:
                if _time() + pause > until:
                    raise Undelivered from None
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._patience.longest)

    async def _enter(self, chat: str, group: bool, until: float) -> None:
        """Wait for the turn at the pace shared with deliveries."""
        try:
            async with asyncio.timeout_at(until):
                await self._gate.enter(chat, group=group)
        except TimeoutError:
            raise Undelivered from None

    def _doubt(self, lost: Lost) -> None:
        self.uncertain += 1
        _log.warning("Không rõ một câu trả lời đã tới hay chưa (%s)", lost.reason)


def _time() -> float:
    return asyncio.get_running_loop().time()
