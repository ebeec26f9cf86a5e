"""A notice that has left is corrected or taken back: in place, or by a marked message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from office.notices import Notice
from office.people import Person
from scheduler.notices.desk import Notices
from scheduler.notices.drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that comes with a correction."""

    name: str
    content: bytes


def correct(
    session: Session,
    notices: Notices,
    notice_id: int,
    draft: Draft,
    *,
    actor: Person,
    reason: str,
    now: datetime,
    add: Sequence[Upload] = (),
    drop: Sequence[int] = (),
) -> Notice:
    """Put other words to a notice that is leaving, paused or sent. Raises Refused.

    Recipients, priority and time stay. `add`, `drop`: files to add, and numbers of NoticeFile to take off; a
    chat can't be given other files in place. Who has not had it yet simply gets the new words.
    """
    raise NotImplementedError


def retract(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Take a notice back: what waits is cancelled, what has arrived is deleted or called off."""
    raise NotImplementedError
