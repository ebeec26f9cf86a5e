"""Which chats an audience comes to: each once, with who can't be reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from office.groups import Group, GroupState, title_of
from office.messages import ChatAddress
from office.notices import RecipientList
from office.people import ChatAccount, Department, Member, Role
from scheduler.audience import address
from scheduler.notices.addressed import (
    Audience,
    Reach,
    Target,
    Unreached,
    is_group,
    is_member,
    preferred,
    reachable,
    spelled_out,
    untold,
)
from scheduler.notices.desk import words
from scheduler.notices.lost import unreached
from scheduler.outbox import Recipient

__all__ = [
    "Audience",
    "Reach",
    "Target",
    "Unreached",
    "in_words",
    "reach",
    "spelled_out",
    "targets",
    "unreached",
]


def reach(session: Session, audience: Audience, *, on: date, channels: Collection[str] | None) -> Reach:
    """Which chats an audience comes to on a day. `channels`: those that can carry it (None: any)."""
    plain = spelled_out(session, audience)
    return Reach(
        targets=targets(session, plain, channels=channels),
        unreached=unreached(session, plain, channels=channels),
    )


def targets(
    session: Session,
    audience: Audience,
    *,
    channels: Collection[str] | None,
    without: int | None = None,
    most: int | None = None,
    after: int = 0,
) -> tuple[Target, ...]:
    """The chats of an audience in a stable order: groups, then private chats, one a member.

    `without`: an occurrence; chats that have a delivery of it are left out. `most`: at most so many. `after`:
    private chats up to this number are left out.
    """
    audience = spelled_out(session, audience)
    found = _group_targets(session, audience, channels, without, most)
    left = None if most is None else most - len(found)
    if left is None or left > 0:
        found += _member_targets(session, audience, channels, without, left, after)
    return tuple({target.recipient.to: target for target in found}.values())


def _group_targets(
    session: Session,
    audience: Audience,
    channels: Collection[str] | None,
    without: int | None,
    most: int | None,
) -> list[Target]:
    query = select(Group).where(Group.state == GroupState.APPROVED, is_group(audience))
    query = reachable(query, Group, channels, without).order_by(Group.id).limit(most)
    return [
        Target(
            recipient=Recipient(to=address(row)),
            name=title_of(row),
            group=True,
            number=row.id,
        )
        for row in session.scalars(query)
    ]


def _member_targets(
    session: Session,
    audience: Audience,
    channels: Collection[str] | None,
    without: int | None,
    most: int | None,
    after: int,
) -> list[Target]:
    # Rows of plain columns: there may be ten thousand of them.
    query = (
        select(
            ChatAccount.id,
            ChatAccount.channel,
            ChatAccount.account,
            ChatAccount.chat,
            Member.id,
            Member.name,
        )
        .join(Member, Member.id == ChatAccount.member_id)
        .where(ChatAccount.id > after, Member.left_at.is_(None), preferred(channels), is_member(audience))
    )
    if without is not None:
        query = query.where(untold(without))
    query = reachable(query, ChatAccount, channels, None).order_by(ChatAccount.id).limit(most)
    return [
        Target(
            recipient=Recipient(
                to=ChatAddress(channel=channel, account=account, chat=chat), member_id=member_id
            ),
            name=name,
            group=False,
            number=number,
        )
        for number, channel, account, chat, member_id, name in session.execute(query)
    ]


def in_words(session: Session, audience: Audience) -> tuple[str, ...]:
    """What it names, a phrase each, as people read it: «tất cả các nhóm», «nhóm của Phòng …» …"""
    text = words()
    said = [text("audience.all_groups")] if audience.all_groups else []
    for key, table, numbers in (
        ("group", Group, audience.groups),
        ("department", Department, audience.departments),
        ("members_of", Department, audience.members_of),
        ("member", Member, audience.members),
        ("list", RecipientList, audience.lists),
    ):
        said += _named(session, key, table, numbers)
    for role in audience.roles:
        everyone = role is Role.MEMBER
        said.append(text("audience.everyone") if everyone else text("audience.role", name=role.label))
    return tuple(said)


def _named(session: Session, key: str, table: type[Any], numbers: Iterable[int]) -> Iterable[str]:
    unknown = {"members_of": "department"}.get(key, key)
    column = table.title if table is Group else table.name
    numbers = tuple(numbers)
    rows = session.execute(select(table.id, column).where(table.id.in_(numbers)))
    names: dict[int, str] = {number: name for number, name in rows}  # noqa: C416 - rows aren't pairs to mypy
    for number in numbers:
        if number in names:
            yield words()(f"audience.{key}", name=names[number] or words()("unreached.numbered", id=number))
        else:
            yield words()(f"audience.unknown_{unknown}", id=number)
