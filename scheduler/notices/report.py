"""What became of a notice: in figures, and chat by chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from office.deliveries import ELSEWHERE, Act, Delivery, Status
from office.groups import Group, title_of
from office.notices import Notice, NoticeState
from office.people import name_of
from scheduler.notices.confirmed import Counts, counts
from scheduler.notices.desk import get, words
from scheduler.notices.listing import Listed, Page, listing
from scheduler.notices.moments import by_message, in_place, occurrence_of
from scheduler.notices.places import PLACE, Message, among, messages
from scheduler.notices.readers import Chat, Reader, Readers, groups_of, readers_of

__all__ = [
    "ChatReport", "Listed", "Page", "Progress", "Reader", "Report", "chats", "listing", "progress", "report",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Figures of a notice: chats by their worst status, and who has confirmed its present words.

    A person counts as one chat, in whichever of theirs it came. `planned`: chats that have been written down
    so far, all of them once `queued`. `expected`: members who are to confirm (0 where nobody is known by
    name).
    """

    notice_id: int
    state: NoticeState
    queued: bool
    planned: int
    by_status: Mapping[Status, int]
    unreached: int
    confirmed: int  # of the expected; of everybody where nobody is expected by name
    confirmed_before: int  # of former words only
    expected: int
    others: int  # who confirmed the present words without being expected

    def count(self, *statuses: Status) -> int:
        """Chats in one of these statuses."""
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def done(self) -> int:
        """Chats for which nothing waits any more."""
        return sum(
            count
            for status, count in self.by_status.items()
            if not status.open and status is not Status.PAUSED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReport:
    """What became of a notice in one group, or with one person: in the chat where it stands worst.

    `deliveries`: what may be settled (scheduler.delivery.settle) where it failed or is uncertain. `change`:
    what became of a correction there, "" for none. `confirmed`, `missing`: of who is expected there.
    """

    name: str
    channel: str
    group: bool
    status: Status
    reason: str
    next_action: str
    sent_at: datetime | None
    deliveries: tuple[int, ...]
    change: str
    confirmed: tuple[Reader, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A notice's whole report. `others`: who confirmed without being expected in any of the chats."""

    notice_id: int
    title: str
    document: str
    author: str
    approver: str
    started_at: datetime | None
    finished_at: datetime | None
    revision: int
    confirm: bool
    progress: Progress
    chats: tuple[ChatReport, ...]
    unreached: tuple[tuple[str, str], ...]  # name, why
    confirmed: tuple[Reader, ...]
    missing: tuple[str, ...]
    others: tuple[Reader, ...]


_RANKS = {
    status: rank
    for rank, status in enumerate(
        (
            Status.MERGED,
            Status.REROUTED,
            Status.SENT,
            Status.CANCELLED,
            Status.SENDING,
            Status.QUEUED,
            Status.HELD,
            Status.RETRY,
            Status.PAUSED,
            Status.UNCERTAIN,
            Status.FAILED,
        )
    )
}
_BY_RANK = {rank: status for status, rank in _RANKS.items()}


def progress(session: Session, notice_id: int) -> Progress:
    """A notice's figures, cheap enough to be asked for every second. Raises Refused."""
    row = get(session, notice_id)
    return _progress(row, _by_status(session, row), counts(session, row))


def chats(
    session: Session, notice_id: int, *, statuses: Collection[Status] = (), limit: int, offset: int = 0
) -> tuple[ChatReport, ...]:
    """Some chats of a notice's report, those with trouble first; `statuses`: only these (none given: all)."""
    row = get(session, notice_id)
    sending = occurrence_of(session, row.id)
    worst = _worst(session, row).add_columns(func.min(Delivery.id).label("first")).subquery()
    query = select(worst.c.channel, worst.c.account, worst.c.chat)
    if statuses:
        query = query.where(worst.c.rank.in_([_RANKS[status] for status in statuses]))
    query = query.order_by(worst.c.rank.desc(), worst.c.first).limit(limit).offset(offset)
    only = {(channel, account, chat) for channel, account, chat in session.execute(query)}
    some = messages(session, [*_counted(session, row), among(only)])
    found = {place: parts for place, parts in some.items() if place in only}
    held = {one.chat for parts in found.values() for one in parts}
    readers = readers_of(session, row, sending.id if sending else None, only=held)
    groups = groups_of(session, sending.id if sending else None, held)
    changes = _changes(session, row, among(only))
    return _chats(session, row, readers, groups, found, changes)


def _by_status(session: Session, row: Notice) -> dict[Status, int]:
    """How many chats have which worst status."""
    worst = _worst(session, row).subquery()
    found = session.execute(select(worst.c.rank, func.count()).group_by(worst.c.rank))
    return {_BY_RANK[value]: count for value, count in found if value}


def _worst(session: Session, row: Notice) -> Select[str, str, str, Any]:
    """Each group and person with the rank of its worst status."""
    rank = case(*((Delivery.status == status, value) for status, value in _RANKS.items()), else_=0)
    return select(*PLACE, func.max(rank).label("rank")).where(*_counted(session, row)).group_by(*PLACE)


def _counted(session: Session, row: Notice) -> tuple[Any, ...]:
    """The deliveries that make up a notice in a chat: its own, but for those that a correction replaced, and
    the marked message about the present change."""
    moments = [
        found.id
        for rung in (None, by_message(row.revision))
        if (found := occurrence_of(session, row.id, rung)) is not None
    ]
    replaced = (Delivery.status == Status.CANCELLED) & (Delivery.reason == words()("planned.replaced"))
    return Delivery.occurrence_id.in_(moments), ~replaced, Delivery.status.not_in(ELSEWHERE)


def _progress(row: Notice, by_status: Mapping[Status, int], said: Counts) -> Progress:
    return Progress(
        notice_id=row.id,
        state=row.state,
        queued=row.queued_at is not None,
        planned=sum(by_status.values()),
        by_status=by_status,
        unreached=len(row.unreached or ()),
        confirmed=said.confirmed if said.expected else said.others,
        confirmed_before=said.before,
        expected=said.expected,
        others=said.others if said.expected else 0,
    )


def report(session: Session, notice_id: int) -> Report:
    """A notice's report, the chats with trouble first. Raises Refused."""
    row = get(session, notice_id)
    sending = occurrence_of(session, row.id)
    readers = readers_of(session, row, sending.id if sending else None)
    groups = groups_of(session, sending.id if sending else None)
    found = messages(session, _counted(session, row))
    chats = _chats(session, row, readers, groups, found, _changes(session, row))
    by_status: defaultdict[Status, int] = defaultdict(int)
    for chat in chats:
        by_status[chat.status] += 1
    everyone = readers.everyone().values() if row.confirm else ()
    return Report(
        notice_id=row.id,
        title=row.title,
        document=row.document,
        author=name_of(session, row.created_by),
        approver=name_of(session, row.approved_by),
        started_at=row.started_at,
        finished_at=row.finished_at,
        revision=row.revision,
        confirm=row.confirm,
        progress=_progress(row, dict(by_status), counts(session, row)),
        chats=chats,
        unreached=tuple((one["name"], one["why"]) for one in row.unreached or ()),
        confirmed=tuple(one for one in everyone if one.at is not None),
        missing=tuple(one.name for one in everyone if not one.current),
        others=readers.others,
    )


def _changes(session: Session, row: Notice, *where: ColumnElement[bool]) -> Mapping[Chat, list[Message]]:
    """What was done about the last correction in each place."""
    moments = {
        rung: found.id
        for rung in (in_place(row.revision), by_message(row.revision))
        if (found := occurrence_of(session, row.id, rung)) is not None
    }
    here = (Delivery.occurrence_id.in_(moments.values()), Delivery.status.not_in(ELSEWHERE))
    return messages(session, [*here, *where])


def _chats(
    session: Session,
    row: Notice,
    readers: Readers,
    groups: Mapping[Chat, Group],
    found: Mapping[Chat, Sequence[Message]],
    changes: Mapping[Chat, Sequence[Message]],
) -> tuple[ChatReport, ...]:
    """What became of it place by place, those with trouble first."""
    reports = [
        _chat(row, parts, _name(session, parts[0], groups, readers), readers, changes.get(place, ()))
        for place, parts in found.items()
    ]
    return tuple(sorted(reports, key=lambda one: (-_RANKS[one.status], not one.group, one.name)))


def _name(session: Session, one: Message, groups: Mapping[Chat, Group], readers: Readers) -> str:
    """Whose chat it is; "" where nobody knows any more."""
    if one.group:
        return title_of(groups[one.chat]) if one.chat in groups else ""
    reader = readers.private.get(one.member_id or 0)
    return reader.name if reader is not None else name_of(session, one.member_id)


def _chat(
    row: Notice, parts: Sequence[Message], name: str, readers: Readers, changes: Sequence[Message]
) -> ChatReport:
    worst = max(parts, key=lambda part: _RANKS[part.status])
    chat = worst.chat
    expected = readers.of_groups.get(chat, ()) if worst.group else ()
    if not worst.group and (reader := readers.private.get(worst.member_id or 0)) is not None:
        expected = (reader,)
    if not row.confirm:
        expected = ()
    trouble = (Status.FAILED, Status.UNCERTAIN)
    sent = [part.finished_at for part in parts if part.status is Status.SENT and part.finished_at]
    return ChatReport(
        name=name or words()("report.unknown_chat", chat=chat[2]),
        channel=chat[0],
        group=worst.group,
        status=worst.status,
        reason=worst.reason,
        next_action=worst.status.next_action,
        sent_at=max(sent, default=None),
        deliveries=tuple(part.id for part in parts if part.status in trouble),
        change=_change(row, changes, worst.status),
        confirmed=tuple(one for one in expected if one.at is not None),
        missing=tuple(one.name for one in expected if not one.current),
    )


def _change(row: Notice, changes: Sequence[Message], status: Status) -> str:
    """What became of the last correction in a chat, in words."""
    if row.revision == 1:
        return ""
    text, retracted = words(), row.state is NoticeState.RETRACTED
    spoken = [one for one in changes if one.act is Act.SEND]
    edits = [one for one in changes if one.act is not Act.SEND]
    if spoken:
        if all(one.status is Status.SENT for one in spoken):
            return text("report.by_message_retract" if retracted else "report.by_message")
        failed = next((one for one in spoken if one.status is Status.FAILED), None)
        return text("report.failed", reason=failed.reason) if failed else text("report.waiting_message")
    if edits and all(one.status is Status.SENT for one in edits):
        return text("report.deleted" if retracted else "report.in_place")
    if failed := next((one for one in edits if one.status is Status.FAILED), None):
        return text("report.failed", reason=failed.reason)
    if edits or status is Status.SENT:
        return text("report.waiting")
    return ""
