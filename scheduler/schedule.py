"""Schedules in words a clerk writes, and the moments that come of them.

APScheduler's triggers compute the moments; what falls on a day off is skipped or shifted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from office.clock import ZONE

_MOST_STEPS = 800  # candidates looked at before it is said that there is none
_LOOK_BACK = timedelta(days=30)  # how far a shift can carry a moment: no holiday is that long
_WEEKDAYS = {
    "hai": "mon", "2": "mon", "ba": "tue", "3": "tue", "tu": "wed", "4": "wed", "nam": "thu", "5": "thu",
    "sau": "fri", "6": "fri", "bay": "sat", "7": "sat",
}  # fmt: skip
_DAY = r"(?:thu (?P<weekday>hai|ba|tu|nam|sau|bay|[2-7])|(?P<sunday>chu nhat))"
_TIME = re.compile(r"(?<![\d/])([01]?\d|2[0-3])(?::|h|g)([0-5]\d)?(?![\d/])")


class Shift(StrEnum):
    """What becomes of a moment that falls on a day off."""

    SKIP = "skip"
    BEFORE = "before"
    AFTER = "after"
    KEEP = "keep"

    @property
    def label(self) -> str:
        """As people read it."""
        return _SHIFTS[self]


_SHIFTS = {
    Shift.SKIP: "bỏ qua",
    Shift.BEFORE: "chuyển lên ngày làm việc trước đó",
    Shift.AFTER: "chuyển sang ngày làm việc kế tiếp",
    Shift.KEEP: "vẫn gửi",
}


class WorkDays(Protocol):
    """What is needed of the working calendar."""

    def is_working(self, day: date) -> bool: ...

    def next_working(self, day: date) -> date: ...

    def previous_working(self, day: date) -> date: ...


class BadSchedule(Exception):
    """A schedule that can't be read: what is wrong and how to write it, in Vietnamese."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} → {mend}")
        self.message = message
        self.mend = mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A moment of a schedule (aware, UTC). `original`: the day it fell on before it was shifted."""

    at: datetime
    original: date

    @property
    def shifted(self) -> bool:
        return self.at.astimezone(ZONE).date() != self.original


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule that has been read. `working_days`: only those, whatever the shift."""

    text: str
    shift: Shift
    triggers: tuple[Any, ...]
    working_days: bool = False
    last_working_day: bool = False

    def next_after(self, moment: datetime, calendar: WorkDays) -> Occasion | None:
        """The first moment strictly after `moment`, shifts done; None when none comes within years."""
        found = [self._next(trigger, moment, calendar) for trigger in self.triggers]
        return min((o for o in found if o is not None), key=lambda o: o.at, default=None)

    def _next(self, trigger: Any, moment: datetime, calendar: WorkDays) -> Occasion | None:
        moves = self.shift in (Shift.BEFORE, Shift.AFTER) or self.last_working_day
        start = moment - _LOOK_BACK if moves and not self.working_days else moment
        best: Occasion | None = None
        previous: datetime | None = None
        fire = trigger.get_next_fire_time(None, start.astimezone(ZONE))
        for _ in range(_MOST_STEPS):
            if fire is None or (best is not None and fire > best.at + _LOOK_BACK):
                break
            occasion = self._shifted(fire, calendar)
            if occasion is not None and occasion.at > moment and (best is None or occasion.at < best.at):
                best = occasion
                if not moves or self.working_days:
                    break
            previous = fire
            fire = trigger.get_next_fire_time(previous, previous + timedelta(microseconds=1))
        return best

    def _shifted(self, fire: datetime, calendar: WorkDays) -> Occasion | None:
        day = fire.astimezone(ZONE).date()
        to = day
        if not calendar.is_working(day):
            if self.last_working_day:
                to = calendar.previous_working(day)
            elif self.working_days or self.shift is Shift.SKIP:
                return None
            elif self.shift is Shift.BEFORE:
                to = calendar.previous_working(day)
            elif self.shift is Shift.AFTER:
                to = calendar.next_working(day)
        local = datetime.combine(to, fire.astimezone(ZONE).time(), ZONE)
        return Occasion(at=local.astimezone(UTC), original=day)


@lru_cache(maxsize=2048)
def parse_schedule(text: str, *, shift: Shift = Shift.SKIP) -> Schedule:
    """Read a schedule. Raises BadSchedule.

    Forms, with or without tone marks: `mỗi ngày làm việc 7:00`, `mỗi ngày 7:00 và 13:00`, `thứ Hai 8:00`,
    `thứ Hai đầu tháng 8:00`, `thứ Sáu cuối tháng 15:00`, `ngày 15 hằng tháng 8:00`, `ngày cuối tháng 16:00`,
    `ngày làm việc cuối tháng 16:00`, `ngày 20 tháng cuối quý 8:00`, `ngày 15/6 hằng năm 8:00`,
    `một lần 05/12/2026 8:00`, `cron: 0 7 * * 1-5`.
    """
    folded = fold(text)
    if folded.startswith("cron"):
        return Schedule(text=text, shift=shift, triggers=(_cron_words(text),))
    times = [time(int(m[1]), int(m[2] or 0)) for m in _TIME.finditer(folded)]
    if not times:
        raise BadSchedule(f"lịch «{text}» chưa có giờ", "thêm giờ, ví dụ «mỗi ngày làm việc 7:00»")
    words = " ".join(re.sub(r"\b(?:luc|vao|va|hoac)\b|[,;]", " ", _TIME.sub(" ", folded)).split())
    for pattern, read in _FORMS:
        match = re.fullmatch(pattern, words)
        if match:
            fields = read(match)
            if fields is None:
                break
            return _schedule(text, shift, fields, times)
    raise BadSchedule(f"không hiểu lịch «{text}»", _MEND)


_MEND = (
    "viết như «mỗi ngày làm việc 7:00», «thứ Hai đầu tháng 8:00», «ngày 15 hằng tháng 8:00», "
    "«ngày 20 tháng cuối quý 8:00» hoặc «cron: 0 7 * * 1-5»"
)


def _schedule(text: str, shift: Shift, fields: dict[str, Any], times: Sequence[time]) -> Schedule:
    kind = fields.pop("kind", "")
    if kind == "once":
        day: date = fields["day"]
        triggers = tuple(DateTrigger(datetime.combine(day, at, ZONE), ZONE) for at in times)
        return Schedule(text=text, shift=shift, triggers=triggers)
    return Schedule(
        text=text,
        shift=shift,
        triggers=tuple(_cron(text, hour=at.hour, minute=at.minute, **fields) for at in times),
        working_days=kind == "working",
        last_working_day=kind == "last",
    )


def _cron(text: str, **fields: Any) -> CronTrigger:
    try:
        return CronTrigger(second=0, timezone=ZONE, **fields)
    except ValueError as exc:
        raise BadSchedule(f"không hiểu lịch «{text}»", _MEND) from exc


def _cron_words(text: str) -> CronTrigger:
    words = text.partition(":")[2].split() if ":" in text else text.split()[1:]
    if len(words) != 5:
        mend = "viết năm phần: phút giờ ngày tháng thứ, ví dụ «cron: 0 7 * * 1-5»"
        raise BadSchedule(f"lịch «{text}» phải có năm phần", mend)
    minute, hour, day, month, weekday = words
    return _cron(
        text, minute=minute, hour=hour, day=day, month=month, day_of_week=_standard_weekdays(text, weekday)
    )


def _standard_weekdays(text: str, field: str) -> str:
    """Cron counts from Sunday = 0 or 7; APScheduler from Monday = 0. Names mean the same in both."""
    if field == "*" or field.startswith("*/"):
        return field
    names = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
    found: list[str] = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        numbers = [
            names.index(n) if n in names else int(n) if n.isdecimal() else 99 for n in (first, last or first)
        ]
        if any(n > 7 for n in numbers) or (step and not step.isdecimal()) or numbers[1] < numbers[0]:
            raise BadSchedule(
                f"thứ «{field}» trong lịch «{text}» không đúng", "viết 1-5 cho thứ Hai đến thứ Sáu"
            )
        end = numbers[1] if dash else numbers[0]
        found += [names[n % 7] for n in range(numbers[0], end + 1, int(step or 1) or 1)]
    return ",".join(dict.fromkeys(found))


def _weekday(match: re.Match[str]) -> str:
    return "sun" if match["sunday"] else _WEEKDAYS[match["weekday"]]


def _yearly(match: re.Match[str]) -> dict[str, Any] | None:
    day, month = int(match["day"]), int(match["month"])
    if (
        not (1 <= month <= 12 and 1 <= day <= 31)
        or (month == 2 and day > 29)
        or (month in (4, 6, 9, 11) and day > 30)
    ):
        return None
    return {"day": day, "month": month}


def _monthly(match: re.Match[str], **more: Any) -> dict[str, Any] | None:
    day = int(match["day"])
    return {"day": day, **more} if 1 <= day <= 31 else None


def _once(match: re.Match[str]) -> dict[str, Any] | None:
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    return {"kind": "once", "day": day}


_MONTHLY = r"(?: (?:hang|moi) thang)"
_QUARTER_END = "3,6,9,12"
_FORMS: tuple[tuple[str, Callable[[re.Match[str]], dict[str, Any] | None]], ...] = (
    (r"(?:moi |hang )?ngay lam viec(?: hang ngay)?", lambda m: {"kind": "working"}),
    (r"(?:moi ngay|hang ngay)", lambda m: {}),
    (rf"(?:moi )?{_DAY}(?: (?:hang|moi) tuan)?", lambda m: {"day_of_week": _weekday(m)}),
    (rf"{_DAY} dau (?:tien )?(?:cua )?(?:moi |hang )?thang", lambda m: {"day": f"1st {_weekday(m)}"}),
    (rf"{_DAY} cuoi (?:cung )?(?:cua )?(?:moi |hang )?thang", lambda m: {"day": f"last {_weekday(m)}"}),
    (rf"ngay (?P<day>\d{{1,2}}){_MONTHLY}", _monthly),
    (
        r"ngay lam viec cuoi (?:cung )?(?:cua )?(?:moi |hang )?thang",
        lambda m: {"kind": "last", "day": "last"},
    ),
    (r"ngay cuoi (?:cung )?(?:cua )?(?:moi |hang )?thang", lambda m: {"day": "last"}),
    (r"ngay (?P<day>\d{1,2}) thang cuoi quy", lambda m: _monthly(m, month=_QUARTER_END)),
    (r"ngay (?P<day>\d{1,2}) thang dau quy", lambda m: _monthly(m, month="1,4,7,10")),
    (r"ngay (?P<day>\d{1,2})(?:/| thang )(?P<month>\d{1,2})(?: (?:hang|moi) nam)", _yearly),
    (r"(?:mot lan |ngay )?(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", _once),
    (r"mot lan ngay (?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})", _once),
)


def fold(text: str) -> str:
    """Lower case without marks."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).casefold().replace("đ", "d"))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
