"""The life of a delivery, as short transactions: claim, book, hold, merge, give up, doubt.

    queued ──claim──▶ sending ──▶ sent
      ▲  ▲               │ ├────▶ retry ──(ready)──▶ claimed again
      │  └──moved────────┘ ├────▶ failed
      │                    └────▶ uncertain ──(its policy)──▶ one marked repeat | Văn phòng asks
    held ──(quiet is over)──▶ claimed, or merged into one digest a chat
    queued, held, retry ◀──resume/pause──▶ paused; all four ──cancel──▶ cancelled
    failed, queued, held, retry, paused ──(the reader's next chat)──▶ rerouted

All of it is conditional on the lane's fencing token: who has lost the lane books only what it knows of its
own messages and claims nothing more. An edit or a deletion is never uncertain: done twice, it does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from office.database import execute
from office.deliveries import UNSENT, Act, Delivery, Doubt, Status
from office.wire import replies_from_json, replies_to_json
from scheduler import wording
from scheduler.courier import Failed, Moved, Outcome, Parcel, Paused, Retry, Sent, Uncertain
from scheduler.quiet import QuietHours

MAX_ATTEMPTS = 50  # of what isn't the network's fault
_REPEAT_AFTER = timedelta(seconds=30)
_NETWORK_RETRY = timedelta(seconds=5)  # the lane itself backs off


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What needs more than being written down.

    `unreachable`: those whose chat can't be reached any more. `failed`: private messages that will never be
    sent there, each with what Văn phòng had asked for while it was in the air, "" for nothing.
    """

    unreachable: list[Result]
    failed: dict[int, str]


def finish(row: Delivery, status: Status, at: datetime, reason: str) -> None:
    """Write down how it ended, when and why."""
    row.status, row.finished_at, row.reason = status, at, reason


def copy_of(
    row: Delivery, *, body: list[dict[str, Any]], now: datetime, repeat: int, part: int, reason: str = ""
) -> Delivery:
    """A fresh queued message like another, with what is given."""
    return Delivery(
        occurrence_id=row.occurrence_id,
        channel=row.channel,
        account=row.account,
        chat=row.chat,
        topic=row.topic,
        group=row.group,
        part=part,
        parts=row.parts,
        act=row.act,
        target=row.target,
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


def book(session: Session, grip: Grip, results: Iterable[Result], *, policy: Policy) -> Booked:
    """Write down what became of claimed messages.

    Holds also for who has lost the lane since: only its own rows are touched, and what was doubted in the
    meantime is put right.
    """
    results = list(results)
    booked = Booked(unreachable=[], failed={})
    if _book_sent(session, grip, results) == len(results):
        return booked
    wanted = select(Delivery).where(Delivery.id.in_([result.claimed.parcel.id for result in results]))
    rows = {row.id: row for row in session.scalars(wanted.execution_options(populate_existing=True))}
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
            told = "" if doubted else row.reason
            _apply(session, row, result, policy)
            if doubted:
                _call_off_repeat(session, row, result.at)
            if isinstance(result.outcome, Failed) and result.outcome.unreachable:
                booked.unreachable.append(result)
            # What was in doubt may have been decided otherwise meanwhile, where it isn't repeated by itself.
            if _may_go_elsewhere(row, told) and (not doubted or row.doubt is Doubt.REPEAT):
                booked.failed[row.id] = told
    return booked


def _may_go_elsewhere(row: Delivery, told: str) -> bool:
    """Whether a message that was not sent may go to another chat of its reader: not if it was called off."""
    failed = row.status is Status.FAILED and row.act is Act.SEND and not row.group
    return failed and told in ("", wording.on_hold())


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
    at, told = result.at, row.reason
    match result.outcome:
        case Sent(message_id=message_id):
            finish(row, Status.SENT, at, "")
            row.message_id = message_id
        case Failed(reason=reason, gone=gone):
            finish(row, Status.FAILED, at, reason)
            row.target = None if gone else row.target
        case Uncertain(reason=reason) if row.act is not Act.SEND:
            _again(row, reason, at, policy, forgiving=False)
        case Uncertain(reason=reason):
            doubt(session, row, reason, at)
        case Moved() if row.act is not Act.SEND:  # in the new chat the number means another message
            finish(row, Status.FAILED, at, wording.left_behind())
            row.target = None
        case Moved(chat=chat):
            _move(session, row, chat, at)
        case Paused(seconds=seconds):
            row.status, row.ready_at = Status.RETRY, at + timedelta(seconds=seconds)
            row.reason = wording.paused(seconds)
        case Retry(reason=reason, network=network):
            _again(row, reason, at, policy, forgiving=network)
    _call_off(row, told, at)


def _call_off(row: Delivery, told: str, at: datetime) -> None:
    """What was paused or cancelled while it was in the air doesn't go again. `told`: why, or ""."""
    if not told or row.status not in UNSENT:
        return
    if told == wording.on_hold():
        row.status, row.reason = Status.PAUSED, wording.paused_since(at)
    else:
        finish(row, Status.CANCELLED, at, told)


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
        finish(row, Status.MERGED, at, wording.merged())
        row.merged_into = there


def _again(row: Delivery, reason: str, at: datetime, policy: Policy, *, forgiving: bool) -> None:
    if not forgiving and row.attempts >= MAX_ATTEMPTS:
        finish(row, Status.FAILED, at, wording.gave_up(row.attempts, reason))
        row.target = None
        return
    pause = min(policy.longest_retry, policy.first_retry * 2 ** min(row.attempts - 1, 20))
    if forgiving:
        pause = _NETWORK_RETRY
    row.status, row.ready_at, row.reason = Status.RETRY, at + pause, reason


def doubt(session: Session, row: Delivery, reason: str, at: datetime) -> None:
    """Mark a message uncertain; by its policy a marked repeat is queued, once."""
    told = row.reason
    if row.act is not Act.SEND:
        row.status, row.ready_at, row.reason = Status.RETRY, at + _NETWORK_RETRY, reason
        _call_off(row, told, at)
        return
    finish(row, Status.UNCERTAIN, at, reason)
    if row.doubt is not Doubt.REPEAT or row.repeat:
        return
    [reply] = replies_from_json(row.body)
    marked = wording.with_note(reply, wording.perhaps_repeated())
    again = copy_of(row, body=replies_to_json([marked]), now=at, repeat=1, part=row.part)
    again.ready_at = at + _REPEAT_AFTER
    _call_off(again, told, at)
    if again.status is not Status.CANCELLED:
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
            Delivery.status.in_(UNSENT),
        )
    )
    if repeat is not None:
        finish(repeat, Status.CANCELLED, at, wording.known_after_all())


def settle(session: Session, delivery_id: int, *, arrived: bool, now: datetime) -> bool:
    """Somebody says what became of a message: it has arrived, or it is to be sent again.

    Only of uncertain and failed ones; False where that is settled already, or where what was to be edited or
    deleted no longer can be.
    """
    feasible = or_(Delivery.act == Act.SEND, Delivery.target.is_not(None))
    open_question = and_(Delivery.status.in_((Status.UNCERTAIN, Status.FAILED)), feasible)
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
