"""Rules of reminders that people change while the program runs: switched on and off, and kept since then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from office import audit
from office.people import Person
from office.refusal import Refused
from office.reminders import Origin, Reminder
from office.rights import Action, demand
from scheduler.calendar import WorkCalendar
from scheduler.planner import first_moment


def switch(
    session: Session,
    row: Reminder,
    *,
    active: bool,
    reason: str,
    actor: Person,
    calendar: WorkCalendar,
    now: datetime,
) -> None:
    """Say it from now on, or no more, which needs a reason. Raises Refused."""
    demand(actor.roles, Action.CHANGE_REMINDERS)
    if not active and not reason.strip():
        raise Refused("Cần nêu lý do.", f"Ví dụ: /nhac tat {row.key} lý do …")
    before = state_of(row)
    row.active, row.problem = active, "" if active else row.problem
    restart(row, calendar=calendar, now=now)
    action = "reminder.on" if active else "reminder.off"
    keep(session, row, action, before, reason.strip(), actor=actor, now=now)


def restart(row: Reminder, *, calendar: WorkCalendar, now: datetime) -> None:
    """Its next moment from now on; none while it is switched off. Raises Refused."""
    row.changed_at = now
    row.next_at = first_moment(row.schedule, row.shift, after=now, calendar=calendar) if row.active else None
    if row.active and row.next_at is None:
        raise Refused("Lịch này không có lần nào sắp tới.", "Xem lại ngày hoặc cách chuyển ngày nghỉ.")


def keep(
    session: Session,
    row: Reminder,
    action: str,
    before: Mapping[str, Any] | None,
    reason: str,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """From now on people keep this rule, not its file or the program; and the deed is written down."""
    if row.origin is not Origin.CHAT:
        row.origin = Origin.CHAT
    session.flush()
    audit.record(
        session,
        action,
        at=now,
        actor=actor.id,
        subject="reminder",
        subject_id=row.id,
        before=before,
        after=state_of(row),
        reason=reason,
    )


def state_of(row: Reminder) -> dict[str, Any]:
    """What of a rule is written down."""
    return {"active": row.active, "schedule": row.schedule, "texts": [t["text"] for t in row.texts]}
