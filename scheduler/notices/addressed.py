"""Whom a notice is for, as a value, and as conditions on the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, true
from sqlalchemy.orm import Session, aliased

from office.deliveries import Delivery
from office.groups import Group
from office.notices import RecipientList
from office.people import ChatAccount, Member, MemberRole, Role
from scheduler.outbox import Recipient

_Columns = TypeVarTuple("_Columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a notice is for. Numbers are those of the rows.

    `departments`: the groups of departments; `members_of`: the members of departments, privately; `members`
    and `roles`: privately (Role.MEMBER: everyone); `lists`: saved lists of recipients.
    """

    all_groups: bool = False
    groups: tuple[int, ...] = ()
    departments: tuple[int, ...] = ()
    members_of: tuple[int, ...] = ()
    members: tuple[int, ...] = ()
    roles: tuple[Role, ...] = ()
    lists: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether it names anybody."""
        return self.all_groups or any(getattr(self, name) for name in _MANY)

    def __or__(self, other: Audience) -> Audience:
        """Both together."""
        joined = {name: tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name)))) for name in _MANY}
        return Audience(all_groups=self.all_groups or other.all_groups, **joined)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, without what is empty."""
        plain: dict[str, Any] = {"all_groups": True} if self.all_groups else {}
        return plain | {name: [*values] for name in _MANY if (values := getattr(self, name))}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any] | None) -> Audience:
        """An audience out of its JSON; what is unknown in it is left out."""
        plain = plain or {}
        many = {name: tuple(int(value) for value in plain.get(name) or ()) for name in _NUMBERS}
        roles = tuple(Role(value) for value in plain.get("roles") or () if value in tuple(Role))
        return cls(all_groups=bool(plain.get("all_groups")), roles=roles, **many)


_NUMBERS = ("groups", "departments", "members_of", "members", "lists")
_MANY = (*_NUMBERS, "roles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A chat that a notice goes to, and whose it is. `number`: its row's, of its kind."""

    recipient: Recipient
    name: str
    group: bool
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Somebody who is meant and can't be written to, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The exact chats of an audience, each once, and who has none."""

    targets: tuple[Target, ...]
    unreached: tuple[Unreached, ...]

    @property
    def groups(self) -> tuple[Target, ...]:
        """The group chats."""
        return tuple(target for target in self.targets if target.group)

    @property
    def people(self) -> tuple[Target, ...]:
        """The private chats."""
        return tuple(target for target in self.targets if not target.group)


def spelled_out(session: Session, audience: Audience) -> Audience:
    """The audience with its saved lists replaced by what they hold, lists in lists too."""
    seen: set[int] = set()
    waiting = list(audience.lists)
    found = replace(audience, lists=())
    while waiting:
        number = waiting.pop()
        row = session.get(RecipientList, number) if number not in seen else None
        seen.add(number)
        if row is not None:
            held = Audience.from_dict(row.audience)
            waiting += held.lists
            found |= replace(held, lists=())
    return found


def preferred(channels: Collection[str] | None) -> ColumnElement[bool]:
    """Whether a ChatAccount is the first of its member's that is in reach on these channels."""
    better = aliased(ChatAccount)
    before = or_(
        better.rank < ChatAccount.rank, and_(better.rank == ChatAccount.rank, better.id < ChatAccount.id)
    )
    carried = true() if channels is None else better.channel.in_(sorted(channels))
    others = exists().where(
        better.member_id == ChatAccount.member_id, better.disabled_at.is_(None), carried, before
    )
    return and_(ChatAccount.disabled_at.is_(None), ~others)


def untold(occurrence_id: int) -> ColumnElement[bool]:
    """Whether a Member has no private delivery of an occurrence in any of their chats."""
    chat = aliased(ChatAccount)
    theirs = and_(
        chat.member_id == Member.id,
        Delivery.occurrence_id == occurrence_id,
        Delivery.channel == chat.channel,
        Delivery.account == chat.account,
        Delivery.chat == chat.chat,
    )
    return ~exists().where(theirs)


def reachable(
    query: Select[*_Columns],
    chat: type[Group] | type[ChatAccount],
    channels: Collection[str] | None,
    without: int | None,
) -> Select[*_Columns]:
    """The query for chats on these channels that have no delivery of an occurrence yet."""
    if channels is not None:
        # An expression, so that a few are read in the order of their numbers, not a whole channel and sorted.
        query = query.where(func.coalesce(chat.channel, "").in_(sorted(channels)))
    if without is not None:
        has = and_(
            Delivery.occurrence_id == without,
            Delivery.channel == chat.channel,
            Delivery.account == chat.account,
            Delivery.chat == chat.chat,
        )
        query = query.where(~exists().where(has))
    return query


def is_group(audience: Audience) -> ColumnElement[bool]:
    """Whether a Group is named, by itself or by its department."""
    if audience.all_groups:
        return true()
    named = [Group.id.in_(audience.groups)] if audience.groups else []
    if audience.departments:
        named.append(Group.department_id.in_(audience.departments))
    return or_(*named) if named else false()


def is_member(audience: Audience) -> ColumnElement[bool]:
    """Whether a Member is named, privately."""
    if Role.MEMBER in audience.roles:
        return true()
    named: list[ColumnElement[bool]] = []
    if audience.members:
        named.append(Member.id.in_(audience.members))
    if audience.members_of:
        named.append(Member.department_id.in_(audience.members_of))
    if audience.roles:
        held = exists().where(MemberRole.member_id == Member.id, MemberRole.role.in_(audience.roles))
        named.append(held)
    return or_(*named) if named else false()
