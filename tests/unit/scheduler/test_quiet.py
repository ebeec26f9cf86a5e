"""Quiet hours over midnight, weekends and Tết."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from office.clock import ZONE
from scheduler.calendar import WorkCalendar
from scheduler.quiet import QuietHours

CALENDAR = WorkCalendar.shipped()
QUIET = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=CALENDAR)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(lambda m: m.replace(tzinfo=ZONE))  # noqa: DTZ001 - the zone follows


def at(day: int, month: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (at(2, 3, 8), None),
        (at(2, 3, 19, 59), None),
        (at(2, 3, 20), at(3, 3, 6, 30)),
        (at(3, 3, 6, 29), at(3, 3, 6, 30)),
        (at(3, 3, 6, 30), None),
        (at(6, 3, 21), at(9, 3, 6, 30)),  # Friday night to Monday
        (at(13, 2, 20, 30), at(23, 2, 6, 30)),  # the whole of Tết
        (at(10, 1, 9), None),  # a make-up Saturday
    ],
)
def test_known_nights(moment: datetime, ends: datetime | None) -> None:
    assert QUIET.ends(moment) == ends
    assert QUIET.ends(moment.astimezone(UTC)) == ends


@given(moment=MOMENTS)
@settings(deadline=None)
def test_the_end_of_quiet_is_later_and_not_quiet(moment: datetime) -> None:
    ends = QUIET.ends(moment)
    if ends is not None:
        assert ends > moment
        assert QUIET.ends(ends) is None


def test_equal_hours_mean_none_are_quiet() -> None:
    never = QuietHours(since=time(0), until=time(0), days_off=False, calendar=CALENDAR)
    assert never.ends(at(17, 2, 3)) is None
    days_only = QuietHours(since=time(0), until=time(0), days_off=True, calendar=CALENDAR)
    assert days_only.ends(at(7, 3, 9)) == at(9, 3, 0)


def test_hours_within_a_day_may_be_quiet_too() -> None:
    siesta = QuietHours(since=time(11), until=time(13), days_off=False, calendar=CALENDAR)
    assert siesta.ends(at(2, 3, 12)) == at(2, 3, 13)
    assert siesta.ends(at(2, 3, 13)) is None
