"""Makes deliveries of what is due: rules and rungs whose moment has come, each once, whoever else looks.

A moment is planned in one transaction: the row's next moment moves by compare-and-set, the occurrence and its
deliveries are written. What was missed while nobody looked is sent once, as late; older ones are merged into
it, and what no longer makes sense is written down as stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from office.clock import Clock
from office.database import DatabaseUnavailable, execute
from office.deliveries import Occurrence, OccurrenceState, Source
from office.messages import Reply
from office.reminders import Reminder, ReminderKind
from scheduler.outbox import ORDINARY, Manner, Outbox, Recipient
from scheduler.schedule import BadSchedule, Shift, WorkDays, parse_schedule
from scheduler.wording import plan_texts

log = structlog.get_logger(__name__)

BATCH = 50  # due moments planned in one transaction
_MISSED = 1000  # moments of one rule that are looked through after an outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text to some chats."""

    to: tuple[Recipient, ...]
    reply: Reply
    manner: Manner = ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a due moment comes to. `note`: what else was made, or why there is nothing to say."""

    messages: tuple[Message, ...] = ()
    note: str = ""
    made_other: bool = False  # an assignment: the moment has done its work without a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A due moment in planning."""

    due_at: datetime
    now: datetime


Composer = Callable[[Session, Reminder, Moment], Made]
RungPlanner = Callable[[Session, datetime, int], int]


class Planner:
    """Plans what is due. Stateless between calls: any number of processes may do it at once."""

    def __init__(
        self,
        *,
        sessions: sessionmaker[Session],
        clock: Clock,
        calendar: Callable[[], WorkDays],
        outbox: Outbox,
        composers: Mapping[ReminderKind, Composer],
        rungs: RungPlanner = lambda session, now, most: 0,
        notices: Callable[[], int] = lambda: 0,
    ) -> None:
        """`composers`: what each kind of rule comes to. `rungs`: plans due rungs of assignments, at most so
        many; returns how many. `notices`: takes the next steps of notices, in transactions of its own."""
        self._sessions = sessions
        self._clock = clock
        self._calendar = calendar
        self._outbox = outbox
        self._composers = composers
        self._rungs = rungs
        self._notices = notices

    def plan_due(self) -> int:
        """Plan a batch of what is due now; how many moments there were. Call again until it is none."""
        now = self._clock.now()
        with self._sessions.begin() as session:
            ids = session.scalars(
                select(Reminder.id)
                .where(Reminder.active, Reminder.next_at <= now)
                .order_by(Reminder.next_at)
                .limit(BATCH)
            ).all()
            for reminder_id in ids:
                self._plan(session, reminder_id, now)
            planned = len(ids) + self._rungs(session, now, BATCH)
        return planned + self._notices()

    def _plan(self, session: Session, reminder_id: int, now: datetime) -> None:
        row = session.get(Reminder, reminder_id, populate_existing=True)
        if row is None or row.next_at is None or not row.active or row.next_at > now:
            return
        due_at = row.next_at
        try:
            moments, following = self._moments(row, due_at, now)
        except BadSchedule as exc:
            self._switch_off(session, row, f"{exc.message} → {exc.mend}")
            return
        if not _move(session, row, due_at, following):
            return
        *missed, last = moments
        for moment in missed:
            state = OccurrenceState.STALE if _stale(row, moment, now) else OccurrenceState.MERGED
            note = plan_texts("stale" if state is OccurrenceState.STALE else "merged_later")
            self._write(session, row, moment, now, state, note)
        if _stale(row, last, now):
            self._write(session, row, last, now, OccurrenceState.STALE, plan_texts("stale"))
            return
        self._fire(session, row, last, now)

    def _moments(
        self, row: Reminder, due_at: datetime, now: datetime
    ) -> tuple[list[datetime], datetime | None]:
        """The moments up to now, and the one after."""
        schedule = parse_schedule(row.schedule, shift=Shift(row.shift))
        moments, calendar = [due_at], self._calendar()
        for _ in range(_MISSED):
            following = schedule.next_after(moments[-1], calendar)
            if following is None:
                return moments, None
            if following.at > now:
                return moments, following.at
            moments.append(following.at)
        later = schedule.next_after(now, calendar)
        return moments, later.at if later else None

    def _fire(self, session: Session, row: Reminder, due_at: datetime, now: datetime) -> None:
        occurrence = self._write(session, row, due_at, now, OccurrenceState.PLANNED, "")
        if occurrence is None:
            return
        try:
            with session.begin_nested():
                made = self._composers[row.kind](session, row, Moment(due_at=due_at, now=now))
                told = sum(
                    self._outbox.tell(
                        session, occurrence, m.to, m.reply, due_at=due_at, now=now, manner=m.manner
                    )
                    for m in made.messages
                )
        except DatabaseUnavailable:
            raise
        except Exception as exc:
            # One rule's fault must stop no other; the auditor reports it.
            log.exception("planner.failed", reminder=row.key)
            _outcome(session, occurrence, OccurrenceState.FAILED, type(exc).__name__)
            return
        if not told and not made.made_other:
            _outcome(session, occurrence, OccurrenceState.NOBODY, made.note or plan_texts("nobody"))
        elif made.note:
            _outcome(session, occurrence, OccurrenceState.PLANNED, made.note)

    def _write(
        self,
        session: Session,
        row: Reminder,
        due_at: datetime,
        now: datetime,
        state: OccurrenceState,
        note: str,
    ) -> int | None:
        return self._outbox.occasion(
            session, Source.REMINDER, row.id, "", due_at, now=now, state=state, note=note
        )

    def _switch_off(self, session: Session, row: Reminder, problem: str) -> None:
        log.error("planner.bad_schedule", reminder=row.key, problem=problem)
        here = update(Reminder).where(Reminder.id == row.id)
        execute(session, here.values(next_at=None, problem=problem))


def first_moment(schedule: str, shift: str, *, after: datetime, calendar: WorkDays) -> datetime | None:
    """When a rule is due first. Raises BadSchedule."""
    occasion = parse_schedule(schedule, shift=Shift(shift)).next_after(after, calendar)
    return occasion.at if occasion else None


def next_due(session: Session) -> datetime | None:
    """When the next rule is due; the rungs have a query of their own."""
    query = select(Reminder.next_at).where(Reminder.active, Reminder.next_at.is_not(None))
    return session.scalar(query.order_by(Reminder.next_at).limit(1))


def _move(session: Session, row: Reminder, due_at: datetime, following: datetime | None) -> bool:
    """Move the rule on; False when somebody else has."""
    here = update(Reminder).where(Reminder.id == row.id, Reminder.next_at == due_at, Reminder.active)
    return execute(session, here.values(next_at=following)) == 1


def _outcome(session: Session, occurrence: int, state: OccurrenceState, note: str) -> None:
    here = update(Occurrence).where(Occurrence.id == occurrence)
    execute(session, here.values(state=state, note=note))


def _stale(row: Reminder, due_at: datetime, now: datetime) -> bool:
    return row.stale_minutes is not None and due_at + timedelta(minutes=row.stale_minutes) <= now
