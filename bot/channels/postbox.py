"""Events that a platform posts or hands out once: stored before they are confirmed, handled one after another
in each chat, gone on with after a crash."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.answering import Undelivered
from bot.channels.finishing import finish
from bot.channels.intake import Also, Arrival, Intake
from office import inbox
from office.clock import Clock
from office.database import DatabaseUnavailable
from office.messages import Incoming

_AT_ONCE = 16  # events handled at the same time, in different chats
_PAUSES = (1.0, 60.0)  # seconds before an event is tried again: the first, the longest
_FAULTS = 5  # of ours, then it is given up
_WORTH_ANSWERING = timedelta(days=1)

_log = logging.getLogger(__name__)


class Unreadable(Exception):
    """An event that can't be read; `error` says why, without quoting it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


Read = Callable[[Any], Incoming | None]
Serve = Callable[[Incoming], Awaitable[None]]


class Postbox:
    """The events of one account. What is taken before `resume` is only stored, as it is after `close`.

    `read` makes of a stored event what handlers know, None for one that says nothing; raises Unreadable.
    `serve` handles and answers it; raises Undelivered or DatabaseUnavailable to have it again later.
    """

    def __init__(
        self,
        *,
        channel: str,
        account: str,
        sessions: sessionmaker[Session],
        clock: Clock,
        read: Read,
        serve: Serve,
        grace: float = 8.0,
        scale: float = 1.0,
    ) -> None:
        """`grace`: seconds for what is in hand when we are to stop. `scale`: of the pauses between tries."""
        self._channel = channel
        self._account = account
        self._sessions = sessions
        self._clock = clock
        self._read = read
        self._serve = serve
        self._grace = grace
        self._scale = scale
        self._shut = True
        self._intake = Intake(self._store, sessions=sessions, stored=self._taken, scale=scale)
        self._tails: dict[str, asyncio.Task[None]] = {}  # chat → the last event of it that is in hand
        self._hands: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def take(self, key: str, raw: Any, *, also: Also | None = None) -> bool:
        """Store an event, and `also` what follows from it, in one transaction; False when it was known.

        Once this returns the platform may forget it. Raises DatabaseUnavailable: then it is stored later, as
        long as this life lasts, unless it comes again before.
        """
        return await self._intake.put(Arrival(key=key, raw=raw, also=also))

    async def resume(self) -> int:
        """Go on with what an earlier life has left or was only stored; how much that is.

        Raises DatabaseUnavailable.
        """
        self._shut = False  # first: what comes meanwhile may be begun twice, which does no harm
        left = await asyncio.to_thread(self._left)
        for stored in left:
            self._begin(stored.key, stored.raw)
        return len(left)

    async def close(self) -> None:
        """Let what is in hand finish for a while; the rest, and what comes, waits for `resume`."""
        self._shut = True
        await finish(self._hands, self._grace)

    @property
    def busy(self) -> int:
        """How many events are in hand."""
        return len(self._hands)

    # --- inside

    def _store(self, session: Session, event: Arrival) -> bool:
        now = self._clock.now()
        stored = inbox.receive(session, self._channel, self._account, event.key, at=now, raw=event.raw)
        if stored.new and event.also is not None:
            event.also(session)
        return stored.new

    def _taken(self, event: Arrival) -> None:
        if not self._shut:
            self._begin(event.key, event.raw)

    def _left(self) -> list[inbox.Stored]:
        with self._sessions() as session:
            return [s for s in inbox.unanswered(session, self._channel, self._account) if s.raw is not None]

    def _begin(self, key: str, raw: Any) -> None:
        try:
            incoming = self._read(raw)
        except Unreadable as unreadable:
            _log.error("Bỏ qua một sự kiện không đọc được (%s: %s)", self._channel, unreadable.error)
            self._spawn(self._finish(partial(self._poison, key, unreadable.error)))
            return
        if incoming is None:
            self._spawn(self._finish(partial(self._nothing, key)))
            return
        before = self._tails.get(incoming.chat)
        self._tails[incoming.chat] = task = self._spawn(self._handle(incoming, before))
        task.add_done_callback(partial(self._let_go, incoming.chat))

    def _spawn(self, coroutine: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(coroutine)
        self._hands.add(task)
        task.add_done_callback(self._hands.discard)
        return task

    def _let_go(self, chat: str, task: asyncio.Task[None]) -> None:
        if self._tails.get(chat) is task:
            del self._tails[chat]

    async def _handle(self, incoming: Incoming, before: asyncio.Task[None] | None) -> None:
        """Handle an event after the one before it in its chat, until that is done.

        The platform or the database may be out of reach for as long as they are; a fault of ours is tried a
        few times.
        """
        if before is not None:
            await asyncio.wait([before])
        faults, pause, began = 0, _PAUSES[0], self._clock.now()
        while faults < _FAULTS and self._clock.now() - began < _WORTH_ANSWERING:
            try:
                async with self._free:
                    await self._intake.calm()
                    await self._serve(incoming)
            except (Undelivered, DatabaseUnavailable) as error:
                _log.warning("Chưa trả lời được một tin (%s): %s", self._channel, type(error).__name__)
            except Exception as error:  # its text may quote what a citizen wrote
                faults += 1
                where = "".join(traceback.format_tb(error.__traceback__))
                _log.error("Xử lý hỏng một tin (%s: %s)\n%s", self._channel, type(error).__name__, where)
            else:
                return
            await asyncio.sleep(pause * self._scale)
            pause = min(pause * 2, _PAUSES[1])
        await self._finish(partial(self._poison, incoming.key, "given up"))

    async def _finish(self, store: Callable[[], None]) -> None:
        with suppress(DatabaseUnavailable, inbox.AlreadyHandled):  # it comes again in the next life
            await asyncio.to_thread(store)

    def _poison(self, key: str, error: str) -> None:
        with self._sessions.begin() as session:
            inbox.mark_poisoned(session, self._channel, self._account, key, error)

    def _nothing(self, key: str) -> None:
        with self._sessions.begin() as session:
            inbox.mark_handled(session, self._channel, self._account, key, ())
