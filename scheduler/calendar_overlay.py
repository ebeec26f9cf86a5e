"""Calendar files: days off, make-up working days, half-days and working hours that win over the library.

year: 2026
confirmed: true
days:
  - {date: 2026-01-02, off: true, name: …, document: …}
  - {date: 2026-01-10, working: true, …}
  - {date: 2026-12-31, hours: ["7:00-11:00"], …}
hours: {default: ["7:00-11:00", "13:00-17:00"], saturday: []}
departments: {mot-cua: {default: […]}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from knowledge import strict_yaml
from knowledge.strict_yaml import BadYaml, Document, Problem

SHIPPED = Path(__file__).with_name("data") / "calendar"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INTERVAL = re.compile(r"([01]?\d|2[0-3])[:h]([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4])[:h]([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of work within a day; `end` isn't part of it."""

    start: time
    end: time

    @property
    def length(self) -> timedelta:
        day = date(2000, 1, 1)
        return datetime.combine(day, self.end) - datetime.combine(day, self.start)


DEFAULT_DAY = (Interval(start=time(7), end=time(11)), Interval(start=time(13), end=time(17)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Working hours by weekday, Monday first."""

    by_weekday: tuple[tuple[Interval, ...], ...] = (*(DEFAULT_DAY,) * 5, (), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day that isn't as its weekday says. `hours`: for a half-day or hours of its own."""

    date: date
    name: str
    working: bool
    document: str = ""
    hours: tuple[Interval, ...] | None = None

    def intervals(self, regular: tuple[Interval, ...]) -> tuple[Interval, ...]:
        """Its working hours, where `regular` is a full day."""
        if not self.working:
            return ()
        return regular if self.hours is None else self.hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What the calendar files say, all together."""

    days: Mapping[date, SpecialDay] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()
    hours: Hours = Hours()
    departments: Mapping[str, Hours] = field(default_factory=dict)

    def days_of(self, year: int) -> dict[date, SpecialDay]:
        return {day: special for day, special in self.days.items() if day.year == year}


def _interval(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _INTERVAL.fullmatch(value.strip())
    if match is None:
        raise ValueError(f'«{value}» không phải khoảng giờ: viết dạng "7:00-11:00"')
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]) % 24, int(match[4]))
    if start >= end:
        raise ValueError(f"«{value}»: giờ kết thúc phải sau giờ bắt đầu")
    return Interval(start=start, end=end)


def _intervals(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    found = [_interval(item) for item in value]
    for before, after in pairwise(found):
        if isinstance(before, Interval) and isinstance(after, Interval) and before.end > after.start:
            raise ValueError("các khoảng giờ phải theo thứ tự và không chồng nhau")
    return tuple(found)


_Intervals = Annotated[tuple[Interval, ...], BeforeValidator(_intervals)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _DayModel(_Strict):
    date: date
    name: str = Field(min_length=1)
    document: str = Field(min_length=1)
    off: bool = False
    working: bool = False
    hours: _Intervals | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> _DayModel:
        if self.off and (self.working or self.hours):
            raise ValueError("một ngày không thể vừa nghỉ vừa làm việc: bỏ «off» hoặc bỏ «working», «hours»")
        if not (self.off or self.working or self.hours):
            raise ValueError("thêm «off: true» (nghỉ), «working: true» (làm bù) hoặc «hours» (làm nửa ngày)")
        return self

    def special(self) -> SpecialDay:
        return SpecialDay(
            date=self.date, name=self.name, working=not self.off, document=self.document, hours=self.hours
        )


class _HoursModel(_Strict):
    default: _Intervals | None = None
    monday: _Intervals | None = None
    tuesday: _Intervals | None = None
    wednesday: _Intervals | None = None
    thursday: _Intervals | None = None
    friday: _Intervals | None = None
    saturday: _Intervals | None = None
    sunday: _Intervals | None = None

    def over(self, base: Hours) -> Hours:
        """These hours where they are given; `default` is for Monday to Friday."""
        days = []
        for number, name in enumerate(_DAYS):
            own: tuple[Interval, ...] | None = getattr(self, name)
            if own is None and number < 5:
                own = self.default
            days.append(base.by_weekday[number] if own is None else own)
        return Hours(by_weekday=tuple(days))


class _File(_Strict):
    year: int | None = Field(default=None, ge=1975, le=2200)
    confirmed: bool = False
    days: tuple[_DayModel, ...] = ()
    hours: _HoursModel | None = None
    departments: dict[str, _HoursModel] = {}


def read_overlay(*folders: Path) -> Overlay:
    """The shipped files and those of the folders, later ones winning day by day. Raises BadYaml."""
    problems: list[Problem] = []
    overlay = Overlay()
    for folder in (SHIPPED, *folders):
        overlay = _read_folder(folder, overlay, problems)
    if problems:
        raise BadYaml(problems)
    return overlay


def _read_folder(folder: Path, base: Overlay, problems: list[Problem]) -> Overlay:
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files and folder != SHIPPED:
        document = Document(str(folder))
        problems.append(
            document.problem(
                (), "không thấy tệp lịch .yaml nào trong thư mục này", "kiểm tra «calendar.folders»"
            )
        )
    own: dict[date, SpecialDay] = {}
    confirmed, hours, departments = set(base.confirmed), base.hours, dict(base.departments)
    for path in files:
        for file, document in _read_file(path, problems):
            problems += _twice(file, document, own)
            own |= {model.date: model.special() for model in file.days}
            if file.confirmed and file.year:
                confirmed.add(file.year)
            hours = file.hours.over(hours) if file.hours else hours
            departments |= {key: model.over(hours) for key, model in file.departments.items()}
    return Overlay(
        days={**base.days, **own}, confirmed=frozenset(confirmed), hours=hours, departments=departments
    )


def _read_file(path: Path, problems: list[Problem]) -> Iterator[tuple[_File, Document]]:
    try:
        document = strict_yaml.read(path)
    except BadYaml as exc:
        problems += exc.problems
        return
    try:
        file = _File.model_validate(document.data or {})
    except ValidationError as exc:
        problems += strict_yaml.explain(exc, document)
        return
    yield file, document


def _twice(file: _File, document: Document, known: Mapping[date, SpecialDay]) -> list[Problem]:
    problems, seen = [], set(known)
    for number, model in enumerate(file.days):
        if model.date in seen:
            said = f"ngày {model.date:%d/%m/%Y} đã được khai trong cùng thư mục"
            problems.append(document.problem(("days", number, "date"), said, "giữ một dòng cho mỗi ngày"))
        if file.year is not None and model.date.year != file.year:
            said = f"ngày {model.date:%d/%m/%Y} không thuộc năm {file.year} của tệp"
            problems.append(document.problem(("days", number, "date"), said, "chuyển sang tệp của năm đó"))
        seen.add(model.date)
    return problems
