"""The life of a delivery, as short transactions: claim, book, hold, merge, give up, doubt.

    queued ──claim──▶ sending ──▶ sent
      ▲  ▲               │ ├────▶ retry ──(ready)──▶ claimed again
      │  └──moved────────┘ ├────▶ failed
      │                    └────▶ uncertain ──(its policy)──▶ one marked repeat | Văn phòng asks
    held ──(quiet is over)──▶ claimed, or merged into one digest a chat

All of it is conditional on the lane's fencing token: who has lost the lane books only what it knows of its
own messages and claims nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select, update
from sqlalchemy.orm import Session

from office.database import execute
from office.deliveries import Delivery, Doubt, Occurrence, Source, Status
from office.messages import ChatAddress
from office.wire import replies_from_json, replies_to_json
from scheduler import wording
from scheduler.courier import Failed, Moved, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from scheduler.quiet import QuietHours

MAX_ATTEMPTS = 50  # of what isn't the network's fault
_CHAT_LIST = 500  # chats named in one statement
_REPEAT_AFTER = timedelta(seconds=30)
_NETWORK_RETRY = timedelta(seconds=5)  # the lane itself backs off
_DIGEST_PART = 1000  # parts of digests are numbered apart from those of the messages they stand for


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """A lane in hand: its account and fencing token."""

    channel: str
    account: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How deliveries are treated.

    `late`: from when a message is marked late. `lease`: how long a lane is held without a sign of life.
    """

    quiet: QuietHours
    late: timedelta = timedelta(minutes=10)
    lease: timedelta = timedelta(seconds=30)
    first_retry: timedelta = timedelta(seconds=5)
    longest_retry: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery of ours to be sent now."""

    parcel: Parcel
    attempts: int
    member_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a claimed delivery, and when."""

    claimed: Claimed
    outcome: Outcome
    at: datetime


# --- claiming


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
    merged into one message a chat. `blocked`: chats that are left out. Call `keep_lane` before, in the same
    transaction.
    """
    claimed: list[Claimed] = []
    passed = set(blocked)
    while len(claimed) < most:
        rows = session.scalars(_heads(grip, now=now, most=most - len(claimed), blocked=passed)).all()
        if not rows:
            break
        for row in rows:
            if _takes(session, row, now=now, policy=policy):
                claimed.append(_take(row, grip, now=now, policy=policy))
                passed.add(row.chat)
        session.flush()
    return claimed


def _heads(grip: Grip, *, now: datetime, most: int, blocked: Collection[str]) -> Select[Delivery]:
    """The first waiting message of each chat that is not busy."""
    order = (Delivery.urgency, Delivery.due_at, Delivery.occurrence_id, Delivery.part, Delivery.id)
    rank = func.row_number().over(partition_by=Delivery.chat, order_by=order)
    waiting = Delivery.status.in_((Status.QUEUED, Status.RETRY, Status.HELD))
    ready = select(Delivery.id, rank.label("rank")).where(_of(grip), waiting, Delivery.ready_at <= now)
    for some in _chunks(sorted(blocked)):
        ready = ready.where(Delivery.chat.not_in(some))
    first = ready.subquery()
    return (
        select(Delivery)
        .join(first, and_(Delivery.id == first.c.id, first.c.rank == 1))
        .order_by(Delivery.urgency, Delivery.due_at, Delivery.id)
        .limit(most)
        .execution_options(populate_existing=True)
    )


def _takes(session: Session, row: Delivery, *, now: datetime, policy: Policy) -> bool:
    """Whether a message goes now; else it has been held, merged or cancelled."""
    if row.stale_at is not None and row.stale_at <= now:
        _finish(row, Status.CANCELLED, now, wording.stale(row.due_at))
        return False
    if not row.passes_quiet and (ends := policy.quiet.ends(now)):
        row.status, row.ready_at, row.reason = Status.HELD, ends, wording.held(ends)
        return False
    if row.status is Status.HELD:
        held = _held_with(session, row, now)
        if len(held) > 1:
            _merge_held(session, held, now)
            return False
    elif now - row.due_at > policy.late and (newer := _newer(session, row, now)) is not None:
        _finish(row, Status.MERGED, now, wording.newer())
        row.merged_into = newer
        return False
    return True


def _take(row: Delivery, grip: Grip, *, now: datetime, policy: Policy) -> Claimed:
    was_held = row.status is Status.HELD
    [reply] = replies_from_json(row.body)
    if was_held:
        reply = wording.with_note(reply, wording.was_held(row.due_at))
    elif now - row.due_at > policy.late and row.part == 1 and not row.repeat and not _was_merged(row):
        reply = wording.with_note(reply, wording.late(row.due_at, now))
    row.status, row.token, row.claimed_at, row.reason = Status.SENDING, grip.token, now, ""
    row.attempts += 1
    address = ChatAddress(
        channel=row.channel, account=row.account, chat=row.chat, topic=row.topic, group=row.group
    )
    parcel = Parcel(id=row.id, to=address, reply=reply)
    return Claimed(parcel=parcel, attempts=row.attempts, member_id=row.member_id)


def _was_merged(row: Delivery) -> bool:
    return row.reason == wording.digest_of_held()


def _held_with(session: Session, row: Delivery, now: datetime) -> Sequence[Delivery]:
    """The messages held for the same chat that may go now."""
    held = select(Delivery).where(
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
            _finish(row, Status.CANCELLED, now, wording.stale(row.due_at))
        else:
            kept.append(row)
    for page in wording.digest([(row.due_at, replies_from_json(row.body)[0]) for row in kept]):
        members = [kept[at] for at in page.members]
        digest = _copy(
            members[0],
            body=replies_to_json([page.reply]),
            now=now,
            repeat=members[0].repeat,
            part=_DIGEST_PART + members[0].part,
            reason=wording.digest_of_held(),
        )
        digest.parts = 1
        digest.urgency = min(row.urgency for row in members)
        digest.doubt = Doubt.REPEAT if any(r.doubt is Doubt.REPEAT for r in members) else members[0].doubt
        digest.stale_at = None
        session.add(digest)
        session.flush()
        for row in members:
            _finish(row, Status.MERGED, now, wording.merged())
            row.merged_into = digest.id


def _newer(session: Session, row: Delivery, now: datetime) -> int | None:
    """A later message of the same reminder or ladder that waits for the same reader."""
    mine = session.get_one(Occurrence, row.occurrence_id)
    if mine.source is Source.EVENT:
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


# --- booking


def book(session: Session, grip: Grip, results: Iterable[Result], *, policy: Policy) -> list[Result]:
    """Write down what became of claimed messages; returns those whose chat can't be reached any more.

    Holds also for who has lost the lane since: only its own rows are touched, and what was doubted in the
    meantime is put right.
    """
    results = list(results)
    if _book_sent(session, grip, results) == len(results):
        return []
    wanted = select(Delivery).where(Delivery.id.in_([result.claimed.parcel.id for result in results]))
    rows = {row.id: row for row in session.scalars(wanted.execution_options(populate_existing=True))}
    unreachable = []
    with session.no_autoflush:  # one UPDATE for all
        for result in results:
            row = rows.get(result.claimed.parcel.id)
            if row is None or row.token != grip.token:
                continue
            doubted = row.status is Status.UNCERTAIN
            if not doubted and row.status is not Status.SENDING:
                continue
            if doubted and not isinstance(result.outcome, Sent | Failed):
                continue
            _apply(session, row, result, policy)
            if doubted:
                _call_off_repeat(session, row, result.at)
            if isinstance(result.outcome, Failed) and result.outcome.unreachable:
                unreachable.append(result)
    return unreachable


def _book_sent(session: Session, grip: Grip, results: Sequence[Result]) -> int:
    """Write down what has been sent, which is nearly all there is to write; returns how many rows it fits."""
    sent = [
        {"delivery": result.claimed.parcel.id, "at": result.at, "message": result.outcome.message_id}
        for result in results
        if isinstance(result.outcome, Sent)
    ]
    if not sent:
        return 0
    here = update(Delivery).where(
        Delivery.id == bindparam("delivery"), Delivery.token == grip.token, Delivery.status == Status.SENDING
    )
    values = {"status": Status.SENT, "finished_at": bindparam("at"), "message_id": bindparam("message")}
    done = session.connection().execute(here.values({**values, "reason": ""}), sent)
    return done.rowcount


def _apply(session: Session, row: Delivery, result: Result, policy: Policy) -> None:
    at = result.at
    match result.outcome:
        case Sent(message_id=message_id):
            _finish(row, Status.SENT, at, "")
            row.message_id = message_id
        case Failed(reason=reason):
            _finish(row, Status.FAILED, at, reason)
        case Uncertain(reason=reason):
            doubt(session, row, reason, at)
        case Moved(chat=chat):
            _move(session, row, chat, at)
        case Paused(seconds=seconds):
            row.status, row.ready_at = Status.RETRY, at + timedelta(seconds=seconds)
            row.reason = wording.paused(seconds)
        case Retry(reason=reason, network=network):
            _again(row, reason, at, policy, forgiving=network)


def _move(session: Session, row: Delivery, chat: str, at: datetime) -> None:
    """To the chat's new id, unless the same message is there already."""
    same = select(Delivery.id).where(
        Delivery.occurrence_id == row.occurrence_id,
        Delivery.channel == row.channel,
        Delivery.account == row.account,
        Delivery.chat == chat,
        Delivery.topic == row.topic,
        Delivery.part == row.part,
        Delivery.repeat == row.repeat,
    )
    there = session.scalar(same)
    if there is None:
        row.status, row.chat, row.ready_at = Status.QUEUED, chat, at
    else:
        _finish(row, Status.MERGED, at, wording.merged())
        row.merged_into = there


def _again(row: Delivery, reason: str, at: datetime, policy: Policy, *, forgiving: bool) -> None:
    if not forgiving and row.attempts >= MAX_ATTEMPTS:
        _finish(row, Status.FAILED, at, wording.gave_up(row.attempts, reason))
        return
    pause = min(policy.longest_retry, policy.first_retry * 2 ** min(row.attempts - 1, 20))
    if forgiving:
        pause = _NETWORK_RETRY
    row.status, row.ready_at, row.reason = Status.RETRY, at + pause, reason


def doubt(session: Session, row: Delivery, reason: str, at: datetime) -> None:
    """Mark a message uncertain; by its policy a marked repeat is queued, once."""
    _finish(row, Status.UNCERTAIN, at, reason)
    if row.doubt is not Doubt.REPEAT or row.repeat:
        return
    [reply] = replies_from_json(row.body)
    marked = wording.with_note(reply, wording.perhaps_repeated())
    again = _copy(row, body=replies_to_json([marked]), now=at, repeat=1, part=row.part)
    again.ready_at = at + _REPEAT_AFTER
    session.add(again)


def _call_off_repeat(session: Session, row: Delivery, at: datetime) -> None:
    repeat = session.scalar(
        select(Delivery).where(
            Delivery.occurrence_id == row.occurrence_id,
            Delivery.channel == row.channel,
            Delivery.account == row.account,
            Delivery.chat == row.chat,
            Delivery.topic == row.topic,
            Delivery.part == row.part,
            Delivery.repeat == 1,
            Delivery.status.in_((Status.QUEUED, Status.HELD, Status.RETRY)),
        )
    )
    if repeat is not None:
        _finish(repeat, Status.CANCELLED, at, wording.known_after_all())


def next_ready(session: Session, channel: str, account: str) -> datetime | None:
    """When the account's next waiting message may go; None when none waits."""
    waiting = Delivery.status.in_((Status.QUEUED, Status.RETRY, Status.HELD))
    here = and_(Delivery.channel == channel, Delivery.account == account)
    return session.scalar(select(func.min(Delivery.ready_at)).where(here, waiting))


def any_in(session: Session, channel: str, account: str, *, status: Status) -> bool:
    """Whether the account has a delivery in this open state."""
    here = select(Delivery.id).where(
        Delivery.channel == channel, Delivery.account == account, Delivery.status == status
    )
    return session.scalar(here.limit(1)) is not None


def settle(session: Session, delivery_id: int, *, arrived: bool, now: datetime) -> bool:
    """Somebody says what became of a message: it has arrived, or it is to be sent again.

    Only of uncertain and failed ones; False where that is settled already.
    """
    open_question = Delivery.status.in_((Status.UNCERTAIN, Status.FAILED))
    here = update(Delivery).where(Delivery.id == delivery_id, open_question)
    if arrived:
        return execute(session, here.values(status=Status.SENT, reason=wording.said_to_have_arrived())) == 1
    row = session.get(Delivery, delivery_id, populate_existing=True)
    again: dict[str, Any] = {
        "status": Status.QUEUED,
        "ready_at": now,
        "stale_at": None,
        "attempts": 0,
        "finished_at": None,
    }
    if row is not None and row.status is Status.UNCERTAIN:
        [reply] = replies_from_json(row.body)
        again["body"] = replies_to_json([wording.with_note(reply, wording.perhaps_repeated())])
    return execute(session, here.values(again)) == 1


# --- small parts


def _of(grip: Grip) -> Any:
    return and_(Delivery.channel == grip.channel, Delivery.account == grip.account)


def _finish(row: Delivery, status: Status, at: datetime, reason: str) -> None:
    row.status, row.finished_at, row.reason = status, at, reason


def _copy(
    row: Delivery, *, body: list[dict[str, Any]], now: datetime, repeat: int, part: int, reason: str = ""
) -> Delivery:
    return Delivery(
        occurrence_id=row.occurrence_id,
        channel=row.channel,
        account=row.account,
        chat=row.chat,
        topic=row.topic,
        group=row.group,
        part=part,
        parts=row.parts,
        repeat=repeat,
        status=Status.QUEUED,
        urgency=row.urgency,
        doubt=row.doubt,
        passes_quiet=row.passes_quiet,
        body=body,
        due_at=row.due_at,
        ready_at=now,
        stale_at=row.stale_at,
        created_at=now,
        attempts=0,
        reason=reason,
        member_id=row.member_id,
    )


def _chunks(chats: Sequence[str]) -> Iterable[Sequence[str]]:
    return (chats[at : at + _CHAT_LIST] for at in range(0, len(chats), _CHAT_LIST))
