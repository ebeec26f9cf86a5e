"""Notices: what Văn phòng sends to chosen groups and people, and who has confirmed it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from office.assignments import Priority
from office.database import ROW_ID, Base, UtcDateTime, closed_set


class NoticeState(StrEnum):
    """How far a notice has come. Each has a label and what to do next."""

    DRAFT = "draft"
    WAITING = "waiting"  # for a second person
    SCHEDULED = "scheduled"  # approved; goes at `send_at`
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"  # nothing of it waits any more
    CANCELLED = "cancelled"  # before or while it left
    RETRACTED = "retracted"

    @property
    def label(self) -> str:
        """As people read it."""
        return _STATES[self][0]

    @property
    def next_action(self) -> str:
        """What a clerk does about it."""
        return _STATES[self][1]


_STATES = {
    NoticeState.DRAFT: ("bản nháp", "Xem trước từng kênh, rồi trình duyệt hoặc gửi."),
    NoticeState.WAITING: ("chờ duyệt", "Người thứ hai xem và duyệt, hoặc trả lại."),
    NoticeState.SCHEDULED: ("chờ tới giờ gửi", "Không phải làm gì, thông báo tự gửi; cần thì huỷ."),
    NoticeState.SENDING: ("đang gửi", "Theo dõi; cần thì tạm dừng."),
    NoticeState.PAUSED: ("tạm dừng", "Gửi tiếp hoặc huỷ phần còn lại."),
    NoticeState.SENT: ("đã gửi xong", "Xem nơi chưa tới và người chưa xác nhận."),
    NoticeState.CANCELLED: ("đã huỷ", "Cần thì soạn thông báo mới từ bản này."),
    NoticeState.RETRACTED: ("đã thu hồi", "Xem nơi chưa thu hồi được để báo bằng cách khác."),
}


class Notice(Base):
    """One notice. `audience`: plain JSON of scheduler.notices.audience.Audience.

    `revision` grows with each correction after it has left. `send_at` None: as soon as it is approved.
    `queued_at`: when the last of its deliveries was written; a notice that is SENDING without it was
    interrupted and is queued on. `unreached`: names and reasons of who couldn't be addressed when it left.
    """

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_due", "state", "send_at"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text, default="")
    document: Mapped[str] = mapped_column(String(200), default="")  # number of the document
    document_date: Mapped[date | None] = mapped_column(Date)
    priority: Mapped[Priority] = mapped_column(closed_set(Priority))
    express_reason: Mapped[str] = mapped_column(Text, default="")
    confirm: Mapped[bool] = mapped_column(default=False)  # «cần xác nhận đã đọc»
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[NoticeState] = mapped_column(closed_set(NoticeState))
    revision: Mapped[int] = mapped_column(default=1)
    send_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    template_id: Mapped[int | None] = mapped_column(ForeignKey("notice_templates.id"))
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("reminders.id"))  # of a monthly campaign
    origin_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str] = mapped_column(Text, default="")  # why returned, cancelled, paused or retracted
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    nudges: Mapped[int] = mapped_column(default=0)
    unreached: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))


class NoticeFile(Base):
    """A file of a notice, in its order."""

    __tablename__ = "notice_files"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(128))
    picture: Mapped[bool] = mapped_column(default=False)


class NoticeConfirmation(Base):
    """A member has said «Đã đọc», once, and where."""

    __tablename__ = "notice_confirmations"
    __table_args__ = (UniqueConstraint("notice_id", "member_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    revision: Mapped[int] = mapped_column(default=1)  # which wording they read


class NoticeTemplate(Base):
    """A wording with named blanks: {ten_cho_trong}. `shipped`: came with the program."""

    __tablename__ = "notice_templates"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(String(200), default="")
    confirm: Mapped[bool] = mapped_column(default=False)
    shipped: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecipientList(Base):
    """A saved list of recipients. `audience`: as a notice's."""

    __tablename__ = "recipient_lists"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
