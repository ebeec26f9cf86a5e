"""The span of days that a report is about, and the one before that it is compared with."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.office_report.words import words
from office.refusal import Refused

_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days, both included. `until`: the last one counted, today while the span isn't over; `end`: its own."""

    since: date
    until: date
    end: date

    @property
    def over(self) -> bool:
        """Whether all of its days are counted."""
        return self.until == self.end

    @property
    def days(self) -> int:
        """How many days are counted."""
        return (self.until - self.since).days + 1

    @property
    def name(self) -> str:
        """«tháng 11 năm 2026», «quý IV năm 2026», «năm 2026», or the days."""
        months = _whole_months(self.since, self.end)
        year, month = self.since.year, self.since.month
        if months == 1:
            return words()("span.month", month=month, year=year)
        if months == 3 and month % 3 == 1:
            return words()("span.quarter", quarter=_ROMAN[month // 3], year=year)
        if months == 12 and month == 1:
            return words()("span.year", year=year)
        return words()("span.days", since=f"{self.since:%d/%m/%Y}", until=f"{self.end:%d/%m/%Y}")

    @property
    def counted(self) -> str:
        """«từ ngày 01/11/2026 đến ngày 24/11/2026»."""
        return words()("span.days", since=f"{self.since:%d/%m/%Y}", until=f"{self.until:%d/%m/%Y}")

    def before(self) -> Span:
        """As many months before, where it is whole months, else as many days.

        Of one that isn't over as many days as are counted of it.
        """
        end = self.since - timedelta(days=1)
        months = _whole_months(self.since, self.end)
        since = _months_before(self.since, months) if months else self.since - timedelta(days=self.days)
        until = end if self.over else min(since + timedelta(days=self.days - 1), end)
        return Span(since=since, until=until, end=end if self.over else until)


def span(since: date, until: date, *, today: date) -> Span:
    """The span of these days as far as it has come. Raises Refused for one that is turned or hasn't begun."""
    if until < since:
        raise Refused(words()("span.turned"), words()("span.mend"))
    if since > today:
        raise Refused(words()("span.ahead", since=f"{since:%d/%m/%Y}"), words()("span.mend"))
    return Span(since=since, until=min(until, today), end=until)


def _whole_months(since: date, end: date) -> int:
    """How many; 0 when they are not whole."""
    if since.day != 1 or end.day != monthrange(end.year, end.month)[1]:
        return 0
    return (end.year - since.year) * 12 + end.month - since.month + 1


def _months_before(first: date, months: int) -> date:
    at = first.year * 12 + first.month - 1 - months
    return date(at // 12, at % 12 + 1, 1)
