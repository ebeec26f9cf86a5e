"""Counts the notices that left in a span: whom they reached and who confirmed them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from handlers.office_report.figures import NoticeRow, Notices, Ratio
from handlers.office_report.spans import Span
from office.deliveries import Status
from office.notices import Notice
from scheduler.calendar import midnight
from scheduler.notices.report import progress


def count_notices(session: Session, days: Span) -> Notices:
    """The notices whose sending began in a span, as far as they have come by now."""
    since, end = midnight(days.since), midnight(days.until + timedelta(days=1))
    query = (
        select(Notice)
        .where(Notice.started_at >= since, Notice.started_at < end)
        .order_by(Notice.started_at, Notice.id)
    )
    return Notices(rows=tuple(_row(session, notice) for notice in session.scalars(query).all()))


def _row(session: Session, notice: Notice) -> NoticeRow:
    found = progress(session, notice.id)
    confirmed = Ratio(found.confirmed, found.expected) if notice.confirm and found.expected else None
    return NoticeRow(
        id=notice.id,
        title=notice.title,
        document=notice.document,
        started_at=notice.started_at or notice.changed_at,
        state=notice.state,
        chats=found.planned,
        reached=found.count(Status.SENT),
        failed=found.count(Status.FAILED, Status.CANCELLED),
        uncertain=found.count(Status.UNCERTAIN),
        unreached=found.unreached,
        confirmed=confirmed,
    )
