"""The files that conversations hand out and take in; made elsewhere, for handlers draw no pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from office.assignments import Assignment
from scheduler.statistics import Share, Statistics
from scheduler.work import Draft


class RowProblem(Protocol):
    """What is wrong with a row of a table."""

    @property
    def row(self) -> int: ...

    @property
    def column(self) -> str: ...

    @property
    def message(self) -> str: ...

    @property
    def mend(self) -> str: ...


class Preview(Protocol):
    """What a table holds: what can be given, and what is wrong."""

    @property
    def drafts(self) -> Sequence[Draft]: ...

    @property
    def problems(self) -> Sequence[RowProblem]: ...


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

    def template(self) -> bytes:
        """An empty Excel workbook to fill in."""
        ...

    def read(self, content: bytes, name: str, session: Session, today: date) -> Preview:
        """The assignments of an Excel or CSV file, with what is wrong row by row."""
        ...

    def feed_address(self, session: Session, department_id: int) -> str:
        """The secret address of a department's calendar; "" where the office has no public address."""
        ...
