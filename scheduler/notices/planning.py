"""The notices' side of planning: what is due leaves, what leaves is queued on, what is done is finished.

Each step is a short transaction of its own, so that the answers to citizens get between them. All of it may
be said again, by any number of processes: a notice that was interrupted goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office.clock import Clock
from office.database import DatabaseUnavailable
from office.notices import Notice, NoticeState
from scheduler.notices.correcting import change_some, pending
from scheduler.notices.desk import Notices
from scheduler.notices.sending import begin, due, finish, next_due, queue_some

__all__ = ["NoticePlanner", "next_due"]

log = structlog.get_logger(__name__)

# Between steps, for whoever else waits to write: SQLite looks again only after some milliseconds.
BREATH = 0.03
STEP = 250  # chats queued in one transaction, which locks out others for a twentieth of a second


class NoticePlanner:
    """Takes the next step of every notice on its way. All it remembers is how far it has looked."""

    def __init__(
        self,
        notices: Notices,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session] | None = None,
        clock: Clock,
        breath: float = BREATH,
    ) -> None:
        """`readers`: sessions that take no write lock, to look whether there is anything to do."""
        self._notices = notices
        self._sessions = sessions
        self._readers = readers or sessions
        self._clock = clock
        self._breath = breath
        self._after: dict[int, int] = {}  # notice → the private chat up to which its messages are written

    def plan(self) -> int:
        """One step of each notice that has one to take; how many. Call again until it is none."""
        now = self._clock.now()
        with self._readers() as session:
            waiting, unqueued, queued = due(session, now), _sending(session, False), _sending(session, True)
            changing = pending(session)
        steps: list[tuple[Callable[[Session, int], int], int]] = [
            *((self._begin, number) for number in waiting),
            *((self._queue, number) for number in unqueued),
            *((self._change, number) for number in changing),
            *((self._finish, number) for number in queued),
        ]
        return sum(self._step(step, number) for step, number in steps)

    def _step(self, step: Callable[[Session, int], int], number: int) -> int:
        try:
            with self._sessions.begin() as session:
                done = step(session, number)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("notices.failed", notice=number)  # one notice must stop no other
            return 0
        if done:
            time.sleep(self._breath)
        return done

    def _begin(self, session: Session, number: int) -> int:
        return int(begin(session, self._notices, number, now=self._clock.now()))

    def _queue(self, session: Session, number: int) -> int:
        after = self._after.pop(number, 0)
        queued = queue_some(session, self._notices, number, now=self._clock.now(), most=STEP, after=after)
        if queued is None:
            return 0
        self._after[number] = queued.after
        return 1

    def _change(self, session: Session, number: int) -> int:
        return int(change_some(session, self._notices, number, now=self._clock.now()) > 0)

    def _finish(self, session: Session, number: int) -> int:
        return int(finish(session, self._notices, number, now=self._clock.now()))


def _sending(session: Session, queued: bool) -> list[int]:
    """What is on its way: all of it written down already, or not."""
    written = Notice.queued_at.is_not(None) if queued else Notice.queued_at.is_(None)
    query = select(Notice.id).where(Notice.state == NoticeState.SENDING, written)
    return list(session.scalars(query.order_by(Notice.started_at, Notice.id)))
