"""A department's deadlines as a calendar that people subscribe to."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from bot.files.texts import clean, words
from office.assignments import (
    Assignment,
    AssignmentState,
    Decision,
    Extension,
    Priority,
    Report,
    Responsible,
)
from office.audit import Deed
from office.clock import ZONE
from office.database import execute
from office.people import Department, Member
from office.refusal import Refused
from scheduler.calendar import WorkCalendar, midnight

if TYPE_CHECKING:
    from icalendar import Event

ICALENDAR = "text/calendar; charset=utf-8"
_REFRESH = timedelta(hours=1)
_RANKS = {Priority.EXPRESS: 1, Priority.URGENT: 3, Priority.ORDINARY: 5}  # of RFC 5545: 1 is the highest


def feed_token(session: Session, department_id: int) -> str:
    """The secret in the address of a department's calendar, made at the first call. Raises Refused.

    Whoever knows it can read the calendar.
    """
    here = update(Department).where(Department.id == department_id, Department.feed.is_(None))
    execute(session, here.values(feed=secrets.token_urlsafe(32)))
    token = session.scalar(select(Department.feed).where(Department.id == department_id))
    if token is None:
        raise Refused(words()("feed.no_department"))
    return token


def department_by_token(session: Session, token: str) -> Department | None:
    """Whose calendar has this secret."""
    return session.scalar(select(Department).where(Department.feed == token)) if token else None


def department_feed(session: Session, department: Department, calendar: WorkCalendar, now: datetime) -> bytes:
    """The department's unfinished assignments as an iCalendar file, an all-day event on each due day.

    Work of no department is in the calendar of its responsible members' departments. The file changes only
    when the work does, or becomes overdue.
    """
    from icalendar import Calendar, Timezone

    feed = Calendar()
    feed.add("prodid", "-//Xin Luon//Nhiem vu//VI")
    feed.add("version", "2.0")
    feed.add("calscale", "GREGORIAN")
    feed.add("x-wr-calname", words()("feed.name", department=clean(department.name)))
    feed.add("x-wr-timezone", "Asia/Ho_Chi_Minh")
    feed.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", "PT1H")
    # An iCalendar file must hold something, also when there is no work.
    feed.add_component(Timezone.from_tzid("Asia/Ho_Chi_Minh", first_date=date(2020, 1, 1)))
    mine = _unfinished(department.id)
    changed, extensions, names = _changed(session, mine), _granted(session, mine), _names(session, mine)
    query = select(Assignment).where(mine).order_by(Assignment.due_on, Assignment.id)
    for row in session.scalars(query):
        modified = max(row.created_at, changed.get(row.id, row.created_at))
        event = _event(row, names[row.id], calendar, now, modified=modified)
        event.add("sequence", extensions.get(row.id, 0))
        feed.add_component(event)
    content: bytes = feed.to_ical()
    return content


def _event(
    row: Assignment, names: Sequence[str], calendar: WorkCalendar, now: datetime, *, modified: datetime
) -> Event:
    from icalendar import Event

    if _overdue(row, now):
        modified = max(modified, midnight(row.due_on + timedelta(days=1)))
    event = Event()
    event.add("uid", f"nhiem-vu-{row.id}-{row.created_at:%Y%m%d%H%M%S}@xinluon")
    # Without a METHOD, RFC 5545 has DTSTAMP say when the event was last revised.
    event.add("dtstamp", modified)
    event.add("last-modified", modified)
    event.add("created", row.created_at)
    event.add("dtstart", row.due_on)
    event.add("dtend", row.due_on + timedelta(days=1))
    event.add("summary", words()("feed.summary", title=clean(row.title)))
    event.add("description", "\n".join(_description(row, names, calendar, now)))
    event.add("status", "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("priority", _RANKS[row.priority])
    return event


def _overdue(row: Assignment, now: datetime) -> bool:
    return row.state is AssignmentState.OPEN and row.due_on < now.astimezone(ZONE).date()


def _description(row: Assignment, names: Sequence[str], calendar: WorkCalendar, now: datetime) -> list[str]:
    text = words()
    lines = [text("feed.number", id=row.id)]
    if _overdue(row, now):
        lines.insert(0, text("feed.overdue", date=f"{row.due_on + timedelta(days=1):%d/%m/%Y}"))
    if row.document and row.document_date:
        lines.append(text("feed.document_dated", document=row.document, date=f"{row.document_date:%d/%m/%Y}"))
    elif row.document:
        lines.append(text("feed.document", document=row.document))
    if row.given_by:
        lines.append(text("feed.given_by", who=row.given_by))
    if names:
        lines.append(text("feed.members", who=", ".join(names)))
    if row.priority is not Priority.ORDINARY:
        lines.append(text("feed.priority", priority=row.priority.label))
    lines.append(text("feed.state", state=row.state.label))
    if row.due_on != row.first_due_on:
        lines.append(text("feed.extended", date=f"{row.first_due_on:%d/%m/%Y}"))
    if not calendar.is_working(row.due_on):
        lines.append(text("feed.day_off", name=calendar.day(row.due_on).name or text("feed.weekend")))
    return [clean(line) for line in lines]


# --- rows


def _unfinished(department_id: int) -> ColumnElement[bool]:
    its_people = (
        select(Responsible.assignment_id)
        .join(Member, Member.id == Responsible.member_id)
        .where(Member.department_id == department_id, Responsible.released_at.is_(None))
    )
    return and_(
        Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED)),
        or_(
            Assignment.department_id == department_id,
            and_(Assignment.department_id.is_(None), Assignment.id.in_(its_people)),
        ),
    )


def _changed(session: Session, mine: ColumnElement[bool]) -> dict[int, datetime]:
    """When something was last done about each assignment."""
    ids = select(Assignment.id).where(mine)
    found: dict[int, datetime] = {}
    for query in (
        select(Deed.subject_id, func.max(Deed.at))
        .where(Deed.subject == "assignment", Deed.subject_id.in_(ids))
        .group_by(Deed.subject_id),
        select(Report.assignment_id, func.max(Report.reported_at))
        .where(Report.assignment_id.in_(ids))
        .group_by(Report.assignment_id),
    ):
        for key, at in session.execute(query):
            if key is not None:
                found[key] = max(at, found.get(key, at))
    return found


def _granted(session: Session, mine: ColumnElement[bool]) -> dict[int, int]:
    """How often the day of each assignment has moved."""
    query = (
        select(Extension.assignment_id, func.count())
        .join(Assignment, Assignment.id == Extension.assignment_id)
        .where(mine, Extension.decision.in_((Decision.APPROVED, Decision.CHANGED)))
        .group_by(Extension.assignment_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _names(session: Session, mine: ColumnElement[bool]) -> defaultdict[int, list[str]]:
    """Who was named for each assignment; a whole department isn't listed."""
    query = (
        select(Responsible.assignment_id, Member.name)
        .join(Member, Member.id == Responsible.member_id)
        .join(Assignment, Assignment.id == Responsible.assignment_id)
        .where(mine, Responsible.named, Responsible.released_at.is_(None))
        .order_by(Member.name, Member.id)
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key, name in session.execute(query):
        found[key].append(name)
    return found
