"""Carries a correction or a retraction to the chats, a few at a time; said again it does nothing twice.

A chat's turn has come when it has a message with former words and no delivery of the present change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from office.audit import Deed
from office.database import execute
from office.deliveries import (
    ELSEWHERE,
    OPEN,
    Act,
    Delivery,
    Doubt,
    Occurrence,
    Source,
    Status,
    needs_correction,
)
from office.messages import ChatAddress, Reply, split_reply
from office.notices import Notice, NoticeState
from office.wire import replies_from_json
from scheduler.notices.changing import Change, Part, change_of
from scheduler.notices.desk import Notices, words
from scheduler.notices.moments import by_message, in_place, occurrence_of
from scheduler.notices.readers import Chat
from scheduler.notices.sending import manner_of
from scheduler.notices.wording import correction, message, retraction
from scheduler.outbox import Manner, Recipient

CHATS = 200  # that are changed in one transaction
_CHANGED = ("notice.correct", "notice.retract")


def free_chats(session: Session, row: Notice) -> int:
    """Forget the dropped messages of chats that have had nothing yet, so that they get the new words."""
    sending = occurrence_of(session, row.id)
    if sending is None or row.state not in (NoticeState.SENDING, NoticeState.PAUSED):
        return 0
    dropped = and_(
        Delivery.occurrence_id == sending.id,
        Delivery.status == Status.CANCELLED,
        Delivery.reason == words()("planned.replaced"),
    )
    other = aliased(Delivery)
    had = exists().where(
        other.occurrence_id == sending.id,
        other.channel == Delivery.channel,
        other.account == Delivery.account,
        other.chat == Delivery.chat,
        or_(other.status != Status.CANCELLED, other.reason != words()("planned.replaced")),
    )
    numbers = session.scalars(select(Delivery.id).where(dropped, ~had)).all()
    for at in range(0, len(numbers), _NUMBERS):
        _forget(session, sending, numbers[at : at + _NUMBERS])
    if numbers:
        row.queued_at = None
        session.flush()
    return len(numbers)


_NUMBERS = 1000  # rows named in one statement


def _forget(session: Session, sending: Occurrence, numbers: Sequence[int]) -> None:
    """Delete deliveries, and those that led to them from a reader's other chats: all begins anew."""
    while numbers:
        into = and_(Delivery.occurrence_id == sending.id, Delivery.merged_into.in_(numbers))
        before = session.scalars(select(Delivery.id).where(into)).all()
        execute(session, update(Delivery).where(into).values(merged_into=None))
        execute(session, delete(Delivery).where(Delivery.id.in_(numbers)))
        numbers = before


def pending(session: Session) -> Sequence[int]:
    """Notices with a change that may not have reached every chat."""
    query = select(Notice.id).where(
        Notice.state.in_((NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT, NoticeState.RETRACTED)),
        Notice.finished_at.is_(None),
        Notice.revision > 1,
    )
    return session.scalars(query.order_by(Notice.id)).all()


def change_some(
    session: Session, notices: Notices, notice_id: int, *, now: datetime, most: int = CHATS
) -> int:
    """Change the notice in the next chats; how many. When all is done, that is written down."""
    row = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    if row is None or row.revision < 2 or row.finished_at is not None:
        return 0
    sending = occurrence_of(session, row.id)
    if sending is None:
        row.finished_at = now
        return 0
    done = free_chats(session, row)
    chats = _next_chats(session, row, sending, most)
    done += _change(session, notices, row, sending, chats, now) if chats else 0
    done += _failed_in_place(session, notices, row, now)
    if (
        not done
        and row.state in (NoticeState.SENT, NoticeState.RETRACTED)
        and _settled(session, row, sending)
    ):
        row.finished_at = now
    session.flush()
    return done


def _next_chats(session: Session, row: Notice, sending: Occurrence, most: int) -> Sequence[Chat]:
    """Chats that have former words, or perhaps, and nothing of the present change."""
    query = (
        select(Delivery.channel, Delivery.account, Delivery.chat)
        .where(
            Delivery.occurrence_id == sending.id,
            Delivery.status.in_((Status.SENT, Status.UNCERTAIN)),
            Delivery.created_at < row.changed_at,
            ~_changed(session, row),
            ~_flying(sending),
        )
        .distinct()
        .order_by(Delivery.channel, Delivery.account, Delivery.chat)
        .limit(most)
    )
    return [(channel, account, chat) for channel, account, chat in session.execute(query)]


def _changed(session: Session, row: Notice) -> ColumnElement[bool]:
    """Whether a delivery's chat has one of the present change."""
    moments = [
        found.id
        for rung in (in_place(row.revision), by_message(row.revision))
        if (found := occurrence_of(session, row.id, rung)) is not None
    ]
    other = aliased(Delivery)
    return exists().where(other.occurrence_id.in_(moments), *_same_chat(other))


def _flying(sending: Occurrence) -> ColumnElement[bool]:
    other = aliased(Delivery)
    here = (other.occurrence_id == sending.id, other.status == Status.SENDING)
    return exists().where(*here, *_same_chat(other))


def _same_chat(other: type[Delivery]) -> tuple[ColumnElement[bool], ...]:
    return (
        other.channel == Delivery.channel,
        other.account == Delivery.account,
        other.chat == Delivery.chat,
    )


def _change(
    session: Session,
    notices: Notices,
    row: Notice,
    sending: Occurrence,
    chats: Sequence[Chat],
    now: datetime,
) -> int:
    rows = _messages(session, row, sending, chats)
    reply = message(session, notices, row)
    edited: list[Recipient] = []
    told: list[Recipient] = []
    for chat in chats:
        mine = [one for one in rows[chat] if one.occurrence_id == sending.id]
        others = (one for one in rows[chat] if one.occurrence_id != sending.id)
        earlier = [one for one in others if one.message_id or one.status is Status.REROUTED]
        match _decide(notices, row, reply, mine, earlier, now):
            case Change.IN_PLACE:
                targets = mine if row.state is not NoticeState.RETRACTED else [*mine, *earlier]
                edited.append(_recipient(mine[0], targets))
            case Change.MESSAGE:
                told.append(_recipient(mine[0]))
                _settle_doubts(session, mine, now)
            case _:
                pass
    _edit(session, notices, row, reply, edited, now)
    _tell(session, notices, row, reply, told, now)
    return len(edited) + len(told)


def _decide(
    notices: Notices,
    row: Notice,
    reply: Reply,
    mine: Sequence[Delivery],
    earlier: Sequence[Delivery],
    now: datetime,
) -> Change:
    channel = mine[0].channel
    limit = notices.channels.get(channel)
    retracted = row.state is NoticeState.RETRACTED
    parts = [_part(one) for one in (*mine, *(earlier if retracted else ()))]
    return change_of(
        parts,
        window=notices.editable.get(channel),
        now=now,
        new_parts=None if retracted else len(split_reply(reply, limit)) if limit else 0,
        new_files=frozenset(file.stored for file in reply.files),
        told_before=bool(earlier),
    )


def _part(row: Delivery) -> Part:
    [reply] = replies_from_json(row.body)
    return Part(
        status=row.status,
        message_id=row.message_id or "",
        sent_at=row.finished_at,
        files=frozenset(file.stored for file in reply.files),
    )


def _messages(
    session: Session, row: Notice, sending: Occurrence, chats: Sequence[Chat]
) -> Mapping[Chat, list[Delivery]]:
    """What these chats have of a notice: its parts in order, then earlier messages about changes, also such
    as went to another of the reader's chats, so that these words don't stand here alone."""
    earlier = select(Occurrence.id).where(
        Occurrence.source == Source.NOTICE, Occurrence.source_id == row.id, Occurrence.rung.like("tin.%")
    )
    query = select(Delivery).where(
        or_(Delivery.occurrence_id == sending.id, Delivery.occurrence_id.in_(earlier)),
        Delivery.act == Act.SEND,
        or_(
            Delivery.status.not_in(ELSEWHERE),
            and_(Delivery.status == Status.REROUTED, Delivery.occurrence_id != sending.id),
        ),
        Delivery.chat.in_({chat for _, _, chat in chats}),
    )
    found: defaultdict[Chat, list[Delivery]] = defaultdict(list)
    order = (Delivery.occurrence_id, Delivery.part, Delivery.id)
    for one in session.scalars(query.order_by(*order).execution_options(populate_existing=True)):
        found[one.channel, one.account, one.chat].append(one)
    return found


def _recipient(row: Delivery, targets: Iterable[Delivery] = ()) -> Recipient:
    to = ChatAddress(
        channel=row.channel, account=row.account, chat=row.chat, topic=row.topic, group=row.group
    )
    target = tuple(one.message_id or "" for one in targets)
    return Recipient(to=to, member_id=row.member_id, target=target)


def _settle_doubts(session: Session, rows: Iterable[Delivery], now: datetime) -> None:
    """A message that may have arrived needs nobody's decision any more: its words are told anew."""
    for row in rows:
        if row.status is Status.UNCERTAIN:
            row.status, row.reason, row.finished_at = Status.CANCELLED, words()("planned.replaced"), now
    session.flush()


def _edit(
    session: Session, notices: Notices, row: Notice, reply: Reply, to: Sequence[Recipient], now: datetime
) -> None:
    """Change in place. Nobody's telephone rings, so that quiet hours don't matter."""
    act = Act.DELETE if row.state is NoticeState.RETRACTED else Act.EDIT
    manner = Manner(urgency=manner_of(row).urgency, doubt=Doubt.ASK, passes_quiet=True, act=act)
    _queue(session, notices, row, in_place(row.revision), to, replace(reply, files=()), manner, now)


def _tell(
    session: Session, notices: Notices, row: Notice, reply: Reply, to: Sequence[Recipient], now: datetime
) -> None:
    """Say it by a message of its own, marked."""
    title, reason = _said_before(session, row)
    if row.state is NoticeState.RETRACTED:
        marked = retraction(title=title, reason=reason)
    else:
        marked = correction(reply, title=title, reason=reason)
    _queue(session, notices, row, by_message(row.revision), to, marked, manner_of(row), now)


def _queue(
    session: Session,
    notices: Notices,
    row: Notice,
    rung: str,
    to: Sequence[Recipient],
    reply: Reply,
    manner: Manner,
    now: datetime,
) -> None:
    if not to:
        return
    known = occurrence_of(session, row.id, rung)
    moment = (
        known.id if known else notices.outbox.occasion(session, Source.NOTICE, row.id, rung, now, now=now)
    )
    if moment is not None:
        notices.outbox.tell(session, moment, to, reply, due_at=now, now=now, manner=manner)


def _failed_in_place(session: Session, notices: Notices, row: Notice, now: datetime) -> int:
    """Chats where it can't be changed in place after all are told by a message."""
    moment = occurrence_of(session, row.id, in_place(row.revision))
    if moment is None:
        return 0
    spoken = occurrence_of(session, row.id, by_message(row.revision))
    other = aliased(Delivery)
    told = exists().where(other.occurrence_id == (spoken.id if spoken else 0), *_same_chat(other))
    query = select(Delivery).where(Delivery.occurrence_id == moment.id, needs_correction(), ~told)
    failed = session.scalars(query.order_by(Delivery.id).limit(CHATS)).all()
    to = {(one.channel, one.account, one.chat): _recipient(one) for one in failed}
    _tell(session, notices, row, message(session, notices, row), tuple(to.values()), now)
    return len(to)


def _settled(session: Session, row: Notice, sending: Occurrence) -> bool:
    """Whether nothing of the notice waits or is in the air."""
    moments = select(Occurrence.id).where(Occurrence.source == Source.NOTICE, Occurrence.source_id == row.id)
    waiting = Delivery.status.in_((*OPEN, Status.PAUSED))
    return not session.scalar(select(exists().where(Delivery.occurrence_id.in_(moments), waiting)))


def _said_before(session: Session, row: Notice) -> tuple[str, str]:
    """What the notice was called before its last change, and why it was changed."""
    deed = session.execute(
        select(Deed.before, Deed.reason)
        .where(Deed.subject == "notice", Deed.subject_id == row.id, Deed.action.in_(_CHANGED))
        .order_by(Deed.id.desc())
        .limit(1)
    ).first()
    if deed is None:
        return row.title, row.remark
    return str((deed[0] or {}).get("title") or row.title), deed[1]
