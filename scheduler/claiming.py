"""What goes next through a lane: claimed, or on the way held, merged, or cancelled as too late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from office.deliveries import IS_OPEN, Act, Delivery, Doubt, Occurrence, Source, Status
from office.messages import ChatAddress, Reply
from office.wire import replies_from_json, replies_to_json
from scheduler import wording
from scheduler.courier import Parcel
from scheduler.delivery import Claimed, Grip, Policy, copy_of, finish
from scheduler.waiting import WAITING, not_stopped

_Cause = tuple[Source, int, str]  # what a message speaks of: its occurrence's source, source_id and rung

_READ_AHEAD = 200  # rows fetched at a time
_REPLACED = (Source.REMINDER, Source.ASSIGNMENT)  # of which a later message says all that matters
DIGEST_PART = 1000  # parts of digests are numbered apart from those of the messages they stand for


def claim(
    session: Session,
    grip: Grip,
    *,
    now: datetime,
    policy: Policy,
    most: int,
    blocked: Collection[str] = (),
) -> list[Claimed]:
    """Take up to `most` messages that may go now, at most one a chat, the most urgent first.

    On the way what has become stale is cancelled, what fell into quiet hours is held, and what was held is
    merged into one message a chat. `blocked`: chats that are left out; so is what is stopped by a switch.
    Call `keep_lane` before, in the same transaction.
    """
    claimed: list[Claimed] = []
    passed = set(blocked)
    free = not_stopped(session, grip.channel)
    while free is not None and len(claimed) < most:
        rows = _heads(session, grip, now=now, most=most - len(claimed), blocked=passed, free=free)
        if not rows:
            break
        for row, cause in rows:
            if _takes(session, row, now=now, policy=policy):
                claimed.append(_take(row, cause, grip, now=now, policy=policy))
                passed.add(row.chat)
        session.flush()
    return claimed


def _heads(
    session: Session,
    grip: Grip,
    *,
    now: datetime,
    most: int,
    blocked: Collection[str],
    free: Iterable[ColumnElement[bool]],
) -> list[tuple[Delivery, _Cause]]:
    """The first waiting message of each chat that is not busy, of those that are `free` to go; and its cause.

    Read along the index until there are enough, so that it costs the same however many wait.
    """
    order = (Delivery.urgency, Delivery.due_at, Delivery.occurrence_id, Delivery.part, Delivery.id)
    waiting = (
        select(Delivery.id, Delivery.chat)
        .where(
            Delivery.channel == grip.channel,
            Delivery.account == grip.account,
            IS_OPEN,
            Delivery.status.in_(WAITING),
            Delivery.ready_at <= now,
            *free,
        )
        .order_by(*order)
    )
    chosen: list[int] = []
    passed = set(blocked)
    with session.execute(waiting.execution_options(yield_per=_READ_AHEAD)) as rows:
        for number, chat in rows:
            if chat not in passed:
                passed.add(chat)
                chosen.append(number)
                if len(chosen) == most:
                    break
    found = select(Delivery, Occurrence.source, Occurrence.source_id, Occurrence.rung)
    found = found.join(Occurrence, Occurrence.id == Delivery.occurrence_id)
    found = found.where(Delivery.id.in_(chosen)).order_by(*order)
    heads = session.execute(found.execution_options(populate_existing=True))
    return [(row, (source, source_id, rung)) for row, source, source_id, rung in heads]


def _takes(session: Session, row: Delivery, *, now: datetime, policy: Policy) -> bool:
    """Whether a message goes now; else it has been held, merged or cancelled."""
    if row.stale_at is not None and row.stale_at <= now:
        finish(row, Status.CANCELLED, now, wording.stale(row.due_at))
        return False
    if not row.passes_quiet and (ends := policy.quiet.ends(now)):
        row.status, row.ready_at, row.reason = Status.HELD, ends, wording.held(ends)
        return False
    if row.status is Status.HELD:
        held = _held_with(session, row, now)
        if row in held and len(held) > 1:
            _merge_held(session, held, now)
            return False
    elif now - row.due_at > policy.late and (newer := _newer(session, row, now)) is not None:
        finish(row, Status.MERGED, now, wording.newer())
        row.merged_into = newer
        return False
    return True


def _take(row: Delivery, cause: _Cause, grip: Grip, *, now: datetime, policy: Policy) -> Claimed:
    source, source_id, rung = cause
    [reply] = replies_from_json(row.body)
    if row.act is Act.SEND:
        reply = _marked(row, reply, now=now, policy=policy)
    row.status, row.token, row.claimed_at, row.reason = Status.SENDING, grip.token, now, ""
    row.attempts += 1
    address = ChatAddress(
        channel=row.channel, account=row.account, chat=row.chat, topic=row.topic, group=row.group
    )
    parcel = Parcel(
        id=row.id,
        to=address,
        reply=reply,
        act=row.act,
        target=row.target or "",
        source=source,
        source_id=source_id,
        what=rung,
    )
    return Claimed(parcel=parcel, attempts=row.attempts, member_id=row.member_id)


def _marked(row: Delivery, reply: Reply, *, now: datetime, policy: Policy) -> Reply:
    """With the remark that it was held or comes late, if so."""
    if row.status is Status.HELD:
        return wording.with_note(reply, wording.was_held(row.due_at))
    if now - row.due_at > policy.late and row.part == 1 and not row.repeat and not _was_merged(row):
        return wording.with_note(reply, wording.late(row.due_at, now))
    return reply


def _was_merged(row: Delivery) -> bool:
    return row.reason == wording.digest_of_held()


def _held_with(session: Session, row: Delivery, now: datetime) -> Sequence[Delivery]:
    """The messages held for the same chat that may go now as one: not notices, each of which stays a message
    that can be confirmed, edited and taken back."""
    held = select(Delivery).join(Occurrence, Occurrence.id == Delivery.occurrence_id)
    held = held.where(
        Occurrence.source != Source.NOTICE,
        Delivery.act == Act.SEND,
        Delivery.channel == row.channel,
        Delivery.account == row.account,
        Delivery.chat == row.chat,
        Delivery.topic == row.topic,
        Delivery.status == Status.HELD,
        Delivery.ready_at <= now,
    )
    return session.scalars(held.order_by(Delivery.due_at, Delivery.occurrence_id, Delivery.part)).all()


def _merge_held(session: Session, held: Sequence[Delivery], now: datetime) -> None:
    """One digest in place of what was held for a chat, in as few messages as it fits into."""
    kept = []
    for row in held:
        if row.stale_at is not None and row.stale_at <= now:
            finish(row, Status.CANCELLED, now, wording.stale(row.due_at))
        else:
            kept.append(row)
    for page in wording.digest([(row.due_at, replies_from_json(row.body)[0]) for row in kept]):
        members = [kept[at] for at in page.members]
        digest = copy_of(
            members[0],
            body=replies_to_json([page.reply]),
            now=now,
            repeat=members[0].repeat,
            part=DIGEST_PART + members[0].part,
            reason=wording.digest_of_held(),
        )
        digest.parts = 1
        digest.urgency = min(row.urgency for row in members)
        digest.doubt = Doubt.REPEAT if any(r.doubt is Doubt.REPEAT for r in members) else members[0].doubt
        digest.stale_at = None
        session.add(digest)
        session.flush()
        for row in members:
            finish(row, Status.MERGED, now, wording.merged())
            row.merged_into = digest.id


def _newer(session: Session, row: Delivery, now: datetime) -> int | None:
    """A later message of the same reminder or ladder that waits for the same reader."""
    mine = session.get_one(Occurrence, row.occurrence_id)
    if mine.source not in _REPLACED:
        return None
    reader = Delivery.member_id.is_(None) if row.member_id is None else Delivery.member_id == row.member_id
    same = select(Delivery.id).join(Occurrence, Occurrence.id == Delivery.occurrence_id)
    return session.scalar(
        same.where(
            Occurrence.source == mine.source,
            Occurrence.source_id == mine.source_id,
            Occurrence.due_at > mine.due_at,
            Delivery.channel == row.channel,
            Delivery.account == row.account,
            Delivery.chat == row.chat,
            reader,
            Delivery.status.in_((Status.QUEUED, Status.RETRY)),
            Delivery.ready_at <= now,
        )
        .order_by(Occurrence.due_at.desc())
        .limit(1)
    )
