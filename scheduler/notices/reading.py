"""Who has read a notice: «Đã đọc» is written down, and who hasn't said so is reminded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office.people import Person
from scheduler.notices.desk import Notices


def confirm(
    session: Session, notice_id: int, who: Person, *, channel: str, account: str, chat: str, now: datetime
) -> bool:
    """«Đã đọc»: False when they have said so of these words before. Raises Refused."""
    raise NotImplementedError


def nudge(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> int:
    """Remind who has not confirmed, and nobody else; how many messages. Raises Refused.

    Privately who was written to privately; one message to each department's group, naming who is missing.
    """
    raise NotImplementedError
