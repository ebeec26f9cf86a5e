"""Schedules in a clerk's words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from office.clock import ZONE
from scheduler.calendar import WorkCalendar
from scheduler.schedule import BadSchedule, Shift, parse_schedule

CALENDAR = WorkCalendar.shipped()
FORMS = (
    "mỗi ngày làm việc 7:00",
    "moi ngay 7h va 13h30",
    "thứ Hai 8:00",
    "Thứ Hai đầu tháng 8:00",
    "thứ Sáu cuối tháng 15:00",
    "ngày 15 hằng tháng 8:00",
    "ngày cuối tháng 16:00",
    "ngày làm việc cuối tháng 16:00",
    "ngày 20 tháng cuối quý 8:00",
    "ngày 15/6 hằng năm 8:00",
    "cron: 0 7 * * 1-5",
    "cron: */30 8-10 1,15 * *",
    "chủ nhật hằng tuần 9:00",
)


def local(text: str, after: datetime, shift: Shift = Shift.SKIP) -> str:
    found = parse_schedule(text, shift=shift).next_after(after, CALENDAR)
    return f"{found.at.astimezone(ZONE):%a %d/%m/%Y %H:%M}" if found else ""


NOON = datetime(2026, 2, 12, 12, tzinfo=ZONE)  # Thursday before Tết


@pytest.mark.parametrize(
    ("text", "shift", "expected"),
    [
        ("mỗi ngày làm việc 7:00", Shift.SKIP, "Fri 13/02/2026 07:00"),
        ("mỗi ngày 7:00", Shift.SKIP, "Fri 13/02/2026 07:00"),
        ("thứ Hai 8:00", Shift.SKIP, "Mon 23/02/2026 08:00"),
        ("thứ hai hằng tuần 8:00", Shift.BEFORE, "Fri 13/02/2026 08:00"),
        ("thứ Hai 8:00", Shift.AFTER, "Mon 23/02/2026 08:00"),
        ("thứ Hai 8:00", Shift.KEEP, "Mon 16/02/2026 08:00"),
        ("ngày 15 hằng tháng 8:00", Shift.BEFORE, "Fri 13/02/2026 08:00"),
        ("ngày 15 hằng tháng 8:00", Shift.AFTER, "Mon 23/02/2026 08:00"),
        ("thứ Hai đầu tháng 8:00", Shift.SKIP, "Mon 02/03/2026 08:00"),
        ("thứ Sáu cuối tháng 15h", Shift.SKIP, "Fri 27/02/2026 15:00"),
        ("ngày làm việc cuối tháng 16:00", Shift.SKIP, "Fri 27/02/2026 16:00"),
        ("ngày 20 tháng cuối quý 8:00", Shift.SKIP, "Fri 20/03/2026 08:00"),
        ("ngày 29/2 hằng năm 8:00", Shift.KEEP, "Tue 29/02/2028 08:00"),
        ("một lần 05/12/2026 8:00", Shift.AFTER, "Mon 07/12/2026 08:00"),
        ("một lần 05/12/2026 8:00", Shift.SKIP, ""),
        ("một lần 11/02/2026 8:00", Shift.KEEP, ""),
        ("cron: 0 7 * * 0", Shift.KEEP, "Sun 15/02/2026 07:00"),
        ("cron: 0 7 * * 7", Shift.KEEP, "Sun 15/02/2026 07:00"),
        ("cron: 0 7 * * 1-5", Shift.KEEP, "Fri 13/02/2026 07:00"),
        ("cron: 0 7 * * sat", Shift.KEEP, "Sat 14/02/2026 07:00"),
        ("7:00 và 13:00 mỗi ngày làm việc", Shift.SKIP, "Thu 12/02/2026 13:00"),
    ],
)
def test_the_words_mean_what_a_clerk_means(text: str, shift: Shift, expected: str) -> None:
    assert local(text, NOON, shift) == expected


def test_a_make_up_saturday_is_a_working_day() -> None:
    assert local("mỗi ngày làm việc 7:00", datetime(2026, 8, 21, 12, tzinfo=ZONE)) == "Sat 22/08/2026 07:00"


def test_a_shifted_moment_says_where_it_comes_from() -> None:
    found = parse_schedule("ngày 15 hằng tháng 8:00", shift=Shift.BEFORE).next_after(NOON, CALENDAR)
    assert found
    assert found.shifted
    assert found.original == date(2026, 2, 15)


@pytest.mark.parametrize(
    "text",
    ["", "mỗi ngày làm việc", "7:00", "ngày 32 hằng tháng 8:00", "ngày 30/2 hằng năm 8:00", "thứ Tám 8:00",
     "một lần 31/11/2026 8:00", "cron: 0 7 * *", "cron: 99 7 * * *", "cron: 0 7 * * 8", "cron: 0 7 * * 5-1",
     "hôm nào rảnh 8:00"],
)  # fmt: skip
def test_what_cannot_be_read_is_answered_with_how_to_write_it(text: str) -> None:
    with pytest.raises(BadSchedule) as caught:
        parse_schedule(text)
    assert "viết" in caught.value.mend or "thêm giờ" in caught.value.mend


@given(
    text=st.sampled_from(FORMS),
    shift=st.sampled_from(list(Shift)),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)),  # noqa: DTZ001 - the zone follows
    later=st.timedeltas(timedelta(0), timedelta(days=20)),
)
@settings(max_examples=80, deadline=None)
def test_moments_come_strictly_after_and_none_is_passed_over(
    text: str, shift: Shift, start: datetime, later: timedelta
) -> None:
    schedule, moment = parse_schedule(text, shift=shift), start.replace(tzinfo=UTC)
    first = schedule.next_after(moment, CALENDAR)
    second = schedule.next_after(moment + later, CALENDAR)
    if first is None:
        assert text.startswith("chủ nhật")
        assert shift is Shift.SKIP
        return
    assert first.at > moment
    assert second is not None
    assert second.at >= first.at
    if first.at > moment + later:
        assert second.at == first.at
    day = first.at.astimezone(ZONE).date()
    assert shift is Shift.KEEP or CALENDAR.is_working(day)
