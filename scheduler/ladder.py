"""The ladder of an assignment: on which working days whom to remind, before and after its last day.

Pure. Counted in working days: «-7» is the seventh before the last day, «0» the morning of it, «+1» the first
one overdue. A last day that is a day off has its morning on the working day before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Protocol

from office.clock import ZONE

MAX_BEFORE, MAX_OVERDUE = 60, 250


class Audience(StrEnum):
    """Who is reminded on a rung."""

    RESPONSIBLE = "responsible"
    HEAD = "head"
    VAN_PHONG = "van_phong"
    LEADER = "leader"


class BadLadder(Exception):
    """A ladder out of bounds; says which, in Vietnamese."""


class WorkDays(Protocol):
    """What is needed of the working calendar."""

    def is_working(self, day: date) -> bool: ...

    def previous_working(self, day: date) -> date: ...

    def add_working_days(self, day: date, count: int) -> date: ...

    def working_days_between(self, start: date, end: date) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One moment of a ladder. `offset`: working days from the last day, negative before it."""

    key: str
    offset: int
    at: datetime
    to: frozenset[Audience]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """When to remind. Raises BadLadder when out of bounds."""

    before: tuple[int, ...] = (7, 3, 1)
    on_the_day: bool = True
    at: time = time(8, 0)
    overdue_every: int = 1
    head_from: int = 1
    leader_from: int = 3
    overdue_limit: int = 60

    def __post_init__(self) -> None:
        if any(not 1 <= n <= MAX_BEFORE for n in self.before):
            raise BadLadder(f"Số ngày nhắc trước phải từ 1 đến {MAX_BEFORE}.")
        if not 1 <= self.overdue_every <= 30 or not 0 <= self.overdue_limit <= MAX_OVERDUE:
            raise BadLadder(f"Nhắc quá hạn: cách nhau 1 đến 30 ngày, nhiều nhất {MAX_OVERDUE} ngày.")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, to be frozen with the assignment."""
        return {
            "before": list(self.before),
            "on_the_day": self.on_the_day,
            "at": f"{self.at:%H:%M}",
            "overdue_every": self.overdue_every,
            "head_from": self.head_from,
            "leader_from": self.leader_from,
            "overdue_limit": self.overdue_limit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ladder:
        """From what `as_dict` gave. Raises BadLadder for anything else."""
        try:
            hour, minute = str(data["at"]).split(":")
            return cls(
                before=tuple(int(n) for n in data["before"]),
                on_the_day=bool(data["on_the_day"]),
                at=time(int(hour), int(minute)),
                overdue_every=int(data["overdue_every"]),
                head_from=int(data["head_from"]),
                leader_from=int(data["leader_from"]),
                overdue_limit=int(data["overdue_limit"]),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise BadLadder("Thang nhắc lưu trong cơ sở dữ liệu không đọc được.") from exc


def offsets(ladder: Ladder) -> Iterator[int]:
    """Working days from the last day on which there is a rung, ascending."""
    yield from sorted({-n for n in ladder.before})
    if ladder.on_the_day:
        yield 0
    yield from range(1, ladder.overdue_limit + 1, ladder.overdue_every)


def day_of(offset: int, due_on: date, calendar: WorkDays) -> date:
    """The working day of a rung."""
    anchor = due_on if calendar.is_working(due_on) else calendar.previous_working(due_on)
    if offset <= 0:
        return calendar.add_working_days(anchor, offset)
    return calendar.add_working_days(due_on, offset)


def rung(ladder: Ladder, offset: int, due_on: date, calendar: WorkDays) -> Rung:
    """The rung at an offset."""
    day = day_of(offset, due_on, calendar)
    to = {Audience.RESPONSIBLE}
    if offset >= ladder.head_from:
        to.add(Audience.HEAD)
    if offset >= ladder.leader_from:
        to |= {Audience.VAN_PHONG, Audience.LEADER}
    return Rung(
        key=f"{offset:+d}" if offset else "0",
        offset=offset,
        at=datetime.combine(day, ladder.at, ZONE).astimezone(UTC),
        to=frozenset(to),
    )


def rungs(ladder: Ladder, due_on: date, calendar: WorkDays) -> Iterator[Rung]:
    """All rungs in order."""
    for offset in offsets(ladder):
        yield rung(ladder, offset, due_on, calendar)


def next_rung(ladder: Ladder, due_on: date, calendar: WorkDays, *, after: datetime) -> Rung | None:
    """The first rung strictly after a moment, or None when the ladder is at its end."""
    day = after.astimezone(ZONE).date()
    # The offset that the day itself would have; rungs before it are passed over without computing them.
    here = calendar.working_days_between(due_on, day) - 1
    for offset in offsets(ladder):
        if offset < here - 1:
            continue
        found = rung(ladder, offset, due_on, calendar)
        if found.at > after:
            return found
    return None
