"""Events on their way into the inbox: those that come together are stored by one commit, in their order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from office.database import DatabaseUnavailable

_TOGETHER = 100  # events stored by one commit
_FIRST = 2.0  # seconds that storing goes before answering, when both are to be done
_KEPT = 500  # events that are kept in mind while the database can't be used
_PAUSES = (0.2, 5.0)  # seconds between tries then: the first, the longest

_log = logging.getLogger(__name__)

Also = Callable[[Session], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event that has come, and what is to be stored together with it."""

    key: str
    raw: Any
    also: Also | None = None


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    stored: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Intake:
    """Stores the events of one account.

    `store` puts one into an open transaction; False when it was known. `stored` is told of each new one, in
    the order of their coming, once it is committed.
    """

    def __init__(
        self,
        store: Callable[[Session, Arrival], bool],
        *,
        sessions: sessionmaker[Session],
        stored: Callable[[Arrival], None],
        scale: float = 1.0,
    ) -> None:
        """`scale`: of the pauses between tries."""
        self._store = store
        self._sessions = sessions
        self._stored = stored
        self._scale = scale
        self._queue: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None
        # A thread of its own: a platform waits for two seconds only, however much there is to be answered.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def put(self, arrival: Arrival) -> bool:
        """Store an event; False when it was known, or can never be stored, which is logged.

        Raises DatabaseUnavailable; the event is kept in mind all the same and stored as soon as that can be,
        since not every platform sends again what it was not thanked for.
        """
        waiting = _Waiting(arrival)
        self._queue.append(waiting)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain())
        return await waiting.stored

    async def calm(self) -> None:
        """Wait until there is nothing to store, for a moment at most: platforms wait for two seconds only."""
        if self._work is not None and not self._work.done():
            await asyncio.wait([self._work], timeout=_FIRST)

    # --- inside

    async def _drain(self) -> None:
        pause = _PAUSES[0]
        loop = asyncio.get_running_loop()
        while some := self._queue[:_TOGETHER]:
            arrivals = [waiting.arrival for waiting in some]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._commit, arrivals)
            except DatabaseUnavailable as unavailable:
                self._put_off(some, unavailable)
                await asyncio.sleep(pause * self._scale)
                pause = min(pause * 2, _PAUSES[1])
                continue
            pause = _PAUSES[0]
            del self._queue[: len(some)]
            for waiting, new in zip(some, outcomes, strict=True):
                if new:
                    self._stored(waiting.arrival)
                if not waiting.stored.done():
                    waiting.stored.set_result(new)

    def _put_off(self, some: Sequence[_Waiting], unavailable: DatabaseUnavailable) -> None:
        """Tell who waits, and keep no more than there is room for."""
        for waiting in some:
            if not waiting.stored.done():
                waiting.stored.set_exception(unavailable)
        told = [waiting for waiting in self._queue if waiting.stored.done()]
        for waiting in told[: max(0, len(told) - _KEPT)]:
            self._queue.remove(waiting)

    def _commit(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """Which of them are new. One that can't be stored must not keep the others out."""
        try:
            with self._sessions.begin() as session:
                return [self._store(session, arrival) for arrival in arrivals]
        except DatabaseUnavailable:
            raise
        except Exception as error:
            if len(arrivals) == 1:
                # Not what it says: that may quote somebody's words.
                _log.error("Bỏ qua một sự kiện không lưu được (%s)", type(error).__name__)
                return [False]
        return [new for arrival in arrivals for new in self._commit([arrival])]
