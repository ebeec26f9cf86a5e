"""The report of the month that has ended, sent to the leaders by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from handlers.library import Library
from handlers.office_report.figures import OfficeReport
from handlers.office_report.making import office_report
from handlers.office_report.wording import as_lines
from office import files
from office.clock import ZONE
from office.messages import File, Reply
from scheduler.calendar import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyReport:
    """Writes it. `papers` makes its files, which are kept once, however many people they go to."""

    library: Callable[[], Library]
    calendar: Callable[[], WorkCalendar]
    papers: Callable[[OfficeReport], tuple[File, ...]]

    def __call__(self, session: Session, now: datetime) -> Reply:
        """The month before `now`, as a message with its files."""
        today = now.astimezone(ZONE).date()
        since, until = month_before(today)
        report = office_report(session, self.library(), since, until, today=today, calendar=self.calendar())
        kept = tuple(
            File(
                name=file.name,
                media_type=file.media_type,
                picture=file.picture,
                stored=files.store(session, file.content, now=now),
            )
            for file in self.papers(report)
        )
        return Reply(lines=as_lines(report), files=kept)


def month_before(today: date) -> tuple[date, date]:
    """The first and the last day of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last
