"""A notice on its way: begun, queued in small steps, paused, gone on with, cancelled, finished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from office.notices import Notice
from office.people import Person
from scheduler.notices.desk import Notices

CHUNK = 500  # chats whose messages are written in one transaction


def cancel(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Call a notice off: before it leaves, or what of it has not left yet. Raises Refused."""
    raise NotImplementedError


def pause(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Hold back what has not left yet. Raises Refused."""
    raise NotImplementedError


def resume(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str = "", now: datetime
) -> Notice:
    """Let a paused notice go on. Raises Refused."""
    raise NotImplementedError


def queue_some(
    session: Session, notices: Notices, notice_id: int, *, now: datetime, most: int = CHUNK
) -> bool:
    """Write the next deliveries of a notice that is being sent; True while there may be more.

    Said again it writes nothing twice: chats that have theirs are left out.
    """
    raise NotImplementedError


def due(session: Session, now: datetime) -> Sequence[int]:
    """The notices whose time has come, the earliest first."""
    raise NotImplementedError


def begin(session: Session, notices: Notices, notice_id: int, *, now: datetime) -> bool:
    """Let a notice whose time has come leave; False when it may not yet, or somebody else was first."""
    raise NotImplementedError


def finish(session: Session, notices: Notices, notice_id: int, *, now: datetime) -> bool:
    """Write down that nothing of a notice waits any more, and tell its author; False while something does."""
    raise NotImplementedError
