"""Plans the due rungs of assignments: who has not acted is reminded, and who has to know is told."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from office.assignments import Assignment, AssignmentState
from office.clock import ZONE
from office.database import DatabaseUnavailable, execute
from office.deliveries import Occurrence, OccurrenceState, Source
from office.messages import Choice, ChoiceKind, Reply
from office.people import Role
from scheduler import audience
from scheduler.ladder import Audience, BadLadder, Ladder, rung
from scheduler.outbox import Recipient
from scheduler.wording import plan_texts
from scheduler.work import Roster, Work
from scheduler.work_texts import card, left, words

log = structlog.get_logger(__name__)

_MISSED = 400  # moments of one assignment that are looked through after an outage
_EARLY = -1  # before this offset who has said «Đã nhận» isn't reminded


class Pings:
    """The rungs' side of planning; see scheduler.planner."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def plan(self, session: Session, now: datetime, most: int) -> int:
        """Plan at most so many due rungs, in the caller's transaction; returns how many."""
        ids = session.scalars(
            select(Assignment.id)
            .where(Assignment.next_rung_at <= now)
            .order_by(Assignment.next_rung_at)
            .limit(most)
        ).all()
        for assignment_id in ids:
            self._plan(session, assignment_id, now)
        return len(ids)

    def _plan(self, session: Session, assignment_id: int, now: datetime) -> None:
        row = session.get(Assignment, assignment_id, populate_existing=True)
        if row is None or row.next_rung_at is None or row.next_rung is None or row.next_rung_at > now:
            return
        try:
            moments = self._moments(row, row.next_rung, row.next_rung_at, now)
        except BadLadder as exc:
            log.error("pings.bad_ladder", assignment=row.id, problem=str(exc))  # noqa: TRY400 - it says all
            self._move(session, row, None, None)
            return
        *due, (key, at) = moments
        if not self._move(session, row, key, at):
            return
        *missed, (last_key, last_at) = due
        for rung_key, moment in missed:
            self._write(session, row, rung_key or "", moment, now, OccurrenceState.MERGED)
        self._fire(session, row, last_key or "", last_at or now, now)

    def _moments(
        self, row: Assignment, key: str, at: datetime, now: datetime
    ) -> list[tuple[str | None, datetime | None]]:
        """Due moments, and the one after them at the end."""
        found: list[tuple[str | None, datetime | None]] = [(key, at)]
        for _ in range(_MISSED):
            following = self._work.next_moment(row, found[-1][1] or now)
            found.append(following)
            if following[1] is None or following[1] > now:
                return found
        return [*found[:-1], self._work.next_moment(row, now)]

    def _move(self, session: Session, row: Assignment, key: str | None, at: datetime | None) -> bool:
        here = update(Assignment).where(
            Assignment.id == row.id,
            Assignment.next_rung_at == row.next_rung_at,
            Assignment.state == row.state,
        )
        return execute(session, here.values(next_rung=key, next_rung_at=at)) == 1

    def _write(
        self,
        session: Session,
        row: Assignment,
        key: str,
        at: datetime | None,
        now: datetime,
        state: OccurrenceState,
        note: str = "",
    ) -> int | None:
        merged = plan_texts("merged_later") if state is OccurrenceState.MERGED else note
        return self._work.outbox.occasion(
            session, Source.ASSIGNMENT, row.id, key, at or now, now=now, state=state, note=merged
        )

    def _fire(self, session: Session, row: Assignment, key: str, at: datetime, now: datetime) -> None:
        occurrence = self._write(session, row, key, at, now, OccurrenceState.PLANNED)
        if occurrence is None:
            return
        here = update(Occurrence).where(Occurrence.id == occurrence)
        try:
            with session.begin_nested():
                told, why = self._tell(session, row, key, occurrence, at, now)
        except DatabaseUnavailable:
            raise
        except Exception as exc:
            log.exception("pings.failed", assignment=row.id)  # one assignment must stop no other
            values = {"state": OccurrenceState.FAILED, "note": type(exc).__name__}
            execute(session, here.values(values))
            return
        if not told:
            values = {"state": OccurrenceState.NOBODY, "note": why or plan_texts("nobody")}
            execute(session, here.values(values))

    def _tell(
        self, session: Session, row: Assignment, key: str, occurrence: int, at: datetime, now: datetime
    ) -> tuple[int, str]:
        """Queue the messages of a rung; how many, and why none."""
        today = now.astimezone(ZONE).date()
        roster = self._work.roster(session, row.id)
        queue = partial(self._queue, session, row, roster, occurrence, at, now)
        if row.state is AssignmentState.REPORTED:
            return queue(audience.van_phong(session, on=today), words()("ping_waiting")), ""
        found = rung(Ladder.from_dict(row.ladder), int(key), row.due_on, self._work.calendar())
        responsible, why = self._responsible(session, row, roster, found.offset, today)
        above = self._above(session, row, found.to, today, responsible)
        remaining = left(row, today, self._work.calendar())
        told = queue(responsible, _headline(found.offset, remaining))
        return told + sum(queue(to, words()(name, left=remaining)) for name, to in above), why

    def _responsible(
        self, session: Session, row: Assignment, roster: Roster, offset: int, today: date
    ) -> tuple[tuple[Recipient, ...], str]:
        """Who has not acted: privately; and the department's groups while anybody of it hasn't."""
        pending = roster.missing if offset < _EARLY else (*roster.missing, *roster.acknowledged)
        if roster.total and not pending:
            return (), words()("everyone_acknowledged")
        found: dict[Recipient, None] = {}
        if row.department_id is not None:
            found |= dict.fromkeys(audience.groups(session, department_id=row.department_id))
        found |= dict.fromkeys(audience.privately(session, (p.id for p in pending), on=today))
        return tuple(found), ""

    def _above(
        self,
        session: Session,
        row: Assignment,
        to: frozenset[Audience],
        today: date,
        told: tuple[Recipient, ...],
    ) -> list[tuple[str, tuple[Recipient, ...]]]:
        """The head, Văn phòng and the leaders, each chat once."""
        seen = {recipient.to for recipient in told}
        found = []
        for who, (role, name) in _ABOVE.items():
            if who not in to:
                continue
            department = row.department_id if who is Audience.HEAD else None
            if who is Audience.HEAD and department is None:
                continue
            chats = audience.in_role(session, role, on=today, department_id=department)
            fresh = tuple(r for r in chats if r.to not in seen)
            seen |= {r.to for r in fresh}
            found.append((name, fresh))
        return found

    def _queue(
        self,
        session: Session,
        row: Assignment,
        roster: Roster,
        occurrence: int,
        at: datetime,
        now: datetime,
        to: tuple[Recipient, ...],
        headline: str,
    ) -> int:
        if not to:
            return 0
        today = now.astimezone(ZONE).date()
        reply = card(session, self._work, row, today=today, headline=headline, roster=roster)
        if row.state is AssignmentState.REPORTED:
            pairs = (("confirm", "xacnhan"), ("return", "tralai"), ("show", "xem"))
            choices = tuple(
                Choice(kind=ChoiceKind.FACET, label=words()(f"buttons.{label}"), payload=f"s:{verb}:{row.id}")
                for label, verb in pairs
            )
            reply = Reply(lines=reply.lines, choices=choices)
        return self._work.outbox.tell(
            session, occurrence, to, reply, due_at=at, now=now, manner=self._work.manner(row)
        )


_ABOVE = {
    Audience.HEAD: (Role.HEAD, "ping_head"),
    Audience.VAN_PHONG: (Role.VAN_PHONG, "ping_above"),
    Audience.LEADER: (Role.LEADER, "ping_above"),
}


def _headline(offset: int, remaining: str) -> str:
    if offset == 0:
        return words()("ping_today")
    return words()("ping_before" if offset < 0 else "ping_over", left=remaining)


def next_due(session: Session) -> datetime | None:
    """When the next rung is due."""
    query = select(Assignment.next_rung_at).where(Assignment.next_rung_at.is_not(None))
    return session.scalar(query.order_by(Assignment.next_rung_at).limit(1))
