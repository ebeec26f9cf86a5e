"""The State's working calendar: working days and hours, and deadlines counted in them.

The days come from the `holidays` library (Việt Nam, with compensatory days and swaps) under an overlay of
YAML files that wins, each day with the document that sets it. All functions are pure; days are dates of Việt
Nam, moments are aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from office.clock import ZONE
from scheduler.calendar_overlay import Hours, Interval, Overlay, SpecialDay, read_overlay
from scheduler.vietnam_days import days_of

__all__ = ["CalendarTooFar", "Day", "Due", "Interval", "Step", "WorkCalendar", "weekday_name"]

_LONGEST_BREAK = 60  # days without a working day; no holiday is that long
_MOST_DAYS = 20_000  # working days in one count, about 80 years
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


class CalendarTooFar(Exception):
    """A count that leads nowhere: too many days, or an office that never works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the office. `name` says why it is special, `document` what sets it ("" where none is known).

    `confirmed`: its year's overlay has been confirmed; else it is computed.
    """

    date: date
    working: bool
    intervals: tuple[Interval, ...]
    name: str = ""
    document: str = ""
    confirmed: bool = False

    @property
    def hours(self) -> timedelta:
        """How long work lasts that day."""
        return sum((interval.length for interval in self.intervals), timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A day on the way to a deadline. `counted`: its number among the working days, None for a day off."""

    date: date
    counted: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The last day of a deadline counted in working days, day by day. `warning`: "" or what isn't certain."""

    day: date
    steps: tuple[Step, ...]
    confirmed: bool
    warning: str


def weekday_name(day: date) -> str:
    """thứ Hai … Chủ nhật."""
    return _WEEKDAYS[day.weekday()]


class WorkCalendar:
    """Working days and hours, by the library and an overlay."""

    def __init__(self, overlay: Overlay | None = None) -> None:
        self._overlay = overlay or Overlay()
        self._years: dict[int, Mapping[date, SpecialDay]] = {}
        self._working: dict[date, bool] = {}

    @classmethod
    def shipped(cls, *folders: Path) -> WorkCalendar:
        """The shipped overlay and the office's own folders, which win. Raises BadYaml."""
        return cls(read_overlay(*folders))

    def confirmed(self, year: int) -> bool:
        """Whether somebody has confirmed that year's days."""
        return year in self._overlay.confirmed

    def day(self, day: date, *, department: str = "") -> Day:
        """A day with its working hours. `department`: a key; an unknown one has the office's hours."""
        special = self._special(day)
        regular = self._hours(department).by_weekday[day.weekday()]
        intervals = regular if special is None else special.intervals(regular or self._longest(department))
        return Day(
            date=day,
            working=bool(intervals),
            intervals=intervals,
            name=special.name if special else "",
            document=special.document if special else "",
            confirmed=self.confirmed(day.year),
        )

    def is_working(self, day: date, *, department: str = "") -> bool:
        """Whether the office works on that day, be it half of it."""
        if department:
            return self.day(day, department=department).working
        known = self._working.get(day)
        if known is None:
            known = self._working[day] = self.day(day).working
        return known

    def next_working(self, day: date) -> date:
        """The first working day after `day`."""
        return self._working_day(day, +1)

    def previous_working(self, day: date) -> date:
        """The last working day before `day`."""
        return self._working_day(day, -1)

    def add_working_days(self, day: date, count: int) -> date:
        """The working day that is `count` working days after (negative: before) `day`, which isn't counted.

        0 gives `day` itself, whatever it is. Raises CalendarTooFar.
        """
        if abs(count) > _MOST_DAYS:
            raise CalendarTooFar(f"{count} working days")
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = self._working_day(day, step)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days come after `start`, up to and with `end`; negative when `end` is before."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def due(self, received: date, count: int) -> Due:
        """The last day of "`count` ngày làm việc kể từ ngày nhận": the day of receipt isn't counted.

        Raises CalendarTooFar, also when `count` is below 1.
        """
        if count < 1:
            raise CalendarTooFar(f"{count} working days")
        last = self.add_working_days(received, count)
        first = f"{_said(received)}: ngày nhận, không tính"
        steps = [Step(date=received, counted=None, text=first)]
        counted = 0
        for number in range(1, (last - received).days + 1):
            day = self.day(received + timedelta(days=number))
            counted += day.working
            steps.append(
                Step(date=day.date, counted=counted if day.working else None, text=_explained(day, counted))
            )
        years = [y for y in range(received.year, last.year + 1) if not self.confirmed(y)]
        return Due(day=last, steps=tuple(steps), confirmed=not years, warning=computed_warning(years))

    def in_working_hours(self, moment: datetime, *, department: str = "") -> bool:
        """Whether the office is at work at that moment."""
        local = moment.astimezone(ZONE)
        day = self.day(local.date(), department=department)
        return any(i.start <= local.time() < i.end for i in day.intervals)

    def add_working_hours(
        self, moment: datetime, hours: float | timedelta, *, department: str = ""
    ) -> datetime:
        """The moment when so many working hours have passed since `moment`; of the same zone.

        Outside of hours it starts with the next ones. 0 gives the first working moment from `moment` on.
        Raises CalendarTooFar, ValueError for negative hours.
        """
        left = hours if isinstance(hours, timedelta) else timedelta(hours=hours)
        if left < timedelta():
            raise ValueError(f"negative working hours: {hours}")
        local = moment.astimezone(ZONE)
        idle = 0
        day = local.date()
        while idle < _LONGEST_BREAK:
            worked = False
            for interval in self.day(day, department=department).intervals:
                start = max(local, datetime.combine(day, interval.start, ZONE))
                end = datetime.combine(day, interval.end, ZONE)
                if start >= end:
                    continue
                worked = True
                if left < end - start or (left == end - start and left):
                    return (start + left).astimezone(moment.tzinfo)
                left -= end - start
            idle = 0 if worked else idle + 1
            day += timedelta(days=1)
        raise CalendarTooFar("an office that never works")

    def month(self, year: int, month: int, *, department: str = "") -> tuple[Day, ...]:
        """The days of a month."""
        first = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        count = (following - first).days
        return tuple(self.day(first + timedelta(days=n), department=department) for n in range(count))

    # --- inside

    def _working_day(self, day: date, step: int) -> date:
        for _ in range(_LONGEST_BREAK):
            day += timedelta(days=step)
            if self.is_working(day):
                return day
        raise CalendarTooFar("an office that never works")

    def _special(self, day: date) -> SpecialDay | None:
        days = self._years.get(day.year)
        if days is None:
            days = self._years[day.year] = _library_days(day.year) | self._overlay.days_of(day.year)
        return days.get(day)

    def _hours(self, department: str) -> Hours:
        return self._overlay.departments.get(department, self._overlay.hours)

    def _longest(self, department: str) -> tuple[Interval, ...]:
        """The hours of a full day, for a make-up day on what is a day off by the week."""
        return max(self._hours(department).by_weekday, key=lambda day: sum(i.length.seconds for i in day))


def computed_warning(years: list[int]) -> str:
    """That some years' days are only computed; "" for none."""
    if not years:
        return ""
    which = ", ".join(str(year) for year in years)
    return f"Lịch nghỉ năm {which} là tính sẵn, chưa được xác nhận; xin đối chiếu thông báo nghỉ lễ, Tết."


def _library_days(year: int) -> dict[date, SpecialDay]:
    """What the library knows: days off, and days worked in place of others."""
    off, worked = days_of(year)
    days = {day: SpecialDay(date=day, name=name, working=False) for day, name in off.items()}
    return days | {day: SpecialDay(date=day, name="Ngày làm bù", working=True) for day in worked}


def _said(day: date) -> str:
    return f"{weekday_name(day)} {day:%d/%m/%Y}"


def _explained(day: Day, counted: int) -> str:
    why = f"{day.name} ({day.document})" if day.name and day.document else day.name
    if day.working:
        return f"{_said(day.date)}: ngày làm việc thứ {counted}" + (f" – {why}" if why else "")
    return f"{_said(day.date)} nghỉ: {why or 'ngày nghỉ hằng tuần'}"


def midnight(day: date) -> datetime:
    """When a day begins in Việt Nam."""
    return datetime.combine(day, time(), ZONE)
