"""What every action on an assignment does besides: write it down and tell those concerned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from office import audit
from office.assignments import Assignment
from office.clock import ZONE
from office.messages import Choice, ChoiceKind, Line, Reply
from office.people import Person
from scheduler import audience
from scheduler.work import Work
from scheduler.work_texts import words


def tell_van_phong(
    session: Session, work: Work, row: Assignment, reply: Reply, what: str, now: datetime
) -> None:
    """Tell Văn phòng at once."""
    to = audience.van_phong(session, on=local_day(now))
    work.outbox.announce(session, what, row.id, to, reply, now=now, manner=work.manner(row))


def tell_all(
    session: Session,
    work: Work,
    row: Assignment,
    lines: list[Line],
    what: str,
    now: datetime,
    *,
    choices: tuple[Choice, ...] = (),
) -> None:
    """Tell everyone responsible at once."""
    to = work.recipients(session, row, on=local_day(now))
    reply = Reply(lines=tuple(lines), choices=choices)
    work.outbox.announce(session, what, row.id, to, reply, now=now, manner=work.manner(row))


def note(
    session: Session,
    action: str,
    row: Assignment,
    who: Person,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Write an action on an assignment down."""
    audit.record(
        session,
        action,
        at=now,
        actor=who.id,
        subject="assignment",
        subject_id=row.id,
        before=before,
        after=after,
        reason=reason,
    )


def button(label: str, payload: str) -> Choice:
    """A button by its name in the texts."""
    return Choice(kind=ChoiceKind.FACET, label=words()(f"buttons.{label}"), payload=payload)


def local_day(now: datetime) -> date:
    """The day in Việt Nam."""
    return now.astimezone(ZONE).date()
