"""Somebody leaves or changes: all their open work goes to somebody else in one step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import audit
from office.assignments import Assignment, AssignmentState, Responsible
from office.clock import ZONE
from office.people import Person, name_of
from office.refusal import Refused
from scheduler import audience
from scheduler.work import Work
from scheduler.work_texts import card, words


def hand_over(
    session: Session, work: Work, from_id: int, to_id: int, *, actor: Person, reason: str, now: datetime
) -> int:
    """Hand all open assignments of a member over; returns how many. Who takes over is told of each.

    Raises Refused when both are one. The caller checks the right.
    """
    if from_id == to_id:
        raise Refused(words()("refused.same_person"))
    open_ = Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED))
    rows = session.scalars(
        select(Assignment)
        .join(Responsible, Responsible.assignment_id == Assignment.id)
        .where(Responsible.member_id == from_id, Responsible.released_at.is_(None), open_)
        .order_by(Assignment.id)
    ).all()
    for row in rows:
        _move(session, row.id, from_id, to_id, now)
        audit.record(
            session,
            "assignment.hand_over",
            at=now,
            actor=actor.id,
            subject="assignment",
            subject_id=row.id,
            before={"member_id": from_id},
            after={"member_id": to_id},
            reason=reason,
        )
        _tell(session, work, row, from_id, to_id, now)
    return len(rows)


def _move(session: Session, assignment_id: int, from_id: int, to_id: int, now: datetime) -> None:
    old = session.get_one(Responsible, (assignment_id, from_id))
    old.released_at = now
    new = session.get(Responsible, (assignment_id, to_id))
    if new is None:
        session.add(Responsible(assignment_id=assignment_id, member_id=to_id, named=old.named))
    elif new.released_at is not None:
        new.released_at, new.acknowledged_at, new.named = None, None, old.named
    session.flush()


def _tell(session: Session, work: Work, row: Assignment, from_id: int, to_id: int, now: datetime) -> None:
    today = now.astimezone(ZONE).date()
    headline = words()(
        "handed_over", id=row.id, from_=name_of(session, from_id), to=name_of(session, to_id), title=row.title
    )
    reply = card(session, work, row, today=today, headline=headline)
    to = audience.privately(session, (to_id,), on=today)
    work.outbox.announce(session, f"work.handover.{to_id}", row.id, to, reply, now=now)
