"""Who is expected to read a notice, chat by chat, and who has said «Đã đọc»."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from office.audit import Deed
from office.deliveries import ELSEWHERE, Delivery
from office.groups import Group
from office.notices import Notice, NoticeConfirmation
from office.people import Member

Chat = tuple[str, str, str]  # channel, account, chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A member who is to confirm, or has. `at` None: not yet; `current`: of the present words."""

    member_id: int
    name: str
    at: datetime | None = None
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Whom a notice expects to confirm: of private chats, and of departments' groups.

    A group of the whole office expects nobody by name. `others`: who confirmed without being expected.
    """

    private: Mapping[int, Reader]
    of_groups: Mapping[Chat, tuple[Reader, ...]]
    others: tuple[Reader, ...]

    def everyone(self) -> Mapping[int, Reader]:
        """Each expected member once."""
        found = {one.member_id: one for some in self.of_groups.values() for one in some}
        return {**found, **self.private}


def readers_of(
    session: Session, row: Notice, occurrence_id: int | None, *, only: Collection[Chat] | None = None
) -> Readers:
    """Who is expected of the chats that the sending `occurrence_id` was addressed to.

    `only`: of these chats, a few of very many; others aren't looked up then.
    """
    private = _addressed(session, occurrence_id, only)
    groups = groups_of(session, occurrence_id, only)
    departments = {group.department_id for group in groups.values()} - {None}
    members = _members(session, departments, row.started_at)  # type: ignore[arg-type]
    names = private | {number: name for some in members.values() for number, name in some}
    said = _said(session, row, None if only is None else names)

    def reader(number: int, name: str) -> Reader:
        at, revision = said.get(number, (None, 0))
        return Reader(member_id=number, name=name, at=at, current=revision == row.revision)

    strangers = [number for number in said if number not in names]
    return Readers(
        private={number: reader(number, name) for number, name in private.items()},
        of_groups={
            chat: tuple(reader(number, name) for number, name in members.get(group.department_id or 0, ()))
            for chat, group in groups.items()
        },
        others=tuple(reader(number, name) for number, name in _names(session, strangers)),
    )


def _said(
    session: Session, row: Notice, members: Collection[int] | None
) -> dict[int, tuple[datetime | None, int]]:
    """Who has said «Đã đọc», when, and of which words. Plain columns: there may be ten thousand of them."""
    query = select(NoticeConfirmation.member_id, NoticeConfirmation.at, NoticeConfirmation.revision).where(
        NoticeConfirmation.notice_id == row.id
    )
    if members is not None:
        query = query.where(NoticeConfirmation.member_id.in_(members))
    return {number: (at, revision) for number, at, revision in session.execute(query)}


def groups_of(
    session: Session, occurrence_id: int | None, only: Collection[Chat] | None = None
) -> dict[Chat, Group]:
    """The groups that a sending was addressed to, also those that have another number by now.

    The groups are asked for their messages, not the messages for their groups: there may be very many.
    """
    rows = session.scalars(select(Group).where(_told(occurrence_id)).order_by(Group.id))
    found = {(row.channel, row.account, row.chat): row for row in rows}
    found = _moved(session, occurrence_id) | found
    return found if only is None else {chat: row for chat, row in found.items() if chat in only}


def departments_of(session: Session, occurrence_id: int | None) -> set[int]:
    """The departments whose groups a sending was addressed to."""
    found = set(session.scalars(select(Group.department_id).where(_told(occurrence_id)).distinct()))
    found |= {group.department_id for group in _moved(session, occurrence_id).values()}
    return {number for number in found if number is not None}


def _told(occurrence_id: int | None) -> ColumnElement[bool]:
    return exists().where(
        Delivery.occurrence_id == occurrence_id,
        Delivery.channel == Group.channel,
        Delivery.account == Group.account,
        Delivery.chat == Group.chat,
        Delivery.group,
        Delivery.status.not_in(ELSEWHERE),
    )


def _moved(session: Session, occurrence_id: int | None) -> dict[Chat, Group]:
    """Groups by the number that they had before they migrated."""
    deeds = session.execute(
        select(Deed.subject_id, Deed.before).where(Deed.subject == "group", Deed.action == "group.migrate")
    )
    former = {str((before or {}).get("chat")): number for number, before in deeds}
    if not former:
        return {}
    chats = select(Delivery.channel, Delivery.account, Delivery.chat).where(
        Delivery.occurrence_id == occurrence_id,
        Delivery.chat.in_(former),
        Delivery.group,
        Delivery.status.not_in(ELSEWHERE),
    )
    found = {}
    for channel, account, chat in session.execute(chats.distinct()):
        row = session.get(Group, former[chat])
        if row is not None:
            found[channel, account, chat] = row
    return found


def _addressed(session: Session, occurrence_id: int | None, only: Collection[Chat] | None) -> dict[int, str]:
    """Members written to privately, with their names."""
    query = (
        select(Member.id, Member.name)
        .join(Delivery, Delivery.member_id == Member.id)
        .where(Delivery.occurrence_id == occurrence_id, Delivery.group.is_(False), Member.left_at.is_(None))
        .order_by(Member.name, Member.id)
    )
    if only is not None:
        query = query.where(Delivery.chat.in_({chat for _, _, chat in only}))
    return {number: name for number, name in session.execute(query.distinct())}  # noqa: C416 - no pairs to mypy


def _members(
    session: Session, departments: Collection[int], until: datetime | None
) -> dict[int, list[tuple[int, str]]]:
    """The members of departments who were there when it left."""
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    query = select(Member.department_id, Member.id, Member.name).where(
        Member.department_id.in_(departments), Member.left_at.is_(None)
    )
    if until is not None:
        query = query.where(Member.joined_at <= until)
    for department, number, name in session.execute(query.order_by(Member.name, Member.id)):
        found[department or 0].append((number, name))
    return found


def _names(session: Session, numbers: Collection[int]) -> Iterable[tuple[int, str]]:
    query = select(Member.id, Member.name).where(Member.id.in_(numbers)).order_by(Member.name, Member.id)
    return [(number, name) for number, name in session.execute(query)] if numbers else []
