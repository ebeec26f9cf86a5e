"""The days of a report and those it is compared with."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.office_report.monthly import month_before
from handlers.office_report.spans import Span, span
from office.refusal import Refused

TODAY = date(2026, 12, 24)


def days(since: str, until: str, today: date = TODAY) -> Span:
    return span(date.fromisoformat(since), date.fromisoformat(until), today=today)


def both(found: Span) -> tuple[str, str]:
    return found.since.isoformat(), found.until.isoformat()


@pytest.mark.parametrize(
    ("since", "until", "before", "name"),
    [
        ("2026-11-01", "2026-11-30", ("2026-10-01", "2026-10-31"), "tháng 11 năm 2026"),
        ("2026-01-01", "2026-01-31", ("2025-12-01", "2025-12-31"), "tháng 1 năm 2026"),
        ("2026-07-01", "2026-09-30", ("2026-04-01", "2026-06-30"), "quý III năm 2026"),
        ("2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31"), "năm 2025"),
        ("2026-03-01", "2026-04-30", ("2026-01-01", "2026-02-28"), "từ ngày 01/03/2026 đến ngày 30/04/2026"),
        ("2026-11-10", "2026-11-20", ("2026-10-30", "2026-11-09"), "từ ngày 10/11/2026 đến ngày 20/11/2026"),
        ("2026-11-10", "2026-11-10", ("2026-11-09", "2026-11-09"), "từ ngày 10/11/2026 đến ngày 10/11/2026"),
    ],
)
def test_months_are_compared_with_months_and_days_with_days(
    since: str, until: str, before: tuple[str, str], name: str
) -> None:
    found = days(since, until)
    assert both(found.before()) == before
    assert found.name == name
    assert found.over


def test_a_month_that_is_not_over_is_compared_with_as_many_days_of_the_one_before() -> None:
    found = days("2026-12-01", "2026-12-31")
    assert both(found) == ("2026-12-01", "2026-12-24")
    assert not found.over
    assert found.name == "tháng 12 năm 2026"
    assert both(found.before()) == ("2026-11-01", "2026-11-24")


def test_of_a_shorter_month_before_no_more_days_are_taken_than_it_has() -> None:
    found = days("2026-03-01", "2026-03-31", date(2026, 3, 30))
    assert both(found.before()) == ("2026-02-01", "2026-02-28")


@pytest.mark.parametrize(("since", "until"), [("2026-11-30", "2026-11-01"), ("2026-12-25", "2026-12-31")])
def test_days_that_are_turned_or_ahead_are_refused(since: str, until: str) -> None:
    with pytest.raises(Refused):
        days(since, until)


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 12, 1), date(2026, 11, 1), date(2026, 11, 30)),
        (date(2027, 1, 4), date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 3, 1), date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_the_monthly_report_is_of_the_month_before(today: date, first: date, last: date) -> None:
    assert month_before(today) == (first, last)
