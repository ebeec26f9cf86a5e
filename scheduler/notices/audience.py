"""Whom a notice is for, as a value, and which chats that comes to: each once, with who can't be reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from office.deliveries import Delivery
from office.groups import Group, GroupState
from office.messages import ChatAddress
from office.notices import RecipientList
from office.people import ChatAccount, Department, Member, MemberRole, Role
from scheduler.notices.desk import words
from scheduler.outbox import Recipient


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
    """A chat that a notice goes to, and whose it is."""

    recipient: Recipient
    name: str
    group: bool


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


def reach(session: Session, audience: Audience, *, on: date, channels: Collection[str] | None) -> Reach:
    """Which chats an audience comes to on a day. `channels`: those that can carry it (None: any)."""
    raise NotImplementedError


def targets(
    session: Session,
    audience: Audience,
    *,
    channels: Collection[str] | None,
    without: int | None = None,
    most: int | None = None,
) -> tuple[Target, ...]:
    """The chats of an audience in a stable order: groups, then private chats.

    `without`: an occurrence; chats that have a delivery of it are left out. `most`: at most so many.
    """
    raise NotImplementedError


def unreached(
    session: Session, audience: Audience, *, channels: Collection[str] | None
) -> tuple[Unreached, ...]:
    """Who is meant and has no chat that can be written to."""
    raise NotImplementedError


def spelled_out(session: Session, audience: Audience) -> Audience:
    """The audience with its saved lists replaced by what they hold, lists in lists too."""
    raise NotImplementedError


def in_words(session: Session, audience: Audience) -> tuple[str, ...]:
    """What it names, a phrase each, as people read it: «tất cả các nhóm», «Phòng Công nghiệp (nhóm)» …"""
    raise NotImplementedError
