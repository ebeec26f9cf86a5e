"""Makes a report to the leaders: the figures of a span beside those of the span before."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from handlers.library import Library
from handlers.office_report.counting import count_questions, nothing_deleted, oldest_day, total_questions
from handlers.office_report.figures import Before, OfficeReport, Seal
from handlers.office_report.notices import count_notices
from handlers.office_report.spans import Span, span
from office.audit import AuditHead
from scheduler import statistics
from scheduler.calendar import WorkCalendar
from scheduler.statistics import Statistics


def office_report(
    session: Session, library: Library, since: date, until: date, *, today: date, calendar: WorkCalendar
) -> OfficeReport:
    """The report of [since, until], up to today where it isn't over.

    `library` names fields and facets and says what an answer tells; its office is the report's. Reads only.
    Raises Refused for days that are turned or ahead.
    """
    days = span(since, until, today=today)
    oldest = oldest_day(session)
    work = _work(session, days, today, calendar)
    before = _before(session, library, days.before(), today, calendar, oldest)
    head = session.get(AuditHead, 1, populate_existing=True)
    return OfficeReport(
        office=library.office.name,
        span=days,
        made_on=today,
        questions=count_questions(session, library, days, calendar=calendar),
        departments=work.departments if work.total.total else (),
        work=work.total,
        notices=count_notices(session, days),
        before=before,
        kept_since=oldest if oldest is not None and oldest > before.span.since else None,
        seal=Seal(serial=head.serial, hash=head.hash) if head is not None else None,
    )


def _before(
    session: Session,
    library: Library,
    days: Span,
    today: date,
    calendar: WorkCalendar,
    oldest: date | None,
) -> Before:
    kept = oldest is not None and oldest <= days.until
    return Before(
        span=days,
        questions=total_questions(session, library, days) if kept else None,
        work=_work(session, days, today, calendar).total,
        notices=count_notices(session, days),
        never=not kept and nothing_deleted(session),
    )


def _work(session: Session, days: Span, today: date, calendar: WorkCalendar) -> Statistics:
    return statistics.on_time(session, days.since, days.until, today=today, calendar=calendar)
