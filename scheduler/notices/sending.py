"""A notice on its way: begun, queued in small steps, paused, gone on with, cancelled, finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from office.assignments import Priority
from office.database import when_ended
from office.deliveries import OPEN, Delivery, Doubt, OccurrenceState, Source, Status, Urgency
from office.messages import Line, Style
from office.notices import Notice, NoticeState
from office.people import Person
from office.rights import Action, demand
from scheduler import halting
from scheduler.notices.audience import Audience, Target, targets, unreached
from scheduler.notices.desk import Notices, hold, note, reason_in, words
from scheduler.notices.leaving import Leaving, when_leaves
from scheduler.notices.moments import SENT_AS, occurrence_of, occurrences_of
from scheduler.notices.report import progress
from scheduler.notices.told import stop_asking, tell_author
from scheduler.notices.wording import message
from scheduler.outbox import Manner

CHUNK = 500  # chats whose messages are written in one transaction

_URGENCY: Mapping[Priority, Urgency] = {
    Priority.ORDINARY: Urgency.BULK,
    Priority.URGENT: Urgency.ORDINARY,
    Priority.EXPRESS: Urgency.URGENT,
}


def let_go(session: Session, notices: Notices, row: Notice, *, now: datetime) -> Leaving:
    """A notice that may leave does, now or at the moment that its time and the quiet hours give."""
    leaving = when_leaves(notices, row, now)
    if leaving.now:
        _start(session, notices, row, now)
    else:
        row.state, row.send_at = NoticeState.SCHEDULED, leaving.at
    session.flush()
    notices.wake_after(session)
    return leaving


def due(session: Session, now: datetime) -> Sequence[int]:
    """The notices whose time has come, the earliest first."""
    query = select(Notice.id).where(Notice.state == NoticeState.SCHEDULED, Notice.send_at <= now)
    return session.scalars(query.order_by(Notice.send_at, Notice.id)).all()


def next_due(session: Session) -> datetime | None:
    """When the next notice is due; None when none waits for its time."""
    query = select(Notice.send_at).where(Notice.state == NoticeState.SCHEDULED)
    return session.scalar(query.order_by(Notice.send_at).limit(1))


def begin(session: Session, notices: Notices, notice_id: int, *, now: datetime) -> bool:
    """Let a notice whose time has come leave; False when it may not yet, or somebody else was first."""
    row = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    if row is None or row.state is not NoticeState.SCHEDULED or row.send_at is None or row.send_at > now:
        return False
    return let_go(session, notices, row, now=now).now


def _start(session: Session, notices: Notices, row: Notice, now: datetime) -> None:
    """From now on its messages are written; who can't be addressed is written down."""
    lost = unreached(session, Audience.from_dict(row.audience), channels=notices.channels)
    row.state, row.started_at, row.queued_at, row.finished_at = NoticeState.SENDING, now, None, None
    row.unreached = [{"name": one.name, "why": one.why} for one in lost]
    session.flush()
    notices.outbox.occasion(session, Source.NOTICE, row.id, SENT_AS, _due_at(row, now), now=now)
    note(session, "start", row, None, now, after={"unreached": len(lost)})


def _due_at(row: Notice, now: datetime) -> datetime:
    """From when its messages count as late: the time it was set for, unless it was approved after that."""
    decided = row.approved_at or row.submitted_at
    if row.send_at is None or row.send_at > now or (decided is not None and decided > row.send_at):
        return now
    return row.send_at


@dataclass(frozen=True, slots=True)
class Queued:
    """Some are written and there may be more. `after`: the private chat to go on after, 0 for the first."""

    after: int


def queue_some(
    session: Session, notices: Notices, notice_id: int, *, now: datetime, most: int = CHUNK, after: int = 0
) -> Queued | None:
    """Write the next deliveries of a notice that is being sent; None when there are no more.

    Said again it writes nothing twice: chats that have theirs are left out. `after`: what the call before
    gave, so that those aren't looked through again; at the end all of them are, once.
    """
    row = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    if row is None or row.state is not NoticeState.SENDING or row.queued_at is not None:
        return None
    occurrence = occurrence_of(session, row.id)
    found: Sequence[Target] = ()
    if occurrence is not None:
        found = targets(
            session,
            Audience.from_dict(row.audience),
            channels=notices.channels,
            without=occurrence.id,
            most=most,
            after=after,
        )
        reply = message(session, notices, row)
        to = [target.recipient for target in found]
        told = notices.outbox.tell(
            session, occurrence.id, to, reply, due_at=occurrence.due_at, now=now, manner=manner_of(row)
        )
        if not told:
            found = ()
    if len(found) == most:
        return Queued(max((target.number for target in found if not target.group), default=after))
    if after:
        return Queued(0)
    row.queued_at = now
    session.flush()
    return None


def manner_of(row: Notice) -> Manner:
    """How its messages travel: what is in doubt Văn phòng decides; only hoả tốc passes the quiet hours."""
    return Manner(
        urgency=_URGENCY[row.priority], doubt=Doubt.ASK, passes_quiet=row.priority is Priority.EXPRESS
    )


def pause(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Hold back what has not left yet. Raises Refused."""
    demand(actor.roles, Action.SEND_NOTICES)
    reason = reason_in(reason)
    row = hold(session, notice_id, NoticeState.SENDING)
    row.state, row.remark = NoticeState.PAUSED, reason
    session.flush()
    held = halting.pause(session, occurrences_of(session, row.id), now=now)
    note(session, "pause", row, actor, now, after={"held": held}, reason=reason)
    return row


def resume(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str = "", now: datetime
) -> Notice:
    """Let a paused notice go on. Raises Refused."""
    demand(actor.roles, Action.SEND_NOTICES)
    row = hold(session, notice_id, NoticeState.PAUSED)
    row.state, row.remark = NoticeState.SENDING, ""
    session.flush()
    moments = occurrences_of(session, row.id)
    going = halting.resume(session, moments, now=now, quiet=notices.outbox.quiet)
    note(session, "resume", row, actor, now, after={"going": going}, reason=reason.strip())
    wake_lanes(session, notices, moments)
    return row


def cancel(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Call a notice off: before it leaves, or what of it has not left yet. Raises Refused."""
    demand(actor.roles, Action.SEND_NOTICES)
    reason = reason_in(reason)
    row = hold(session, notice_id, *_CANCELLABLE)
    before = {"state": row.state}
    stop_asking(session, row, now=now)
    row.state, row.remark, row.finished_at = NoticeState.CANCELLED, reason, now
    session.flush()
    dropped = halting.cancel(
        session, occurrences_of(session, row.id), reason=words()("planned.called_off"), now=now
    )
    note(session, "cancel", row, actor, now, before=before, after={"dropped": dropped}, reason=reason)
    notices.wake_after(session)
    return row


_CANCELLABLE = (
    NoticeState.DRAFT,
    NoticeState.WAITING,
    NoticeState.SCHEDULED,
    NoticeState.SENDING,
    NoticeState.PAUSED,
)


def wake_lanes(session: Session, notices: Notices, moments: Sequence[int]) -> None:
    """Let the lanes of these moments look once this transaction has ended."""
    for channel, account in halting.lanes_of(session, moments):
        when_ended(session, (channel, account), partial(notices.outbox.wake, channel, account))
    notices.wake_after(session)


def finish(session: Session, notices: Notices, notice_id: int, *, now: datetime) -> bool:
    """Write down that nothing of a notice waits any more, and tell its author; False while something does."""
    row = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    if row is None or row.state is not NoticeState.SENDING or row.queued_at is None:
        return False
    occurrence = occurrence_of(session, row.id)
    waiting = (*OPEN, Status.PAUSED)
    mine = Delivery.occurrence_id == (occurrence.id if occurrence else 0)
    if session.scalar(select(exists().where(mine, Delivery.status.in_(waiting)))):
        return False
    # A correction on its way says itself when it has come to its end.
    row.state, row.finished_at = NoticeState.SENT, now if row.revision == 1 else None
    if occurrence is not None and not session.scalar(select(exists().where(mine))):
        occurrence.state, occurrence.note = OccurrenceState.NOBODY, words()("told.nobody")
    session.flush()
    note(session, "finish", row, None, now)
    tell_author(session, notices, row, "notice.finished", _totals(session, row), now=now)
    return True


def _totals(session: Session, row: Notice) -> list[Line]:
    """How many chats it has reached, and what to do about the others."""
    text, found = words(), progress(session, row.id)
    lines = [Line(text("told.finished", id=row.id, title=row.title), Style.TITLE)]
    sent = found.count(Status.SENT)
    if not found.planned:
        lines.append(Line(text("told.nobody"), Style.WARNING))
    elif sent == found.planned:
        lines.append(Line(text("told.all_arrived", count=sent)))
    else:
        lines.append(Line(text("told.arrived", sent=sent, count=found.planned)))
    for status in (Status.FAILED, Status.UNCERTAIN):
        if count := found.count(status):
            said = text(f"told.{status}", count=count, mend=status.next_action)
            lines.append(Line(said, Style.WARNING))
    if found.unreached:
        lines.append(Line(text("told.unreached", count=found.unreached), Style.WARNING))
    return lines
