"""The files that conversations hand out and take in; made elsewhere, for handlers draw no pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from handlers.office_report.figures import OfficeReport
from office.assignments import Assignment
from office.messages import File, Line
from scheduler.notices.report import Report
from scheduler.statistics import Share, Statistics
from scheduler.work import Draft


class Preview(Protocol):
    """What a table holds that can be given."""

    @property
    def drafts(self) -> Sequence[Draft]: ...


class Papers(Protocol):
    """Makes and reads files. Sizes are small: they are made while somebody waits."""

    def assignments(self, session: Session, rows: Iterable[Assignment]) -> bytes:
        """An Excel workbook of assignments."""
        ...

    def statistics(self, found: Statistics) -> bytes:
        """An Excel workbook of on-time shares."""
        ...

    def chart(self, shares: Sequence[Share], title: str, since: date, until: date) -> bytes:
        """A PNG of on-time shares."""
        ...

    def notice(self, found: Report) -> bytes:
        """An Excel workbook of what became of a notice."""
        ...

    def office_report(self, report: OfficeReport) -> tuple[File, ...]:
        """The report to the leaders as a picture, a Word document and an Excel workbook."""
        ...

    def template(self) -> bytes:
        """An empty Excel workbook to fill in."""
        ...

    def read(self, content: bytes, name: str, session: Session, today: date) -> Preview:
        """The assignments of an Excel or CSV file, with what is wrong row by row."""
        ...

    def describe(self, preview: Preview) -> tuple[Line, ...]:
        """What a table holds and what is wrong with it, row by row."""
        ...

    def feed_address(self, session: Session, department_id: int) -> str:
        """The secret address of a department's calendar; "" where the office has no public address."""
        ...
