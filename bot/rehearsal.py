"""What will be sent in the coming days: the office is played on a copy, with a clock that jumps.

Planner, outbox and claims are those of the running office, so that holds, digests, shifts and made
assignments come out as they will; only time and the platform are pretended.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from bot.rehearsal_copy import remembering
from bot.rehearsal_stage import Entry, Fate, Kind, Stage
from knowledge.strict_yaml import Problem
from office import people
from office.channel_names import TELEGRAM
from office.clock import ZONE
from office.database import execute, session_factory
from office.deliveries import Delivery, Status
from office.groups import Group, GroupState
from office.people import ChatAccount
from office.reminders import Reminder
from office.settings import Settings
from scheduler.calendar import WorkCalendar
from scheduler.reminder_files import read_rules
from scheduler.rules import sync
from scheduler.schedule import BadSchedule, Shift, parse_schedule

__all__ = ["Entry", "Fate", "Kind", "Rehearsal", "rehearse"]

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What was played: the days [since, until) of Việt Nam. `groups`, `accounts`: who can be reached."""

    since: date
    until: date
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    groups: int
    accounts: int
    calendar: WorkCalendar


def rehearse(
    settings: Settings,
    copy: Engine,
    *,
    now: datetime,
    since: date,
    days: int,
    played: Callable[[datetime], None] = lambda moment: None,
) -> Rehearsal:
    """Play the office from `now` on and tell of the `days` days from `since`.

    `copy`: a database that may be spoilt, with the rows of `now`. `played` is told how far it has come.
    Raises BadYaml for a calendar that can't be used.
    """
    calendar = WorkCalendar.shipped(*settings.calendar.folders)
    found = read_rules(*settings.reminders.folders)
    start = max(now, _midnight(since))
    end = _midnight(since + timedelta(days=days))
    with session_factory(copy).begin() as session:
        people.sync_departments(session, [(d.key, d.name) for d in settings.office.departments])
        digest_at = settings.reminders.digest_at
        sync(session, found.rules, digest_at=digest_at, calendar=calendar, now=now)
        # What is in the air at this moment is the running office's.
        in_air = update(Delivery).where(Delivery.status == Status.SENDING)
        execute(session, in_air.values(status=Status.SENT, finished_at=now))
        entries = list(_skipped(session, calendar, start, end))
        approved = select(func.count()).select_from(Group).where(Group.state == GroupState.APPROVED)
        real = session.scalar(approved) or 0
        if not real:
            _pretend_groups(session, now)
    sessions = remembering(copy)
    with _without_collector():
        for entry in Stage(settings, sessions, calendar, now).play(end):
            played(entry.at)
            if entry.at >= start:
                entries.append(entry)
    with sessions() as session:
        accounts = select(func.count()).select_from(ChatAccount).where(ChatAccount.disabled_at.is_(None))
        return Rehearsal(
            since=since,
            until=since + timedelta(days=days),
            entries=tuple(sorted(entries, key=lambda entry: entry.at)),
            problems=(*found.problems, *_bad_rules(session)),
            groups=real,
            accounts=session.scalar(accounts) or 0,
            calendar=calendar,
        )


def _skipped(session: Session, calendar: WorkCalendar, start: datetime, end: datetime) -> Iterator[Entry]:
    """Moments that fall away because the rule rests on days off. Rules of working days only have none."""
    for rule in session.scalars(select(Reminder).where(Reminder.active, Reminder.shift == Shift.SKIP)):
        try:
            schedule = parse_schedule(rule.schedule, shift=Shift.KEEP)
        except BadSchedule:
            continue  # said by the planner
        if schedule.working_days or schedule.last_working_day:
            continue
        occasion = schedule.next_after(start - _INSTANT, calendar)
        while occasion is not None and occasion.at < end:
            if not calendar.is_working(occasion.original):
                kind, at = Kind(rule.kind), occasion.at
                yield Entry(at=at, due_at=at, fate=Fate.SKIPPED, kind=kind, title=rule.title)
            occasion = schedule.next_after(occasion.at, calendar)


def _pretend_groups(session: Session, now: datetime) -> None:
    """A group for each department, so that who has none yet sees what they would get."""
    named: list[tuple[int | None, str]] = [(row.id, row.name) for row in people.departments(session)]
    named = named or [(None, "cơ quan")]
    for number, (department_id, name) in enumerate(named, 1):
        session.add(
            Group(
                channel=TELEGRAM,
                account="",
                chat=f"giả định {number}",
                title=f"{name} (giả định)",
                state=GroupState.APPROVED,
                department_id=department_id,
                added_by="",
                added_at=now,
            )
        )


def _bad_rules(session: Session) -> tuple[Problem, ...]:
    """Rules that could not be planned, those made in chat too."""
    rows = session.scalars(select(Reminder).where(Reminder.problem != "", Reminder.active))
    return tuple(Problem(row.key, 1, row.problem) for row in rows)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Some ten thousand rows come and go without circles; looking for those takes a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)
