"""The files of the staff's conversations, made by this package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy.orm import Session

from bot.files import chart, feed, imports, notice_workbook, office_report, workbook
from handlers.office_report.figures import OfficeReport
from handlers.staff.papers import Papers, Preview
from office.assignments import Assignment
from office.messages import File, Line
from scheduler.notices.report import Report
from scheduler.statistics import Share, Statistics

FEED_PATH = "/lich"


class OfficePapers(Papers):
    """All kinds. `public_url`: where people reach the web page from outside; "" for nowhere."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")

    def assignments(self, session: Session, rows: Iterable[Assignment]) -> bytes:
        return workbook.assignments_xlsx(session, rows)

    def statistics(self, found: Statistics) -> bytes:
        return workbook.statistics_xlsx(found)

    def chart(self, shares: Sequence[Share], title: str, since: date, until: date) -> bytes:
        return chart.on_time_png(shares, title, since, until)

    def notice(self, found: Report) -> bytes:
        return notice_workbook.notice_xlsx(found)

    def office_report(self, report: OfficeReport) -> tuple[File, ...]:
        return office_report.report_files(report)

    def template(self) -> bytes:
        return imports.template_xlsx()

    def read(self, content: bytes, name: str, session: Session, today: date) -> imports.Preview:
        return imports.read_assignments(content, name, session, today)

    def describe(self, preview: Preview) -> tuple[Line, ...]:
        return imports.as_lines(preview) if isinstance(preview, imports.Preview) else ()

    def feed_address(self, session: Session, department_id: int) -> str:
        if not self._public_url:
            return ""
        return f"{self._public_url}{FEED_PATH}/{feed.feed_token(session, department_id)}.ics"
