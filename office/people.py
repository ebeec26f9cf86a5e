"""Whom the office consists of: departments, members, their roles, chat accounts, codes and absences."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set


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
    """Where a member is reached privately: `chat` on one bot of ours. Disabled when the bot is blocked."""

    __tablename__ = "chat_accounts"
    __table_args__ = (UniqueConstraint("channel", "account", "sender"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    sender: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
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
