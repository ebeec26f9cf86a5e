"""Who stands in for a member who is away."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from office.people import Absence, Person, person


def stand_in_for(session: Session, member_id: int, on: date) -> Person | None:
    """Who stands in for a member on a day; None when the member is there, or nobody does.

    Follows stand-ins who are away themselves, to the first who is there; never in circles.
    """
    seen = {member_id}
    current = member_id
    while True:
        absence = session.scalar(
            select(Absence)
            .where(
                Absence.member_id == current,
                Absence.since <= on,
                Absence.until >= on,
                Absence.cancelled_at.is_(None),
            )
            .order_by(Absence.id.desc())
            .limit(1)
        )
        if absence is None:
            return person(session, current) if current != member_id else None
        following = absence.stand_in_id
        if following is None or following in seen or person(session, following) is None:
            return person(session, current) if current != member_id else None
        seen.add(following)
        current = following
