"""What each kind of rule comes to at its moment: a text in its turn, assignments, digests, the self-check."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from office.assignments import Assignment
from office.clock import ZONE
from office.database import execute
from office.deliveries import Doubt, Urgency
from office.messages import Line, Reply, Style
from office.people import Department, Role, departments, find_department
from office.reminders import Reminder, ReminderKind
from scheduler import audience, auditor, digests
from scheduler.notices import campaigns
from scheduler.notices.desk import Notices
from scheduler.outbox import Manner
from scheduler.planner import Composer, Made, Message, Moment
from scheduler.reminder_files import AssignmentTemplate
from scheduler.rotation import Rotation, next_text
from scheduler.wording import plan_texts
from scheduler.work import Draft, Work

Report = Callable[[Session, datetime], Reply]  # of the month before a moment


def composers(
    work: Work, notices: Notices | None = None, report: Report | None = None
) -> Mapping[ReminderKind, Composer]:
    """A composer for each kind.

    `report` comes from above, for it needs the knowledge; without it (a rehearsal) it is only announced.
    """
    desk = notices or Notices(outbox=work.outbox, calendar=work.calendar)

    def assignments(session: Session, row: Reminder, moment: Moment) -> Made:
        return _assignments(work, session, row, moment)

    def notice(session: Session, row: Reminder, moment: Moment) -> Made:
        return campaigns.compose(desk, session, row, moment)

    def digest(session: Session, row: Reminder, moment: Moment) -> Made:
        return _digest(work, session, moment)

    def leaders(session: Session, row: Reminder, moment: Moment) -> Made:
        return _leaders(work, session, moment)

    def month(session: Session, row: Reminder, moment: Moment) -> Made:
        return _month(report, session, row, moment)

    def audit(session: Session, row: Reminder, moment: Moment) -> Made:
        return _audit(work, session, moment)

    return {
        ReminderKind.MESSAGE: _message,
        ReminderKind.ASSIGNMENT: assignments,
        ReminderKind.NOTICE: notice,
        ReminderKind.DIGEST: digest,
        ReminderKind.LEADERS: leaders,
        ReminderKind.MONTH: month,
        ReminderKind.AUDIT: audit,
    }


def _message(session: Session, row: Reminder, moment: Moment) -> Made:
    """The text whose turn it is (or all of them in one message), with its source."""
    texts = {str(text["key"]): text for text in row.texts}
    if row.rotate:
        key, rotation = next_text(list(texts), Rotation.from_dict(row.rotation))
        here = update(Reminder).where(Reminder.id == row.id)
        execute(session, here.values(rotation=rotation.as_dict()))
        chosen = [texts[key]]
    else:
        chosen = list(texts.values())
    lines = [Line(row.title, Style.TITLE)]
    for text in chosen:
        lines.append(Line(str(text["text"])))
        if text.get("source"):
            lines.append(Line(f"Theo {text['source']}", Style.SOURCE))
    stale = timedelta(minutes=row.stale_minutes) if row.stale_minutes else None
    # Said by a rule that will speak again: a doubt isn't worth a second message.
    manner = Manner(doubt=Doubt.LEAVE, stale_at=moment.due_at + stale if stale else None)
    to = audience.of_rule(session, row.audience, on=_day(moment.now))
    return Made(messages=(Message(to=to, reply=Reply(lines=tuple(lines)), manner=manner),))


def _assignments(work: Work, session: Session, row: Reminder, moment: Moment) -> Made:
    """An assignment for each department of the template; made once, whatever happens."""
    template = AssignmentTemplate.model_validate(row.template)
    made = 0
    for department in _departments(session, template):
        key = f"{row.key}:{moment.due_at:%Y%m%d%H%M}:{department.key}"
        if session.scalar(select(Assignment.id).where(Assignment.origin_key == key)) is not None:
            continue
        draft = Draft(
            title=template.title,
            description=template.description,
            document=template.document,
            given_by=template.given_by,
            department_id=department.id,
            due_on=_due_day(template, moment.due_at),
            working_days=template.due_working_days,
            priority=template.priority,
            reminder_id=row.id,
            origin_key=key,
        )
        work.create(session, draft, actor=None, now=moment.now)
        made += 1
    return Made(note=plan_texts("assignments_made", count=made), made_other=made > 0)


def _departments(session: Session, template: AssignmentTemplate) -> list[Department]:
    if "*" in template.departments:
        return list(departments(session))
    found = (find_department(session, key) for key in template.departments)
    return list({department.id: department for department in found if department is not None}.values())


def _due_day(template: AssignmentTemplate, due_at: datetime) -> date | None:
    """The day of that month, or of the next where it has passed; None for a deadline in working days."""
    if template.due_day is None:
        return None
    start = due_at.astimezone(ZONE).date()
    year, month = start.year, start.month
    if template.due_day < start.day:
        year, month = year + month // 12, month % 12 + 1
    last = gregorian.monthrange(year, month)[1]
    return date(year, month, min(template.due_day, last))


def _digest(work: Work, session: Session, moment: Moment) -> Made:
    """One message to each department's groups: its open work by urgency."""
    today = _day(moment.now)
    messages = []
    for department in departments(session):
        to = audience.groups(session, department_id=department.id)
        reply = digests.of_department(session, department, today, work.calendar()) if to else None
        if reply is not None:
            messages.append(Message(to=to, reply=reply, manner=_today_only(moment)))
    return Made(messages=tuple(messages), note="" if messages else plan_texts("nothing_open"))


def _leaders(work: Work, session: Session, moment: Moment) -> Made:
    """The week for the leaders, and Văn phòng."""
    today = _day(moment.now)
    reply = digests.for_leaders(session, today, work.calendar())
    to = audience.in_role(session, Role.LEADER, Role.VAN_PHONG, on=today)
    return Made(messages=(Message(to=to, reply=reply, manner=_today_only(moment)),))


def _month(report: Report | None, session: Session, row: Reminder, moment: Moment) -> Made:
    """The month before, for the leaders and Văn phòng; written only where somebody is to get it."""
    to = audience.in_role(session, Role.LEADER, Role.VAN_PHONG, on=_day(moment.now))
    if not to:
        return Made()
    reply = report(session, moment.due_at) if report else Reply(lines=(Line(row.title, Style.TITLE),))
    stale = timedelta(minutes=row.stale_minutes) if row.stale_minutes else None
    manner = Manner(stale_at=moment.due_at + stale if stale else None)
    return Made(messages=(Message(to=to, reply=reply, manner=manner),))


def _audit(work: Work, session: Session, moment: Moment) -> Made:
    """What became of everything that was due in the last day, to the admins."""
    report = auditor.audit(session, moment.now, work.calendar())
    to = audience.in_role(session, Role.ADMIN, on=_day(moment.now))
    urgency = Urgency.ORDINARY if report.ok else Urgency.URGENT
    manner = Manner(doubt=Doubt.LEAVE, urgency=urgency, passes_quiet=not report.ok)
    return Made(messages=(Message(to=to, reply=auditor.as_reply(report), manner=manner),))


def _today_only(moment: Moment) -> Manner:
    return Manner(doubt=Doubt.LEAVE, stale_at=moment.due_at + timedelta(hours=9))


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()
