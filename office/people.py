"""Whom the office consists of: departments, members, their roles, chat accounts, codes and absences."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set
from office.messages import ChatAddress


class Role(StrEnum):
    """What someone may do. Who is no member is a citizen; a role of the office comes on top of MEMBER."""

    CITIZEN = "citizen"
    MEMBER = "member"
    HEAD = "head"
    VAN_PHONG = "van_phong"
    LEADER = "leader"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """As people read it."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.CITIZEN: "người dân",
    Role.MEMBER: "công chức, viên chức",
    Role.HEAD: "trưởng phòng, đơn vị",
    Role.VAN_PHONG: "Văn phòng",
    Role.LEADER: "lãnh đạo cơ quan",
    Role.ADMIN: "quản trị",
}


class Department(Base):
    """A phòng or đơn vị. `key` is its name in YAML files and commands (quan-ly-thuong-mai)."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    feed: Mapped[str | None] = mapped_column(String(64), unique=True)  # secret of its calendar's address


class Member(Base):
    """A civil servant; who has left stays, for the history."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MemberRole(Base):
    """A role beyond MEMBER that a member has been given."""

    __tablename__ = "member_roles"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(closed_set(Role), primary_key=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    given_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(Text)


class ChatAccount(Base):
    """Where a member is reached privately: `chat` on one bot of ours. Disabled when the bot is blocked.

    `rank`: the lowest is where pings go; the next is for when that fails.
    """

    __tablename__ = "chat_accounts"
    __table_args__ = (UniqueConstraint("channel", "account", "sender"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    sender: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    rank: Mapped[int] = mapped_column(default=0)
    tied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_reason: Mapped[str] = mapped_column(Text, default="")


class CodePurpose(StrEnum):
    """What a one-time code is good for."""

    CLAIM = "claim"  # become the office's first admin
    TIE = "tie"  # tie a member to a chat account


class Code(Base):
    """A one-time code, kept only as a keyed hash."""

    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    hash: Mapped[str] = mapped_column(String(32), unique=True)
    purpose: Mapped[CodePurpose] = mapped_column(closed_set(CodePurpose))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Absence(Base):
    """Days (both included) on which a member is away and who stands in."""

    __tablename__ = "absences"
    __table_args__ = (Index(None, "member_id", "until"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member as the rest of the program sees one. `roles` always holds MEMBER."""

    id: int
    name: str
    title: str
    department_id: int | None
    roles: frozenset[Role]

    def has(self, role: Role) -> bool:
        return role in self.roles


def person(session: Session, member_id: int) -> Person | None:
    """A member who has not left."""
    row = session.get(Member, member_id)
    return persons(session, [row])[0] if row is not None and row.left_at is None else None


def persons(session: Session, members: Iterable[Member]) -> tuple[Person, ...]:
    """Members as persons, in the same order; one query, however many they are."""
    rows = tuple(members)
    roles: dict[int, set[Role]] = {row.id: {Role.MEMBER} for row in rows}
    given = select(MemberRole.member_id, MemberRole.role).where(MemberRole.member_id.in_(roles))
    for member_id, role in session.execute(given):
        roles[member_id].add(role)
    return tuple(
        Person(
            id=row.id,
            name=row.name,
            title=row.title,
            department_id=row.department_id,
            roles=frozenset(roles[row.id]),
        )
        for row in rows
    )


def name_of(session: Session, member_id: int | None) -> str:
    """A member's name, also after leaving; "" for None."""
    row = session.get(Member, member_id) if member_id is not None else None
    return row.name if row else ""


def person_of(session: Session, *, channel: str, account: str, sender: str) -> Person | None:
    """Who writes from this account, if it is a member's."""
    row = session.scalar(
        select(Member)
        .join(ChatAccount, ChatAccount.member_id == Member.id)
        .where(
            ChatAccount.channel == channel,
            ChatAccount.account == account,
            ChatAccount.sender == sender,
            Member.left_at.is_(None),
        )
    )
    return persons(session, [row])[0] if row else None


def all_people(session: Session, *, department_id: int | None = None) -> tuple[Person, ...]:
    """Everyone who has not left, or those of a department."""
    query = select(Member).where(Member.left_at.is_(None))
    if department_id is not None:
        query = query.where(Member.department_id == department_id)
    return persons(session, session.scalars(query.order_by(Member.name, Member.id)))


def with_role(session: Session, role: Role, *, department_id: int | None = None) -> tuple[Person, ...]:
    """Everyone with this role, in a department or anywhere; every member has MEMBER."""
    if role is Role.MEMBER:
        return all_people(session, department_id=department_id)
    query = (
        select(Member)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(MemberRole.role == role, Member.left_at.is_(None))
    )
    if department_id is not None:
        query = query.where(Member.department_id == department_id)
    return persons(session, session.scalars(query.order_by(Member.id)))


def find_people(session: Session, words: str) -> tuple[Person, ...]:
    """Who is meant by a name, written with or without marks: the exact name's, else those that contain it.

    Told apart by a number (#12) or a department in brackets: Nguyễn Văn A (QLTM).
    """
    number = words.strip().removeprefix("#")
    if words.strip().startswith("#") and number.isascii() and number.isdecimal() and len(number) < 18:
        found = person(session, int(number))
        return (found,) if found is not None else ()
    name, bracket, within = words.strip().removesuffix(")").partition("(")
    department = find_department(session, within) if bracket else None
    if bracket and department is None:
        return ()
    wanted = plain(name)
    if not wanted:
        return ()
    everyone = all_people(session, department_id=department.id if department else None)
    exact = [p for p in everyone if plain(p.name) == wanted]
    return tuple(exact or (p for p in everyone if f" {wanted} " in f" {plain(p.name)} "))


def private_chats(session: Session, member_id: int) -> tuple[ChatAddress, ...]:
    """Where a member can be reached privately, the one they prefer first."""
    rows = accounts_of(session, member_id)
    return tuple(address_of(row) for row in rows if row.disabled_at is None)


def accounts_of(session: Session, member_id: int) -> tuple[ChatAccount, ...]:
    """A member's accounts in their order, also those that are out of reach."""
    theirs = select(ChatAccount).where(ChatAccount.member_id == member_id)
    return tuple(session.scalars(theirs.order_by(ChatAccount.rank, ChatAccount.id)))


def account_at(session: Session, *, channel: str, account: str, chat: str) -> ChatAccount | None:
    """The account of whoever is reached in a private chat."""
    here = select(ChatAccount).where(
        ChatAccount.channel == channel, ChatAccount.account == account, ChatAccount.chat == chat
    )
    return session.scalar(here.order_by(ChatAccount.id).limit(1))


def address_of(row: ChatAccount) -> ChatAddress:
    """Where an account's messages go."""
    return ChatAddress(channel=row.channel, account=row.account, chat=row.chat)


def absences(
    session: Session, member_id: int, *, since: date, until: date | None = None
) -> tuple[Absence, ...]:
    """When a member is away on or after a day (and not after another), the earliest first."""
    query = select(Absence).where(
        Absence.member_id == member_id, Absence.until >= since, Absence.cancelled_at.is_(None)
    )
    if until is not None:
        query = query.where(Absence.since <= until)
    return tuple(session.scalars(query.order_by(Absence.since, Absence.id)))


def departments(session: Session) -> tuple[Department, ...]:
    """All of them, in the order they were made."""
    return tuple(session.scalars(select(Department).order_by(Department.id)))


def find_department(session: Session, words: str) -> Department | None:
    """The one department whose key, name, initials or words of its name it is; None where several fit."""
    everyone = departments(session)
    found = fitting(words, [(d.key, d.name) for d in everyone])
    return next((d for d in everyone if d.key == found), None)


def fitting(words: str, named: Iterable[tuple[str, str]]) -> str | None:
    """The key of the one department, of (key, name) each, that words mean; None where several or none fit."""
    wanted = plain(words).removeprefix("phong ").strip()
    if not wanted:
        return None
    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda key, name: key == key_of(words) or plain(name) == plain(words),
        lambda key, name: plain(name).removeprefix("phong ").strip() == wanted,
        lambda key, name: "".join(w[0] for w in plain(name).removeprefix("phong ").split()) == wanted,
        lambda key, name: f" {wanted} " in f" {plain(name)} ",
    )
    everyone = tuple(named)
    for fits in tests:
        found = [key for key, name in everyone if fits(key, name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def sync_departments(session: Session, named: Iterable[tuple[str | None, str]]) -> None:
    """Make or rename the departments that the settings name: (key or None, name)."""
    for key, name in named:
        chosen = key or key_of(name)
        row = session.scalar(select(Department).where(Department.key == chosen))
        if row is None:
            session.add(Department(key=chosen, name=name))
        elif row.name != name:
            row.name = name
    session.flush()


def plain(text: str) -> str:
    """Lower case without marks, single spaces: how names are compared."""
    spread = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).casefold().replace("đ", "d"))
    kept = "".join(c if c.isalnum() else " " for c in spread if not unicodedata.combining(c))
    return " ".join(kept.split())


def key_of(name: str) -> str:
    """A key made of a name: quan-ly-thuong-mai."""
    words = "-".join(w for w in plain(name).encode("ascii", "ignore").decode().split())
    return words.removeprefix("phong-")[:64].strip("-") or "phong"
