"""Who has confirmed a notice and who is missing, counted and named by the database: they may be very many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CompoundSelect, func, select, union
from sqlalchemy.orm import Session

from office.deliveries import Delivery
from office.notices import Notice, NoticeConfirmation
from office.people import Member
from scheduler.notices.moments import occurrence_of
from scheduler.notices.readers import departments_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`expected`: members who are to confirm by name. `confirmed`, `before`: of them, the present words or
    only former ones. `others`: who confirmed the present words without being expected."""

    expected: int
    confirmed: int
    before: int
    others: int


def counts(session: Session, row: Notice) -> Counts:
    """How many are to confirm a notice, and have."""
    expected = _expected(session, row).subquery()
    mine = NoticeConfirmation.notice_id == row.id
    current = NoticeConfirmation.revision == row.revision
    query = select(
        func.count(), func.count(NoticeConfirmation.id), func.count(NoticeConfirmation.id).filter(current)
    ).select_from(
        expected.outerjoin(NoticeConfirmation, mine & (NoticeConfirmation.member_id == expected.c.id))
    )
    total, said, confirmed = session.execute(query).one()
    everyone = session.scalar(select(func.count()).select_from(NoticeConfirmation).where(mine, current)) or 0
    if not row.confirm:
        return Counts(expected=0, confirmed=0, before=0, others=everyone)
    return Counts(expected=total, confirmed=confirmed, before=said - confirmed, others=everyone - confirmed)


def missing(session: Session, row: Notice, *, limit: int) -> tuple[str, ...]:
    """The names of some who have not confirmed the present words."""
    expected = _expected(session, row).subquery()
    said = select(NoticeConfirmation.member_id).where(
        NoticeConfirmation.notice_id == row.id, NoticeConfirmation.revision == row.revision
    )
    query = select(Member.name).where(Member.id.in_(select(expected.c.id)), Member.id.not_in(said))
    return tuple(session.scalars(query.order_by(Member.name, Member.id).limit(limit)))


def confirmed(session: Session, row: Notice, *, limit: int) -> tuple[tuple[str, datetime], ...]:
    """Some who have confirmed the present words and when, the first ones."""
    query = (
        select(Member.name, NoticeConfirmation.at)
        .join(Member, Member.id == NoticeConfirmation.member_id)
        .where(NoticeConfirmation.notice_id == row.id, NoticeConfirmation.revision == row.revision)
        .order_by(NoticeConfirmation.at, Member.name)
        .limit(limit)
    )
    return tuple((name, at) for name, at in session.execute(query))


def _expected(session: Session, row: Notice) -> CompoundSelect[int]:
    """Members written to privately, and those of the departments whose groups were written to."""
    sending = occurrence_of(session, row.id)
    sending_id = sending.id if sending else None
    departments = departments_of(session, sending_id)
    here = select(Member.id).where(Member.left_at.is_(None))
    private = here.join(Delivery, Delivery.member_id == Member.id).where(
        Delivery.occurrence_id == sending_id, Delivery.group.is_(False)
    )
    of_groups = here.where(Member.department_id.in_(departments))
    if row.started_at is not None:
        of_groups = of_groups.where(Member.joined_at <= row.started_at)
    return union(private, of_groups)
