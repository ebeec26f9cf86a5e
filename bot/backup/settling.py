"""What is changed in a restored database before it is put in place; why, bot.backup says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, null, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.backup.archive import AuditState, words
from bot.backup.copies import audit_of
from office import audit
from office.assignments import Assignment, AssignmentState, Priority
from office.clock import ZONE, said_moment
from office.console_access import ConsoleSession, LoginLink
from office.database import execute, session_factory
from office.deliveries import OPEN, Delivery, Lane, Occurrence, OccurrenceState, Source, Status
from office.inbox import InboxState, Update
from office.notices import Notice, NoticeState
from office.people import Code
from office.reminders import Reminder, ReminderKind
from office.switches import Switch
from scheduler.calendar import WorkCalendar
from scheduler.ladder import BadLadder, Ladder
from scheduler.outbox import Outbox
from scheduler.planner import Made, Moment, Planner
from scheduler.quiet import QuietHours
from scheduler.work import Work

_UNKNOWN_TOKENS = 1_000_000  # more than can have been given out since the backup
_CARRIED = {
    "inbox": "channel, account, key",
    "zalo_tokens": "oa_id",  # good for one use
    "quota_usage": "channel, account, month, kind",
    "contacts": "channel, account, person",
}
"""Table → what tells its rows apart, of what goes on as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How much was not simply taken over: messages that are uncertain, due moments that are not made up for,
    notices to look at again, deeds after the backup that are only in the safety copy."""

    uncertain: int
    moments: int
    notices: int
    deeds: int


@dataclass(frozen=True, slots=True)
class _Frozen:
    at: datetime

    def now(self) -> datetime:
        return self.at


def settle(
    engine: Engine,
    made_at: datetime,
    *,
    source: str,
    before: Path | None,
    calendar: WorkCalendar,
    now: datetime,
    passed: int = 0,
) -> Settled:
    """Make a restored database, in its newest form, safe to go on with.

    `made_at`: when it was backed up. `source`: the backup's name, for the audit. `before`: a copy of the
    database that it replaces, if that could be read. `now`: a moment at which nobody writes there any more.
    `passed`: what `let_pass` has done before, so that nobody has to wait for it.
    """
    sessions = session_factory(engine)
    restored = _head_of(sessions)
    moments = passed + let_pass(engine, calendar, now=now)
    with sessions.begin() as session:
        _answer_inbox(session)
    if before is not None:
        _carry(Path(engine.url.database or ""), before)
    with sessions.begin() as session:
        why = words()("backup.settled.delivery", when=said_moment(made_at))
        uncertain = _doubt_deliveries(session, now=now, why=why)
        notices = _hold_notices(session, now=now, why=words()("backup.settled.notice"))
        _end_secrets(session, now)
        _fence_lanes(session, before)
        if before is not None:
            _keep_numbers(session, before, now)
            _keep_stopped(session, before, now)
        old = audit_of(before) if before is not None else None
        after = {"made_at": made_at.isoformat(), "uncertain": uncertain, "moments": moments}
        _write_down(session, old, restored, after, source=source, now=now)
    deeds = max(0, old.rows - restored.rows) if old else 0
    return Settled(uncertain=uncertain, moments=moments, notices=notices, deeds=deeds)


def _write_down(
    session: Session,
    old: AuditState | None,
    restored: AuditState,
    after: Mapping[str, Any],
    *,
    source: str,
    now: datetime,
) -> None:
    """The restore as a deed, with the ends of both chains."""
    audit.record(
        session,
        "database.restore",
        at=now,
        actor=None,
        subject="database",
        before=old.model_dump() if old else None,
        after={**restored.model_dump(), **after},
        reason=source,
    )


def _head_of(sessions: sessionmaker[Session]) -> AuditState:
    with sessions() as session:
        head = session.get(audit.AuditHead, 1)
        return AuditState(rows=head.serial, head=head.hash) if head else AuditState(rows=0, head=audit.START)


# --- what may have been sent


def let_pass(engine: Engine, calendar: WorkCalendar, *, now: datetime) -> int:
    """Write down all due moments up to now, so that nobody plans them any more; returns how many."""
    sessions, why = session_factory(engine), words()("backup.settled.moment")
    quiet = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=calendar)
    outbox = Outbox(quiet=quiet)
    work = Work(outbox=outbox, calendar=lambda: calendar, ladder=Ladder())

    def say_nothing(session: Session, row: Reminder, moment: Moment) -> Made:
        return Made(note=why)

    def skip_rungs(session: Session, moment: datetime, most: int) -> int:
        return _skip_rungs(session, work, moment, most=most, why=why)

    planner = Planner(
        sessions=sessions,
        clock=_Frozen(now),
        calendar=lambda: calendar,
        outbox=outbox,
        composers=dict.fromkeys(ReminderKind, say_nothing),
        rungs=skip_rungs,
    )
    with sessions() as session:
        last = session.scalar(select(func.max(Occurrence.id))) or 0
    while planner.plan_due():
        continue
    with sessions.begin() as session:
        here = update(Occurrence).where(Occurrence.id > last)
        return execute(session, here.values(state=OccurrenceState.STALE, note=why))


def _skip_rungs(session: Session, work: Work, now: datetime, *, most: int, why: str) -> int:
    rows = session.scalars(select(Assignment).where(Assignment.next_rung_at <= now).limit(most)).all()
    for row in rows:
        work.outbox.occasion(
            session,
            Source.ASSIGNMENT,
            row.id,
            row.next_rung or "",
            row.next_rung_at or now,
            now=now,
            state=OccurrenceState.STALE,
            note=why,
        )
        try:
            work.schedule(row, now)
        except BadLadder:
            row.next_rung, row.next_rung_at = None, None
    return len(rows)


def _doubt_deliveries(session: Session, *, now: datetime, why: str) -> int:
    """Without the marked repeat that a doubt otherwise brings: too much may be in doubt at once."""
    waiting = Delivery.status.in_((*OPEN, Status.PAUSED))
    could_go = or_(Delivery.ready_at <= now, Delivery.status == Status.SENDING)
    here = update(Delivery).where(waiting, could_go)
    return execute(session, here.values(status=Status.UNCERTAIN, finished_at=now, reason=why))


def _hold_notices(session: Session, *, now: datetime, why: str) -> int:
    due = (Notice.state == NoticeState.SCHEDULED) & or_(Notice.send_at.is_(None), Notice.send_at <= now)
    again = {
        "state": NoticeState.DRAFT,
        "remark": why,
        "changed_at": now,
        **dict.fromkeys(("submitted_by", "submitted_at", "approved_by", "approved_at", "send_at")),
    }
    count = execute(session, update(Notice).where(due).values(again))
    leaving = update(Notice).where(Notice.state == NoticeState.SENDING)
    return count + execute(session, leaving.values(state=NoticeState.PAUSED, remark=why, changed_at=now))


# --- what must not count twice


def _end_secrets(session: Session, now: datetime) -> None:
    for column in (ConsoleSession.ended_at, LoginLink.used_at, Code.used_at):
        model = column.class_
        execute(session, update(model).where(column.is_(None)).values({column.key: now}))


def _answer_inbox(session: Session) -> None:
    open_ = Update.state.in_((InboxState.RECEIVED, InboxState.HANDLED))
    values = {"state": InboxState.ANSWERED, "raw": null(), "replies": null()}
    execute(session, update(Update).where(open_).values(values))


def _carry(path: Path, before: Path) -> None:
    """What had come in until now, as far as it had come, and what the platforms keep count of too, win over
    what the backup knows of them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ATTACH DATABASE ? AS before", (str(before),))
        connection.execute("BEGIN IMMEDIATE")
        for table, key in _CARRIED.items():
            known = [row[1] for row in connection.execute(f"PRAGMA before.table_info({table})")]
            columns = ", ".join(f'"{name}"' for name in known if name != "id")
            if columns:  # an older version has no such table
                connection.execute(
                    f"DELETE FROM main.{table} WHERE ({key}) IN (SELECT {key} FROM before.{table})"  # noqa: S608 - our own names
                )
                connection.execute(
                    f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM before.{table}"  # noqa: S608 - our own names
                )
        connection.execute("COMMIT")


def _fence_lanes(session: Session, before: Path | None) -> None:
    """Tokens beyond all that were given out, and the pace as it is now. Nobody holds a lane."""
    lanes = {(lane.channel, lane.account): lane for lane in session.scalars(select(Lane))}
    for row in _rows(before, "SELECT channel, account, token, pace FROM lanes") if before else []:
        key = (row["channel"], row["account"])
        if key not in lanes:
            lanes[key] = Lane(channel=key[0], account=key[1], token=0)
            session.add(lanes[key])
        lanes[key].token = max(lanes[key].token, row["token"])
        lanes[key].pace = json.loads(row["pace"]) if row["pace"] else None
    for lane in lanes.values():
        lane.owner, lane.lease_until = "", None
        lane.token += 1 if before else _UNKNOWN_TOKENS
    session.flush()


def _keep_numbers(session: Session, before: Path, now: datetime) -> None:
    """A cancelled row under the last number that was given out, so that it isn't given out once more."""
    title, today = words()("backup.settled.number"), now.astimezone(ZONE).date()
    last = _last_number(before, "assignments")
    if last > (session.scalar(select(func.max(Assignment.id))) or 0):
        session.add(
            Assignment(
                id=last,
                title=title,
                priority=Priority.ORDINARY,
                assigned_on=today,
                due_on=today,
                first_due_on=today,
                ladder=Ladder().as_dict(),
                state=AssignmentState.CANCELLED,
                created_at=now,
            )
        )
    last = _last_number(before, "notices")
    if last > (session.scalar(select(func.max(Notice.id))) or 0):
        session.add(
            Notice(
                id=last,
                title=title,
                priority=Priority.ORDINARY,
                audience={},
                state=NoticeState.CANCELLED,
                created_at=now,
                changed_at=now,
            )
        )
    session.flush()


def _keep_stopped(session: Session, before: Path, now: datetime) -> None:
    """What is stopped now stays so, whatever it was in the backup."""
    for row in _rows(before, "SELECT key, reason FROM switches WHERE stopped"):
        switch = session.get(Switch, row["key"]) or Switch(key=row["key"], stopped=False)
        if not switch.stopped:
            switch.stopped, switch.reason, switch.changed_by, switch.changed_at = (
                True,
                row["reason"],
                None,
                now,
            )
            session.add(switch)
    session.flush()


def _last_number(before: Path, table: str) -> int:
    rows = _rows(before, f"SELECT max(id) AS last FROM {table}")  # noqa: S608 - our own name
    return (rows[0]["last"] or 0) if rows else 0


def _rows(path: Path, query: str) -> list[Mapping[str, Any]]:
    """What a copy answers; nothing where an older version has no such table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        except sqlite3.OperationalError:
            return []
