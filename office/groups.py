"""Staff groups: the bot is silent in one until Văn phòng has approved it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set


class GroupState(StrEnum):
    """Whether the bot may speak in a group."""

    PENDING = "pending"  # the bot was added, nobody has decided
    APPROVED = "approved"
    REFUSED = "refused"
    DISABLED = "disabled"  # the bot was removed, or the group is gone

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]


_LABELS = {
    GroupState.PENDING: "chờ duyệt",
    GroupState.APPROVED: "đang dùng",
    GroupState.REFUSED: "không duyệt",
    GroupState.DISABLED: "đã ngắt",
}


class Group(Base):
    """A group chat that the bot is or was in. `topic`: the forum topic that reminders go to, "" for none."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("channel", "account", "chat"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    topic: Mapped[str] = mapped_column(String(64), default="")
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[GroupState] = mapped_column(closed_set(GroupState))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    added_by: Mapped[str] = mapped_column(String(200), default="")  # the name of who added the bot
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")  # why refused or disabled
