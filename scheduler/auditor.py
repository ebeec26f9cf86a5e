"""Proves each morning that everything due in the last day was sent, held, cancelled or explained.

It doesn't trust the planner: the moments of each rule are computed anew and looked for among the occurrences.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from office.assignments import Assignment
from office.deliveries import Delivery, Occurrence, OccurrenceState, Source, Status
from office.messages import Line, Reply, Style
from office.notices import Notice, NoticeState
from office.reminders import Reminder, ReminderKind
from scheduler.schedule import BadSchedule, Shift, WorkDays, parse_schedule
from scheduler.wording import plan_texts, when

PERIOD = timedelta(days=1)
_PATIENCE = timedelta(minutes=2)  # what is due since a moment ago may be in planning
_STUCK = timedelta(minutes=5)
_MOST = 2000  # moments of one rule in a day
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What became of a day. `unexplained`: what nobody can account for, in words; should be empty."""

    since: datetime
    until: datetime
    statuses: dict[Status, int]
    occurrences: dict[OccurrenceState, int]
    unexplained: tuple[str, ...]
    to_do: tuple[str, ...]  # failed and uncertain messages, for a clerk

    @property
    def ok(self) -> bool:
        return not self.unexplained


def audit(session: Session, now: datetime, calendar: WorkDays) -> AuditReport:
    """Look at everything due in the day before `now`."""
    since = now - PERIOD
    found: dict[OccurrenceState, int] = {}
    for state, count in session.execute(
        select(Occurrence.state, func.count())
        .where(Occurrence.due_at > since, Occurrence.due_at <= now)
        .group_by(Occurrence.state)
    ):
        found[state] = count
    statuses: dict[Status, int] = {}
    for status, count in session.execute(
        select(Delivery.status, func.count())
        .join(Occurrence, Occurrence.id == Delivery.occurrence_id)
        .where(Occurrence.due_at > since, Occurrence.due_at <= now)
        .group_by(Delivery.status)
    ):
        statuses[status] = count
    unexplained = [
        *_unplanned(session, since, now, calendar),
        *_late_rows(session, now),
        *_late_notices(session, now),
        *_without_deliveries(session, since, now),
        *_stuck(session, now),
        *_failed_plans(session, since, now),
    ]
    return AuditReport(
        since=since,
        until=now,
        statuses=statuses,
        occurrences=found,
        unexplained=tuple(unexplained),
        to_do=tuple(_to_do(session, since, now)),
    )


def _unplanned(session: Session, since: datetime, now: datetime, calendar: WorkDays) -> list[str]:
    """Moments of the rules that have no occurrence."""
    missing = []
    for row in session.scalars(select(Reminder).where(Reminder.active)):
        if row.problem:
            missing.append(plan_texts("audit.problem", title=row.title, problem=row.problem))
            continue
        try:
            schedule = parse_schedule(row.schedule, shift=Shift(row.shift))
        except BadSchedule as exc:
            missing.append(plan_texts("audit.problem", title=row.title, problem=exc.message))
            continue
        moment = max(since, row.changed_at)  # before that the rule was another
        planned = set(
            session.scalars(
                select(Occurrence.due_at).where(
                    Occurrence.source == Source.REMINDER,
                    Occurrence.source_id == row.id,
                    Occurrence.due_at > since,
                )
            )
        )
        for _ in range(_MOST):
            occasion = schedule.next_after(moment, calendar)
            if occasion is None or occasion.at > now - _PATIENCE:
                break
            moment = occasion.at
            if moment not in planned:
                missing.append(plan_texts("audit.unplanned", title=row.title, when=when(moment)))
    return missing


def _late_rows(session: Session, now: datetime) -> list[str]:
    """Rungs whose moment has passed without being planned."""
    count = session.scalar(
        select(func.count()).select_from(Assignment).where(Assignment.next_rung_at <= now - _PATIENCE)
    )
    return [plan_texts("audit.rungs", count=count)] if count else []


def _late_notices(session: Session, now: datetime) -> list[str]:
    """Notices whose time has passed, or that began to leave, and stand still."""
    waits = and_(Notice.state == NoticeState.SCHEDULED, Notice.send_at <= now - _PATIENCE)
    halfway = and_(
        Notice.state == NoticeState.SENDING,
        Notice.queued_at.is_(None),
        Notice.started_at <= now - _PATIENCE,
    )
    count = session.scalar(select(func.count()).select_from(Notice).where(or_(waits, halfway)))
    return [plan_texts("audit.notices", count=count)] if count else []


def _without_deliveries(session: Session, since: datetime, now: datetime) -> list[str]:
    """Occurrences that claim to have been planned and have nothing to show."""
    rows = session.execute(
        select(Occurrence.id, Occurrence.due_at, Reminder.kind)
        .outerjoin(Delivery, Delivery.occurrence_id == Occurrence.id)
        .outerjoin(
            Reminder,
            (Reminder.id == Occurrence.source_id) & (Occurrence.source == Source.REMINDER),
        )
        .where(
            Occurrence.due_at > since,
            Occurrence.due_at <= now,
            Occurrence.state == OccurrenceState.PLANNED,
            Delivery.id.is_(None),
        )
    )
    return [
        plan_texts("audit.empty", number=number, when=when(due_at))
        for number, due_at, kind in rows
        if kind not in (ReminderKind.ASSIGNMENT, ReminderKind.NOTICE) and due_at <= now - _PATIENCE
    ]


def _stuck(session: Session, now: datetime) -> list[str]:
    """Messages that should be gone and neither wait for a known moment nor were given up."""
    stuck = session.scalars(
        select(Delivery)
        .where(
            Delivery.status.in_((Status.QUEUED, Status.SENDING, Status.HELD)),
            Delivery.ready_at <= now - _STUCK,
        )
        .order_by(Delivery.id)
        .limit(_LISTED)
    ).all()
    return [
        plan_texts("audit.stuck", number=row.id, status=row.status.label, when=when(row.ready_at))
        for row in stuck
        if row.status is not Status.SENDING or (row.claimed_at or row.ready_at) <= now - _STUCK
    ]


def _failed_plans(session: Session, since: datetime, now: datetime) -> list[str]:
    rows = session.scalars(
        select(Occurrence).where(
            Occurrence.due_at > since, Occurrence.due_at <= now, Occurrence.state == OccurrenceState.FAILED
        )
    )
    return [plan_texts("audit.failed_plan", number=row.id, when=when(row.due_at)) for row in rows]


def _to_do(session: Session, since: datetime, now: datetime) -> list[str]:
    rows = session.scalars(
        select(Delivery)
        .where(
            Delivery.status.in_((Status.FAILED, Status.UNCERTAIN)),
            Delivery.finished_at > since,
            Delivery.finished_at <= now,
        )
        .order_by(Delivery.id)
        .limit(_LISTED)
    )
    return [
        plan_texts("audit.to_do", number=row.id, chat=row.chat, status=row.status.label, reason=row.reason)
        for row in rows
    ]


def as_reply(report: AuditReport) -> Reply:
    """The report as a message."""
    lines = [
        Line(plan_texts("audit.title", since=when(report.since), until=when(report.until)), Style.TITLE),
        Line(plan_texts("audit.ok" if report.ok else "audit.not_ok", count=len(report.unexplained))),
    ]
    lines += [
        Line(f"{status.label}: {report.statuses[status]}", Style.ITEM)
        for status in Status
        if report.statuses.get(status)
    ]
    lines += [
        Line(f"{state.label}: {report.occurrences[state]}", Style.ITEM)
        for state in OccurrenceState
        if state is not OccurrenceState.PLANNED and report.occurrences.get(state)
    ]
    lines += [Line(text, Style.WARNING) for text in report.unexplained[:_LISTED]]
    if report.to_do:
        lines.append(Line(plan_texts("audit.look")))
        lines += [Line(text, Style.ITEM) for text in report.to_do]
    return Reply(lines=tuple(lines))
