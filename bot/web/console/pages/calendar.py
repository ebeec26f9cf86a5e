"""Lịch: the year's days off and worked instead, deadlines counted in working days, what will be sent."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock, Thread

import structlog

from bot import rehearsal_words
from bot.rehearsal import rehearse
from bot.rehearsal_copy import copied
from bot.rehearsal_words import DayPlayed
from bot.web.console import tables
from bot.web.console.entries import Section, get, live, post
from bot.web.console.live import Step
from bot.web.console.visit import Answer, Done, Shown, Visit
from knowledge.strict_yaml import BadYaml
from office.database import DatabaseUnavailable
from office.rights import Action, demand
from office.settings import Settings
from scheduler.calendar import CalendarTooFar, Day, Due, WorkCalendar, computed_warning, weekday_name

DAYS = 30  # of a rehearsal
_YEARS_AHEAD = 3
_MOST_WORKING_DAYS = 500
_WEEKEND = 5  # Saturday

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A rehearsal that has ended: when it began, its days, what is to be said of all; or why it failed."""

    at: datetime
    days: tuple[DayPlayed, ...] = ()
    summary: tuple[str, ...] = ()
    problem: str = ""


class Rehearsals:
    """One rehearsal at a time, in a thread of its own; the last one is kept for everybody to see."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since: date | None = None  # of the one that is under way
        self._day = 0
        self.last: Played | None = None

    @property
    def step(self) -> Step:
        """How far it is."""
        if self._since is None:
            return Step(value=DAYS, most=DAYS, text="Đã diễn tập xong.", done=True)
        return Step(value=self._day, most=DAYS, text=f"Đã diễn tập {self._day}/{DAYS} ngày.")

    @property
    def running(self) -> bool:
        """Whether one is under way."""
        return self._since is not None

    def begin(self, settings: Settings, *, now: datetime, today: date) -> bool:
        """Start one; False while another runs."""
        with self._lock:
            if self.running:
                return False
            self._since, self._day = today, 0
        Thread(target=self._run, args=(settings, now, today), name="rehearsal", daemon=True).start()
        return True

    def _run(self, settings: Settings, now: datetime, today: date) -> None:
        def played(moment: datetime) -> None:
            self._day = min(DAYS, max(self._day, (moment - now).days))

        problem = "Diễn tập bị lỗi. Xin xem nhật ký của chương trình."
        try:
            with copied(settings.database.url) as copy:
                found = rehearse(settings, copy, now=now, since=today, days=DAYS, played=played)
            self.last = Played(
                at=now, days=rehearsal_words.as_days(found), summary=rehearsal_words.as_summary(found)
            )
            problem = ""
        except DatabaseUnavailable as error:
            problem = error.message
        except BadYaml as error:
            problem = str(error)
        except Exception:
            log.exception("console.rehearsal_failed")
        finally:
            if problem:
                self.last = Played(at=now, problem=problem)
            self._since = None


_OF: dict[str, Rehearsals] = {}


def _rehearsals(visit: Visit) -> Rehearsals:
    """Those of the office's database: a process may serve more than one."""
    return _OF.setdefault(visit.parts.settings.database.url, Rehearsals())


# --- the year


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """A day that isn't what its weekday says."""

    day: Day
    weekday: str
    what: str


def show(visit: Visit) -> Answer:
    """A year's days, and the deadline that was asked for."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    calendar, today = visit.parts.work.calendar(), visit.today
    year = visit.number("nam")
    if not today.year - _YEARS_AHEAD <= year <= today.year + _YEARS_AHEAD:
        year = today.year
    values = {
        "year": year,
        "years": range(today.year - 1, today.year + 2),
        "special": list(_special(calendar, year)),
        "months": [(month, _working_days(calendar, year, month)) for month in range(1, 13)],
        "warning": "" if calendar.confirmed(year) else computed_warning([year]),
        **_deadline(visit, calendar),
    }
    return Shown("calendar.html", values)


def _special(calendar: WorkCalendar, year: int) -> Iterator[Special]:
    for month in range(1, 13):
        for day in calendar.month(year, month):
            weekend = day.date.weekday() >= _WEEKEND
            if day.name or day.working == weekend:
                what = "nghỉ" if not day.working else "làm bù" if weekend else "làm việc"
                yield Special(day=day, weekday=weekday_name(day.date), what=what)


def _working_days(calendar: WorkCalendar, year: int, month: int) -> int:
    days = monthrange(year, month)[1]
    return sum(calendar.is_working(date(year, month, day)) for day in range(1, days + 1))


def _deadline(visit: Visit, calendar: WorkCalendar) -> dict[str, object]:
    """What the calculator was asked, and its answer."""
    received, count = tables.day_of(visit, "nhan") or visit.today, visit.number("so")
    due: Due | None = None
    trouble = ""
    if visit.arg("so"):
        try:
            if not 1 <= count <= _MOST_WORKING_DAYS:
                raise CalendarTooFar
            due = calendar.due(received, count)
        except (CalendarTooFar, OverflowError):
            trouble = f"Số ngày làm việc phải từ 1 đến {_MOST_WORKING_DAYS}."
    last = f"hết {weekday_name(due.day)} {due.day:%d/%m/%Y}" if due else ""
    return {"received": received, "count": visit.arg("so"), "due": due, "last": last, "trouble": trouble}


# --- the rehearsal


def show_rehearsal(visit: Visit) -> Answer:
    """The last rehearsal, or how far the one under way is."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    rehearsals = _rehearsals(visit)
    values = {
        "running": rehearsals.running,
        "step": rehearsals.step,
        "last": rehearsals.last,
        "count": DAYS,
        "until": visit.today + timedelta(days=DAYS - 1),
    }
    return Shown("rehearsal.html", values)


def begin(visit: Visit) -> Answer:
    """Play the coming days on a copy."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    begun = _rehearsals(visit).begin(visit.parts.settings, now=visit.now, today=visit.today)
    return Done("/lich/dien-tap", "" if begun else "Đang có một lần diễn tập, xin chờ.")


def watch(visit: Visit) -> Step:
    """How far it is."""
    return _rehearsals(visit).step


SECTION = Section(
    key="lich",
    label="Lịch",
    path="/lich",
    action=Action.LIST_ALL_WORK,
    entries=(
        get("/lich", show, action=Action.LIST_ALL_WORK),
        get("/lich/dien-tap", show_rehearsal, action=Action.LIST_ALL_WORK),
        post("/lich/dien-tap", begin, action=Action.LIST_ALL_WORK, again=show_rehearsal, writes=False),
        live("/lich/dien-tap/tien-do", watch, action=Action.LIST_ALL_WORK),
    ),
)
