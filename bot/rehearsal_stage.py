"""The office's parts on a copy of its database, and what happens there as a clock jumps from moment to
moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, sessionmaker

from bot.carriers import PARTS, carriers
from bot.rehearsal_names import Names, expected_audience
from bot.staff import ladder_of, make_planner, quiet_hours
from office import deliveries
from office.assignments import Assignment
from office.clock import ZONE
from office.deliveries import Delivery, Occurrence, OccurrenceState, Source, Status
from office.messages import Reply
from office.reminders import Reminder
from office.settings import Settings
from office.wire import replies_from_json
from scheduler import pings, planner, wording
from scheduler.calendar import WorkCalendar
from scheduler.claiming import claim
from scheduler.courier import Sent
from scheduler.delivery import Claimed, Grip, Policy, Result, book
from scheduler.ladder import Ladder
from scheduler.notices import planning
from scheduler.notices.desk import Notices
from scheduler.outbox import Outbox
from scheduler.schedule import BadSchedule, Shift, parse_schedule
from scheduler.work import Roster, Work
from scheduler.work_texts import words

_TOKEN = 0  # no lane of the office has it: theirs begin with 1
_AT_ONCE = 500  # messages claimed in one round
_PLANS = 10_000  # batches planned at one moment
_KEPT = timedelta(days=2)  # finished messages; the morning's self-check looks at the last day
_STUCK = timedelta(hours=1)  # the next look at what can't be planned
_INSTANT = timedelta(microseconds=1)
_WAITING = (Status.QUEUED, Status.RETRY, Status.HELD)
_LAST_MORNING = "0"  # the rung of an assignment's last day


class Fate(StrEnum):
    """What becomes of a due moment or a message."""

    SENT = "sent"
    HELD = "held"  # over quiet hours; it comes again as SENT, alone or in a digest
    NOBODY = "nobody"
    MADE = "made"  # assignments
    SKIPPED = "skipped"  # the rule rests on days off
    STALE = "stale"
    MERGED = "merged"  # a later one takes its place
    FAILED = "failed"


class Kind(StrEnum):
    """What speaks."""

    MESSAGE = "message"
    ASSIGNMENT = "assignment"  # a rule that makes work
    DIGEST = "digest"
    LEADERS = "leaders"
    MONTH = "month"
    AUDIT = "audit"
    NOTICE = "notice"  # a rule that writes a notice, and notices that leave
    RUNG = "rung"  # a reminder of an assignment
    EVENT = "event"
    HELD = "held"  # what was held for a chat, in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message to its readers, or a due moment that comes to none. Moments are aware, UTC.

    `at`: when that happens; `due_at`: when it was due. `until`: how long it is held. `original`: the day off
    that the moment was moved from. `merged`: messages in a digest. `audience`: whom the rule means, where
    nobody is reached.
    """

    at: datetime
    due_at: datetime
    fate: Fate
    kind: Kind
    title: str = ""
    to: tuple[str, ...] = ()
    reply: Reply | None = None
    part: int = 1
    parts: int = 1
    until: datetime | None = None
    original: date | None = None
    merged: int = 0
    audience: str = ""
    note: str = ""


class Stage:
    """Plays from a moment on. Nobody acts on anything."""

    def __init__(
        self, settings: Settings, sessions: sessionmaker[Session], calendar: WorkCalendar, now: datetime
    ) -> None:
        """`sessions`: of a database that may be spoilt."""
        self._sessions = sessions
        self._clock = _Clock(now)
        self._calendar = calendar
        self._quiet = quiet_hours(settings.delivery, calendar)
        self._policy = Policy(quiet=self._quiet, late=timedelta(minutes=settings.delivery.late_minutes))
        carried = [carrier.name for carrier in carriers(settings)] or PARTS
        outbox = Outbox(quiet=self._quiet, limits=PARTS, channels=carried)
        work = _Work(outbox=outbox, calendar=lambda: calendar, ladder=ladder_of(settings.assignments))
        notices = Notices(
            outbox=outbox,
            calendar=work.calendar,
            settings=settings.notices,
            office=settings.office.name,
            channels={channel: PARTS[channel] for channel in carried},
        )
        self._planner = make_planner(work, notices, sessions=sessions, clock=self._clock)
        with sessions() as session:
            self._names = Names(session)
            self._occurrence = session.scalar(select(func.max(Occurrence.id))) or 0
            self._delivery = session.scalar(select(func.max(Delivery.id))) or 0

    def play(self, end: datetime) -> Iterator[Entry]:
        """What happens until `end`, in order."""
        while self._clock.at < end:
            now = self._clock.at
            for _ in range(_PLANS):
                if not self._planner.plan_due():
                    break
            with self._sessions.begin() as session:
                yield from self._moments(session, now)
                yield from self._held(session)
                yield from self._sent(session, now)
                yield from self._given_up(session, now)
                deliveries.purge(session, now - _KEPT)
                following = self._next(session)
            if following is None:
                return
            self._clock.at = following if following > now else now + _STUCK

    def _next(self, session: Session) -> datetime | None:
        ready = select(func.min(Delivery.ready_at)).where(Delivery.status.in_(_WAITING))
        found = [
            planner.next_due(session),
            pings.next_due(session),
            planning.next_due(session),
            session.scalar(ready),
        ]
        return min((moment for moment in found if moment is not None), default=None)

    # --- what was planned

    def _moments(self, session: Session, now: datetime) -> Iterator[Entry]:
        """New due moments that say nothing, or make work."""
        new = select(Occurrence).where(Occurrence.id > self._occurrence).order_by(Occurrence.id)
        for row in session.scalars(new).all():
            self._occurrence = row.id
            fate = _FATES.get(row.state)
            if fate is None and row.note and self._kind(session, row) in _MAKING:
                fate = Fate.MADE
            if fate is not None:
                entry = self._about(session, row, at=now, fate=fate)
                yield replace(entry, note=row.note, audience=self._audience(session, row))

    def _held(self, session: Session) -> Iterator[Entry]:
        """New messages that wait for the end of quiet hours."""
        found: dict[tuple[int, str], tuple[Delivery, list[str]]] = {}
        new = select(Delivery).where(Delivery.id > self._delivery).order_by(Delivery.id)
        for row in session.scalars(new).all():
            self._delivery = row.id
            if row.status is Status.HELD:
                key = (row.occurrence_id, repr(row.body))
                found.setdefault(key, (row, []))[1].append(self._names.reader(row))
        for row, to in found.values():
            entry = self._of_delivery(session, row, at=row.due_at, fate=Fate.HELD)
            yield replace(entry, to=tuple(to), until=row.ready_at, reply=replies_from_json(row.body)[0])

    # --- what is sent

    def _sent(self, session: Session, now: datetime) -> Iterator[Entry]:
        """Everything that may go now. What goes on time and as it is needs no claim; the rest is taken as its
        lane takes it."""
        found: dict[tuple[int, str], tuple[Delivery, Reply, list[str]]] = {}
        for row in self._on_time(session, now):
            row.status, row.finished_at = Status.SENT, now
            self._collect(found, row, replies_from_json(row.body)[0])
        session.flush()
        ready = select(Delivery.channel, Delivery.account).where(
            Delivery.status.in_(_WAITING), Delivery.ready_at <= now
        )
        for channel, account in session.execute(ready.distinct()).all():
            grip = Grip(channel=channel, account=account, token=_TOKEN)
            while claimed := claim(session, grip, now=now, policy=self._policy, most=_AT_ONCE):
                taken = select(Delivery).where(Delivery.id.in_([one.parcel.id for one in claimed]))
                rows = {row.id: row for row in session.scalars(taken)}
                for one in claimed:
                    self._collect(found, rows[one.parcel.id], one.parcel.reply)
                book(session, grip, [_sent_at(one, now) for one in claimed], policy=self._policy)
        merged = _merged(session, now)
        _fetched = self._fetch(session, [row.occurrence_id for row, _, _ in found.values()])
        for row, reply, to in found.values():
            entry = self._of_delivery(session, row, at=now, fate=Fate.SENT)
            if row.id in merged:
                entry = replace(entry, kind=Kind.HELD, merged=merged[row.id], title="", original=None)
            yield replace(entry, to=tuple(to), reply=reply)

    def _on_time(self, session: Session, now: datetime) -> list[Delivery]:
        """What a claim would take without a word: not held, late or stale, and not in quiet hours."""
        late = now - self._policy.late
        plain = select(Delivery).where(
            Delivery.status == Status.QUEUED,
            Delivery.ready_at <= now,
            Delivery.due_at >= late,
            or_(Delivery.stale_at.is_(None), Delivery.stale_at > now),
        )
        order = (Delivery.urgency, Delivery.due_at, Delivery.occurrence_id, Delivery.part, Delivery.id)
        quiet = self._quiet.ends(now) is not None
        return [row for row in session.scalars(plain.order_by(*order)) if row.passes_quiet or not quiet]

    def _collect(
        self,
        found: dict[tuple[int, str], tuple[Delivery, Reply, list[str]]],
        row: Delivery,
        reply: Reply,
    ) -> None:
        """The same message of the same moment to several readers is one entry."""
        key = (row.occurrence_id, repr(reply))
        found.setdefault(key, (row, reply, []))[2].append(self._names.reader(row))

    def _given_up(self, session: Session, now: datetime) -> Iterator[Entry]:
        """What was cancelled on the way, or gave way to a later message."""
        gave_way = (Delivery.status == Status.MERGED) & (Delivery.reason == wording.newer())
        rows = session.scalars(
            select(Delivery)
            .where(Delivery.finished_at == now, (Delivery.status == Status.CANCELLED) | gave_way)
            .order_by(Delivery.id)
        ).all()
        for row in rows:
            fate = Fate.STALE if row.status is Status.CANCELLED else Fate.MERGED
            entry = self._of_delivery(session, row, at=now, fate=fate)
            reply = replies_from_json(row.body)[0]
            yield replace(entry, to=(self._names.reader(row),), note=row.reason, reply=reply)

    # --- what it is about

    def _fetch(self, session: Session, occurrences: list[int]) -> list[object]:
        """Load at once what will be asked for one by one; the session knows it as long as this is kept."""
        kept: list[object] = []
        for start in range(0, len(occurrences), _AT_ONCE):
            some = select(Occurrence).where(Occurrence.id.in_(occurrences[start : start + _AT_ONCE]))
            rows = session.scalars(some).all()
            ids = {row.source_id for row in rows if row.source is Source.ASSIGNMENT}
            kept += [rows, session.scalars(select(Assignment).where(Assignment.id.in_(ids))).all()]
        return kept

    def _of_delivery(self, session: Session, row: Delivery, *, at: datetime, fate: Fate) -> Entry:
        about = self._about(session, session.get_one(Occurrence, row.occurrence_id), at=at, fate=fate)
        return replace(about, due_at=row.due_at, part=row.part, parts=row.parts)

    def _about(self, session: Session, row: Occurrence, *, at: datetime, fate: Fate) -> Entry:
        kind = self._kind(session, row)
        title, original = "", None
        if row.source is Source.REMINDER:
            rule = session.get(Reminder, row.source_id)
            title = rule.title if rule else ""
            original = _original(rule, row.due_at, self._calendar) if rule else None
        elif kind is Kind.RUNG:
            work = session.get(Assignment, row.source_id)
            title = words()("title", id=work.id, title=work.title) if work else ""
            due_on = work.due_on if work and row.rung == _LAST_MORNING else None
            original = due_on if due_on and due_on != row.due_at.astimezone(ZONE).date() else None
        return Entry(at=at, due_at=row.due_at, fate=fate, kind=kind, title=title, original=original)

    def _kind(self, session: Session, row: Occurrence) -> Kind:
        if row.source is Source.REMINDER:
            rule = session.get(Reminder, row.source_id)
            return Kind(rule.kind) if rule else Kind.MESSAGE
        return _KINDS.get(row.source, Kind.EVENT)

    def _audience(self, session: Session, row: Occurrence) -> str:
        rule = session.get(Reminder, row.source_id) if row.source is Source.REMINDER else None
        return expected_audience(rule, self._names.departments) if rule else ""


_MAKING = (Kind.ASSIGNMENT, Kind.NOTICE)
_KINDS = {Source.ASSIGNMENT: Kind.RUNG, Source.NOTICE: Kind.NOTICE}
_FATES = {
    OccurrenceState.NOBODY: Fate.NOBODY,
    OccurrenceState.MERGED: Fate.MERGED,
    OccurrenceState.STALE: Fate.STALE,
    OccurrenceState.FAILED: Fate.FAILED,
}


class _Clock:
    """Stands until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class _Work(Work):
    """Remembers rosters: nobody acts, and making messages asks for them again and again."""

    def __init__(self, *, outbox: Outbox, calendar: Callable[[], WorkCalendar], ladder: Ladder) -> None:
        super().__init__(outbox=outbox, calendar=calendar, ladder=ladder)
        self._rosters: dict[int, Roster] = {}

    def roster(self, session: Session, assignment_id: int) -> Roster:
        if assignment_id not in self._rosters:
            self._rosters[assignment_id] = super().roster(session, assignment_id)
        return self._rosters[assignment_id]


def _original(rule: Reminder, due_at: datetime, calendar: WorkCalendar) -> date | None:
    """The day off that a rule's moment was moved from."""
    try:
        schedule = parse_schedule(rule.schedule, shift=Shift(rule.shift))
    except BadSchedule:
        return None
    occasion = schedule.next_after(due_at - _INSTANT, calendar)
    if occasion is None or occasion.at != due_at or not occasion.shifted:
        return None
    return occasion.original


def _merged(session: Session, now: datetime) -> dict[int, int]:
    """How many messages stand in each digest that was made now."""
    query = (
        select(Delivery.merged_into, func.count())
        .where(Delivery.status == Status.MERGED, Delivery.finished_at == now)
        .group_by(Delivery.merged_into)
    )
    return {digest: count for digest, count in session.execute(query) if digest is not None}


def _sent_at(claimed: Claimed, at: datetime) -> Result:
    return Result(claimed=claimed, outcome=Sent(message_id=""), at=at)
