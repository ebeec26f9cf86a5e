"""A trial of a notice: to oneself or to one group, marked so; it isn't sent by that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from office.people import Person
from scheduler.notices.desk import Notices


def try_out(
    session: Session,
    notices: Notices,
    notice_id: int,
    *,
    actor: Person,
    now: datetime,
    group_id: int | None = None,
) -> int:
    """Send a notice marked «BẢN THỬ» to one's own chats, or to an approved group; how many messages.

    Only before it is approved. Raises Refused.
    """
    raise NotImplementedError
