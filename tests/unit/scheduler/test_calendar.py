"""The State's working calendar: known days, counts that agree with each other, files that can be wrong."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.strict_yaml import BadYaml
from office.clock import ZONE
from scheduler.calendar import CalendarTooFar, WorkCalendar
from scheduler.calendar_overlay import Interval

CALENDAR = WorkCalendar.shipped()
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 1)).map(lambda m: m.replace(tzinfo=ZONE))  # noqa: DTZ001 - the zone follows


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


# --- known days


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), False),  # swapped, which the library lacks
        (date(2026, 1, 10), True),
        (date(2026, 2, 13), True),
        *[(date(2026, 2, n), False) for n in range(14, 23)],
        (date(2026, 2, 23), True),
        (date(2026, 4, 27), False),  # Giỗ Tổ falls on a Sunday
        (date(2026, 4, 30), False),
        (date(2026, 5, 1), False),
        (date(2026, 8, 22), True),
        (date(2026, 8, 31), False),
        (date(2026, 9, 1), False),
        (date(2026, 9, 2), False),
        (date(2026, 9, 3), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
        (date(2025, 5, 2), False),  # swapped, as the library knows
        (date(2025, 4, 26), True),
    ],
)
def test_the_known_days(day: date, working: bool) -> None:
    assert CALENDAR.is_working(day) is working


def test_every_day_of_the_overlay_names_its_document() -> None:
    special = [day for m in range(1, 13) for day in CALENDAR.month(2026, m) if day.name]
    assert len(special) == 17
    assert all(day.document and day.confirmed for day in special)
    assert "12729/VPCP-KGVX" in CALENDAR.day(date(2026, 1, 2)).document


def test_the_overlay_agrees_with_the_library_but_for_the_swap_it_lacks() -> None:
    bare = WorkCalendar()
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    differing = [day for day in days if bare.is_working(day) != CALENDAR.is_working(day)]
    assert differing == [date(2026, 1, 2), date(2026, 1, 10)]


def test_a_year_without_a_confirmed_file_is_flagged_in_each_result() -> None:
    assert CALENDAR.confirmed(2026)
    assert not CALENDAR.confirmed(2027)
    assert not CALENDAR.day(date(2027, 3, 1)).confirmed
    due = CALENDAR.due(date(2026, 12, 28), 10)
    assert not due.confirmed
    assert "2027" in due.warning
    assert CALENDAR.due(date(2026, 3, 2), 10).warning == ""


def test_a_deadline_over_tet_is_explained_day_by_day() -> None:
    due = CALENDAR.due(date(2026, 2, 10), 10)
    assert due.day == date(2026, 3, 3)
    texts = [step.text for step in due.steps]
    assert texts[0] == "thứ Ba 10/02/2026: ngày nhận, không tính"
    assert texts[1] == "thứ Tư 11/02/2026: ngày làm việc thứ 1"
    assert any(
        t.startswith("thứ Hai 16/02/2026 nghỉ: Tết Nguyên đán") and "Văn phòng Chính phủ" in t for t in texts
    )
    assert "thứ Bảy 14/02/2026 nghỉ: ngày nghỉ hằng tuần" in texts
    assert [step.counted for step in due.steps if step.counted] == list(range(1, 11))


def test_a_make_up_saturday_counts_and_has_full_hours() -> None:
    assert CALENDAR.add_working_days(date(2026, 8, 21), 1) == date(2026, 8, 22)
    assert CALENDAR.day(date(2026, 8, 22)).hours == timedelta(hours=8)


def test_hours_run_over_lunch_the_night_and_tet() -> None:
    friday = date(2026, 2, 13)
    assert CALENDAR.add_working_hours(at(friday, 10), 2) == at(friday, 14)
    assert CALENDAR.add_working_hours(at(friday, 16), 2) == at(date(2026, 2, 23), 8)
    assert CALENDAR.add_working_hours(at(friday, 12), 0) == at(friday, 13)
    assert CALENDAR.add_working_hours(at(friday, 7), 4) == at(friday, 11)
    assert CALENDAR.in_working_hours(at(friday, 7))
    assert not CALENDAR.in_working_hours(at(friday, 11))
    assert not CALENDAR.in_working_hours(at(date(2026, 2, 16), 9))
    assert CALENDAR.add_working_hours(datetime(2026, 2, 13, 3, tzinfo=UTC), 1).tzinfo is UTC


# --- properties


@given(day=DAYS, count=st.integers(1, 60))
@settings(deadline=None)
def test_going_forward_and_back_comes_to_the_same_working_day(day: date, count: int) -> None:
    start = CALENDAR.next_working(day)
    there = CALENDAR.add_working_days(start, count)
    assert CALENDAR.is_working(there)
    assert CALENDAR.add_working_days(there, -count) == start
    assert CALENDAR.working_days_between(start, there) == count
    assert CALENDAR.working_days_between(there, start) == -count


@given(day=DAYS, count=st.integers(1, 40))
@settings(deadline=None)
def test_a_deadline_falls_on_a_working_day_and_its_steps_lead_to_it(day: date, count: int) -> None:
    due = CALENDAR.due(day, count)
    assert CALENDAR.is_working(due.day)
    assert due.steps[-1].date == due.day
    assert due.steps[-1].counted == count
    assert len(due.steps) == (due.day - day).days + 1
    assert due.day == CALENDAR.add_working_days(day, count)


@given(one=DAYS, two=DAYS, count=st.integers(0, 30))
@settings(deadline=None)
def test_who_starts_later_is_not_done_earlier(one: date, two: date, count: int) -> None:
    first, second = sorted((one, two))
    assert CALENDAR.add_working_days(first, count) <= CALENDAR.add_working_days(second, count)


@given(moment=MOMENTS, one=st.integers(0, 2400), two=st.integers(1, 2400))
@settings(deadline=None)
def test_working_hours_add_up(moment: datetime, one: int, two: int) -> None:
    first = CALENDAR.add_working_hours(moment, timedelta(minutes=one))
    whole = CALENDAR.add_working_hours(moment, timedelta(minutes=one + two))
    assert CALENDAR.add_working_hours(first, timedelta(minutes=two)) == whole
    assert whole > first >= moment or one == 0


def test_counting_is_cheap() -> None:
    started = clock.process_time()
    for _ in range(1000):
        CALENDAR.add_working_days(date(2026, 1, 5), 10)
    assert clock.process_time() - started < 0.5


# --- the office's own files


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_offices_own_day_wins(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        'year: 2026\ndays:\n  - {date: 2026-02-23, off: true, name: Hội xuân, document: "12/TB-SCT"}\n'
        '  - {date: 2026-02-16, hours: ["7:00-11:00"], name: Trực, document: "13/TB-SCT"}\n',
    )
    calendar = WorkCalendar.shipped(folder)
    assert not calendar.is_working(date(2026, 2, 23))
    assert calendar.day(date(2026, 2, 16)).hours == timedelta(hours=4)
    assert calendar.is_working(date(2026, 1, 10))


def test_a_department_may_have_hours_of_its_own(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        'hours: {default: ["7:30-11:30", "13:30-17:30"]}\n'
        'departments: {mot-cua: {saturday: ["7:30-11:30"]}}\n',
    )
    calendar = WorkCalendar.shipped(folder)
    saturday = date(2026, 3, 7)
    assert not calendar.is_working(saturday)
    assert calendar.day(saturday, department="mot-cua").intervals == (
        Interval(start=time(7, 30), end=time(11, 30)),
    )
    assert calendar.day(date(2026, 3, 6), department="mot-cua").hours == timedelta(hours=8)
    assert calendar.in_working_hours(at(date(2026, 3, 6), 17), department="phong-khac")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("days:\n  - {date: 2026-02-23, off: true, name: x}\n", 2, "document"),
        ("days:\n  - {date: 2026-02-23, name: x, document: y}\n", 2, "off: true"),
        ('days:\n  - {date: 2026-02-23, off: true, hours: ["7:00-9:00"], name: x, document: y}\n', 2, "vừa"),
        ('days:\n  - {date: 2026-02-23, hours: ["9:00-7:00"], name: x, document: y}\n', 2, "sau giờ bắt đầu"),
        ('hours:\n  default: ["7h"]\n', 2, "khoảng giờ"),
        ('hours:\n  default: ["7:00-11:00", "10:00-17:00"]\n', 2, "chồng nhau"),
        (
            "year: 2026\ndays:\n  - {date: 2027-02-23, off: true, name: x, document: y}\n",
            3,
            "không thuộc năm",
        ),
        (
            "days:\n  - {date: 2026-02-23, off: true, name: x, document: y}\n"
            "  - {date: 2026-02-23, off: true, name: x, document: y}\n",
            3,
            "đã được khai",
        ),
        ("ngay: 1\n", 1, "ngay"),
    ],
)
def test_a_bad_file_says_where_and_what(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(BadYaml) as caught:
        WorkCalendar.shipped(write(tmp_path, text))
    [problem] = caught.value.problems
    assert problem.line == line
    assert said in str(problem)


def test_a_folder_without_files_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadYaml, match=r"calendar\.folders"):
        WorkCalendar.shipped(tmp_path / "nowhere")


def test_an_office_that_never_works_ends_the_count(tmp_path: Path) -> None:
    calendar = WorkCalendar.shipped(write(tmp_path, "hours: {default: []}\n"))
    with pytest.raises(CalendarTooFar):
        calendar.add_working_days(date(2027, 1, 4), 1)
    with pytest.raises(CalendarTooFar):
        calendar.add_working_hours(at(date(2027, 1, 4), 8), 1)
    with pytest.raises(CalendarTooFar):
        CALENDAR.due(date(2026, 1, 4), 0)
