"""A private message that can't be sent in one chat of its reader goes to the next one, each chat once.

A message moves as a whole, so that all its parts stand in one chat, in order: the row that failed or waits
becomes `rerouted`, with `merged_into` the new one. What may have arrived (uncertain) never moves by itself,
nor does anything that was meant for a group.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from office import people
from office.channel_names import label
from office.database import execute, when_ended
from office.deliveries import ELSEWHERE, IS_OPEN, UNSENT, Act, Delivery, Status
from office.messages import ChatAddress, Reply, split_reply
from office.people import ChatAccount, Member
from office.wire import replies_from_json, replies_to_json
from scheduler import wording
from scheduler.claiming import DIGEST_PART
from scheduler.delivery import copy_of, finish
from scheduler.halting import hold_lane
from scheduler.outbox import Outbox
from scheduler.waiting import not_stopped

_MOST = 200  # messages that are moved in one transaction
_SWEPT = (Status.QUEUED, Status.RETRY)
_MOVABLE = (*UNSENT, Status.FAILED)

Account = tuple[str, str]  # channel, account


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """All rows of one occurrence in one private chat. `why`: the reason where a row has none of its own."""

    occurrence_id: int
    to: ChatAddress
    rows: tuple[Delivery, ...]
    why: str

    @property
    def new(self) -> bool:
        """Whether it is one that is sent anew: edits belong to what stands in this chat."""
        return bool(self.rows) and all(row.act is Act.SEND and not row.group for row in self.rows)


def reroute(session: Session, failed: Mapping[int, str], *, now: datetime, outbox: Outbox) -> int:
    """Pass failed messages on to their readers' next chats; how many messages that were.

    `failed`: scheduler.delivery.Booked's. What was to be paused while it was in the air waits there paused.
    """
    session.flush()
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.id.in_(failed), Delivery.status == Status.FAILED)
        .order_by(Delivery.occurrence_id, Delivery.part, Delivery.id)
        .execution_options(populate_existing=True)
    ).all()
    paused = {row.occurrence_id for row in rows if failed[row.id] == wording.on_hold()}
    moved = 0
    for occurrence_id, to in dict.fromkeys((row.occurrence_id, _address(row)) for row in rows):
        hold_lane(session, to.channel, to.account)
        message = _message(session, occurrence_id, to, wording.goes_with_it())
        moved += _pass_on(session, message, now=now, outbox=outbox, paused=occurrence_id in paused)
    return moved


def leave(session: Session, to: ChatAddress, *, why: str, now: datetime, outbox: Outbox) -> int:
    """Pass on all that waits for a person's chat; how many messages. What can't be is left as it is."""
    hold_lane(session, to.channel, to.account)
    session.flush()
    waiting = select(Delivery.occurrence_id).where(_in_chat(to), Delivery.status.in_(UNSENT))
    numbers = session.scalars(waiting.distinct().order_by(Delivery.occurrence_id)).all()
    return sum(
        _pass_on(session, _message(session, number, to, why), now=now, outbox=outbox) for number in numbers
    )


def forsake(session: Session, to: ChatAddress, *, why: str, now: datetime, outbox: Outbox) -> tuple[int, int]:
    """A chat is nobody's any more: pass on what waits for it, and give up the rest; how many of each."""
    moved = leave(session, to, why=why, now=now, outbox=outbox)
    here = update(Delivery).where(_in_chat(to), Delivery.status.in_(UNSENT))
    lost = execute(session, here.values(status=Status.FAILED, reason=why, finished_at=now))
    return moved, lost


def sweep(
    session: Session,
    *,
    down: Mapping[Account, datetime],
    patience: timedelta,
    now: datetime,
    outbox: Outbox,
    most: int = _MOST,
) -> int:
    """Pass on what waits for accounts that have been out of reach for so long; how many messages.

    `down`: the accounts that can't be reached, each since when; none of them is moved to. Call it again, in
    a transaction of its own, until it finds nothing. What is held, paused or stopped by a switch stays.
    """
    moved = 0
    for (channel, account), since in sorted(down.items()):  # lanes are always held in this order
        if now - since < patience or moved >= most:
            continue
        free = not_stopped(session, channel)
        if free is None:
            continue
        hold_lane(session, channel, account)
        why = wording.down_since(label(channel), since)
        here = and_(Delivery.channel == channel, Delivery.account == account, *free)
        for occurrence_id, chat in _stranded(session, here, down, now, outbox, most - moved):
            to = ChatAddress(channel=channel, account=account, chat=chat)
            message = _message(session, occurrence_id, to, why)
            moved += _pass_on(session, message, now=now, outbox=outbox, avoid=down.keys())
    return moved


def _stranded(
    session: Session,
    here: ColumnElement[bool],
    down: Collection[Account],
    now: datetime,
    outbox: Outbox,
    most: int,
) -> list[tuple[int, str]]:
    """The messages that are due here and could go elsewhere: (occurrence, chat), the most urgent first."""
    mine, others, other = aliased(ChatAccount), aliased(ChatAccount), aliased(Delivery)
    elsewhere = exists().where(
        mine.channel == Delivery.channel,
        mine.account == Delivery.account,
        mine.chat == Delivery.chat,
        others.member_id == mine.member_id,
        others.id != mine.id,
        *_open_to(others, Delivery.occurrence_id, down),
        _carried(session, others, outbox),
    )
    same = (
        other.occurrence_id == Delivery.occurrence_id,
        other.channel == Delivery.channel,
        other.account == Delivery.account,
        other.chat == Delivery.chat,
    )
    unknown = exists().where(*same, other.status.in_((Status.SENDING, Status.UNCERTAIN)))
    changes = exists().where(*same, other.act != Act.SEND)
    query = select(Delivery.occurrence_id, Delivery.chat).where(
        here,
        IS_OPEN,
        Delivery.status.in_(_SWEPT),
        Delivery.group.is_(False),
        Delivery.due_at <= now,
        or_(Delivery.stale_at.is_(None), Delivery.stale_at > now),
        elsewhere,
        ~unknown,
        ~changes,
    )
    if outbox.quiet.ends(now):
        query = query.where(Delivery.passes_quiet)
    order = (Delivery.urgency, Delivery.due_at, Delivery.occurrence_id, Delivery.chat)
    found = session.execute(query.order_by(*order).limit(most))
    return list(dict.fromkeys((number, chat) for number, chat in found))


def _open_to(
    account: type[ChatAccount], occurrence_id: Any, avoid: Collection[Account]
) -> tuple[ColumnElement[bool], ...]:
    """Whether an account is in reach and has nothing of an occurrence."""
    tried = aliased(Delivery)
    told = exists().where(
        tried.occurrence_id == occurrence_id,
        tried.channel == account.channel,
        tried.account == account.account,
        tried.chat == account.chat,
    )
    shut = [and_(account.channel == channel, account.account == name) for channel, name in avoid]
    return (account.disabled_at.is_(None), ~told, *(~one for one in shut))


def _carried(session: Session, account: type[ChatAccount], outbox: Outbox) -> ColumnElement[bool]:
    known = session.scalars(select(ChatAccount.channel).distinct())
    return account.channel.in_(sorted(channel for channel in known if outbox.carries(channel)))


def _next_chat(
    session: Session, message: _Message, outbox: Outbox, avoid: Collection[Account]
) -> ChatAddress | None:
    """The reader's first chat that is in reach, is carried, and hasn't been tried for this message."""
    to = message.to
    here = people.account_at(session, channel=to.channel, account=to.account, chat=to.chat)
    if here is None:
        return None
    query = (
        select(ChatAccount)
        .join(Member, Member.id == ChatAccount.member_id)
        .where(
            ChatAccount.member_id == here.member_id,
            ChatAccount.id != here.id,
            Member.left_at.is_(None),
            *_open_to(ChatAccount, message.occurrence_id, avoid),
        )
        .order_by(ChatAccount.rank, ChatAccount.id)
    )
    rows = session.scalars(query)
    return next((people.address_of(row) for row in rows if outbox.carries(row.channel)), None)


def _message(session: Session, occurrence_id: int, to: ChatAddress, why: str) -> _Message:
    gone = (*ELSEWHERE, Status.CANCELLED)
    query = select(Delivery).where(
        Delivery.occurrence_id == occurrence_id, _in_chat(to), Delivery.status.not_in(gone)
    )
    order = (Delivery.part, Delivery.repeat, Delivery.id)
    held = query.order_by(*order).with_for_update()  # somebody may be deciding about one that failed
    rows = session.scalars(held.execution_options(populate_existing=True))
    return _Message(occurrence_id=occurrence_id, to=to, rows=tuple(rows), why=why)


def _pass_on(
    session: Session,
    message: _Message,
    *,
    now: datetime,
    outbox: Outbox,
    paused: bool = False,
    avoid: Collection[Account] = (),
) -> bool:
    """Move a message to its reader's next chat; False where there is none, or nothing to be moved."""
    parts = _parts(message.rows) if message.new else []
    if not any(row.status in _MOVABLE for part in parts for row in part):
        return False
    to = _next_chat(session, message, outbox, avoid)
    if to is None:
        return False
    pages = [split_reply(_reply(part[-1]), outbox.limit(to.channel)) for part in parts]
    total, first = sum(map(len, pages)), parts[0][0].part
    number = first if first > DIGEST_PART else 1
    for part, replies in zip(parts, pages, strict=True):
        new = [
            _at(to, part[-1], reply, now=now, number=number + at, parts=total, paused=paused)
            for at, reply in enumerate(replies)
        ]
        number += len(new)
        session.add_all(new)
        session.flush()
        for row in part:
            _mark(row, new[0].id, to, message.why, now)
    session.flush()
    when_ended(session, (to.channel, to.account), partial(outbox.wake, to.channel, to.account))
    return True


def _parts(rows: Sequence[Delivery]) -> list[list[Delivery]]:
    """The rows of each part that is to stand in the other chat too, the one whose words go there last.

    That is what failed or waits, with a part that was sent before, so that the reader has all in one place.
    A part that may have arrived stays behind.
    """
    by_part: dict[int, list[Delivery]] = {}
    for row in rows:
        by_part.setdefault(row.part, []).append(row)
    found = []
    for some in by_part.values():
        sent = [row for row in some if row.status is Status.SENT]
        if sent or some[-1].status in _MOVABLE:
            found.append(sent[-1:] or [row for row in some if row.status in _MOVABLE])
    return found


def _at(
    to: ChatAddress, row: Delivery, reply: Reply, *, now: datetime, number: int, parts: int, paused: bool
) -> Delivery:
    """The same message, or a page of it, at another chat."""
    new = copy_of(row, body=replies_to_json([reply]), now=now, repeat=row.repeat, part=number)
    new.channel, new.account, new.chat, new.topic, new.parts = to.channel, to.account, to.chat, "", parts
    new.ready_at = max(now, row.due_at)
    if paused:
        new.status, new.reason = Status.PAUSED, wording.paused_since(now)
    elif row.status in (Status.HELD, Status.PAUSED):
        new.status, new.ready_at, new.reason = row.status, row.ready_at, row.reason
    return new


def _mark(row: Delivery, number: int | None, to: ChatAddress, why: str, now: datetime) -> None:
    """Write down where it went. What was sent here as a part of it doesn't count by itself any more."""
    match row.status:
        case Status.FAILED:
            why = row.reason or why
        case Status.SENT:
            why, now = wording.was_sent_here(), row.finished_at or now
    finish(row, Status.REROUTED, now, wording.rerouted(why, label(to.channel)))
    row.merged_into = number


def _in_chat(to: ChatAddress) -> ColumnElement[bool]:
    return and_(
        Delivery.channel == to.channel,
        Delivery.account == to.account,
        Delivery.chat == to.chat,
        Delivery.group.is_(False),
    )


def _address(row: Delivery) -> ChatAddress:
    return ChatAddress(channel=row.channel, account=row.account, chat=row.chat)


def _reply(row: Delivery) -> Reply:
    [reply] = replies_from_json(row.body)
    return reply
