"""From draft to leaving: handed in, approved by a second person or given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office.notices import Notice
from office.people import Person
from scheduler.notices.audience import Reach
from scheduler.notices.desk import Notices


def submit(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """Hand a draft in: whoever may approve it, and isn't its author, is asked privately. Raises Refused."""
    raise NotImplementedError


def approve(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime, reason: str = ""
) -> Notice:
    """The second person says yes: it leaves now, or at its time, or when the quiet hours end. Raises Refused.

    Nobody approves what they created, changed last or handed in.
    """
    raise NotImplementedError


def give_back(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Back to its author as a draft, with a remark; also one that waits for its time. Raises Refused."""
    raise NotImplementedError


def send(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """Send a draft without a second person, where the office's settings allow that. Raises Refused.

    Hoả tốc needs a reason then.
    """
    raise NotImplementedError


def missing(notice: Notice, reach: Reach, *, alone: bool = False) -> tuple[str, ...]:
    """What a notice lacks to go, a sentence each; () for nothing. `alone`: without a second person."""
    raise NotImplementedError


def may_approve(session: Session, notice: Notice, who: Person) -> bool:
    """Whether this person is the second one: has the right and isn't the author."""
    raise NotImplementedError
