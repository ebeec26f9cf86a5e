"""The outbox: due moments, the messages they became, and the lanes that carry them.

Nothing unasked is sent but through a `Delivery` committed before, in the transaction of what caused it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set, execute


class Source(StrEnum):
    """What a due moment belongs to."""

    REMINDER = "reminder"
    ASSIGNMENT = "assignment"
    EVENT = "event"  # something happened: a request, a decision, a new group
    NOTICE = "notice"


class OccurrenceState(StrEnum):
    """What became of a due moment."""

    PLANNED = "planned"  # deliveries or an assignment were made
    NOBODY = "nobody"  # there was no one to tell; `note` says why
    MERGED = "merged"  # missed while the program was down; a later one was sent, marked late
    STALE = "stale"  # missed, and it no longer made sense
    FAILED = "failed"  # could not be planned; `note` says why

    @property
    def label(self) -> str:
        """As people read it."""
        return _OCCURRENCES[self]


_OCCURRENCES = {
    OccurrenceState.PLANNED: "đã lập lượt gửi",
    OccurrenceState.NOBODY: "không có người nhận",
    OccurrenceState.MERGED: "gộp vào lần nhắc sau",
    OccurrenceState.STALE: "bỏ vì đã quá thời điểm",
    OccurrenceState.FAILED: "chưa lập được lượt gửi",
}


class Occurrence(Base):
    """One due moment of a reminder or of a rung of a ladder; unique, so it fires once."""

    __tablename__ = "occurrences"
    __table_args__ = (UniqueConstraint("source", "source_id", "rung", "due_at"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    source: Mapped[Source] = mapped_column(closed_set(Source))
    source_id: Mapped[int] = mapped_column(ROW_ID)
    rung: Mapped[str] = mapped_column(String(64))  # "" for a reminder's
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[OccurrenceState] = mapped_column(closed_set(OccurrenceState))
    note: Mapped[str] = mapped_column(Text, default="")


class Status(StrEnum):
    """Where a delivery stands. Each has a label and what to do next."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    MERGED = "merged"
    REROUTED = "rerouted"  # to another channel of the same reader: `merged_into`
    PAUSED = "paused"  # of a notice that Văn phòng has paused

    @property
    def label(self) -> str:
        """As people read it."""
        return _STATUSES[self][0]

    @property
    def next_action(self) -> str:
        """What a clerk does about it."""
        return _STATUSES[self][1]

    @property
    def open(self) -> bool:
        """Whether something is still to happen by itself."""
        return self in OPEN


_OPEN_SQL = "status IN ('queued', 'held', 'sending', 'retry')"
IS_OPEN = text(f"deliveries.{_OPEN_SQL}")
"""For queries of what is open: only with the very words of the index does SQLite use it."""
OPEN = (Status.QUEUED, Status.HELD, Status.SENDING, Status.RETRY)
UNSENT = (Status.QUEUED, Status.HELD, Status.RETRY, Status.PAUSED)
"""What is still to leave; what is in the air is booked by its lane."""
ELSEWHERE = (Status.MERGED, Status.REROUTED)
"""What is said in another message, `merged_into`, and so isn't counted by itself."""

_STATUSES = {
    Status.QUEUED: ("chờ gửi", "Không phải làm gì, tin sẽ tự gửi."),
    Status.HELD: ("giữ lại ngoài giờ", "Không phải làm gì, tin gửi khi hết giờ yên lặng."),
    Status.SENDING: ("đang gửi", "Chờ ít giây."),
    Status.RETRY: ("sẽ gửi lại", "Không phải làm gì, tin tự gửi lại khi đến lượt."),
    Status.SENT: ("đã gửi", "Không phải làm gì."),
    Status.FAILED: ("không gửi được", "Xem lý do; báo người nhận bằng cách khác hoặc sửa rồi gửi lại."),
    Status.UNCERTAIN: ("chưa rõ đã tới chưa", "Hỏi người nhận, rồi chọn đã tới hoặc gửi lại."),
    Status.CANCELLED: ("đã huỷ", "Xem lý do; cần thì gửi tin mới."),
    Status.MERGED: ("gộp vào tin khác", "Không phải làm gì, nội dung đã nằm trong tin gộp."),
    Status.REROUTED: (
        "chuyển sang kênh khác",
        "Không phải làm gì, tin gửi qua kênh kế tiếp.",
    ),
    Status.PAUSED: ("tạm dừng", "Gửi tiếp hoặc huỷ thông báo này."),
}


class Urgency(IntEnum):
    """Which of the waiting messages goes first."""

    URGENT = 0
    ORDINARY = 1
    BULK = 2


class Doubt(StrEnum):
    """What becomes of a message that may or may not have arrived. Never silently sent again."""

    REPEAT = "repeat"  # once more, marked as a possible repeat
    ASK = "ask"  # Văn phòng decides
    LEAVE = "leave"  # marked, nothing more (a greeting)


class Act(StrEnum):
    """What is done with a message: `target` is the one that is changed or taken back."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"


class Delivery(Base):
    """One message (part) to one chat, with its outcome.

    `target`: the message that is edited or deleted; none once the platform has said that it can't be.
    `body`: the JSON of one Reply. `ready_at`: not before. `stale_at`: not after. `token`: the lane's fencing
    token of who claimed it last. `repeat`: 1 for the marked repeat of an uncertain one.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("occurrence_id", "channel", "account", "chat", "topic", "part", "repeat"),
        Index(
            "ix_deliveries_open",
            "channel",
            "account",
            "ready_at",
            sqlite_where=text(_OPEN_SQL),
            postgresql_where=text(_OPEN_SQL),
        ),
        Index(
            "ix_deliveries_next",
            *("channel", "account", "urgency", "due_at", "occurrence_id", "part", "id"),
            *("ready_at", "status", "chat"),  # so that the lane reads nothing but the index
            sqlite_where=text(_OPEN_SQL),
            postgresql_where=text(_OPEN_SQL),
        ),
        Index(None, "channel", "account", "chat"),
        Index(None, "status", "finished_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrences.id"))
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    chat: Mapped[str] = mapped_column(String(128))
    topic: Mapped[str] = mapped_column(String(64), default="")
    group: Mapped[bool] = mapped_column("is_group")
    part: Mapped[int] = mapped_column(default=1)
    parts: Mapped[int] = mapped_column(default=1)
    act: Mapped[Act] = mapped_column(closed_set(Act), default=Act.SEND)
    target: Mapped[str | None] = mapped_column(String(128))
    repeat: Mapped[int] = mapped_column(default=0)
    status: Mapped[Status] = mapped_column(closed_set(Status))
    urgency: Mapped[int] = mapped_column(default=Urgency.ORDINARY)
    doubt: Mapped[Doubt] = mapped_column(closed_set(Doubt))
    passes_quiet: Mapped[bool] = mapped_column(default=False)
    body: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stale_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[int | None] = mapped_column(ROW_ID)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message_id: Mapped[str | None] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text, default="")
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)


def needs_correction() -> ColumnElement[bool]:
    """Holds for edits and deletions that will never be done though the chat can be reached.

    Only a new message can put right what they were to change.
    """
    return and_(Delivery.act != Act.SEND, Delivery.status == Status.FAILED, Delivery.target.is_(None))


class Lane(Base):
    """One account's lane: who holds it, until when, and what the pacer must remember.

    `token` grows with each new holder and fences off the former ones. `pace`: scheduler.pacer's snapshot.
    """

    __tablename__ = "lanes"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), default="")
    token: Mapped[int] = mapped_column(ROW_ID, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pace: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


def backlog(session: Session, now: datetime) -> dict[str, int]:
    """How many messages are overdue, and how many ended in doubt or failure in the last day."""
    overdue = Delivery.status.in_(OPEN) & (Delivery.ready_at <= now - timedelta(minutes=1))
    bad = Delivery.status.in_((Status.UNCERTAIN, Status.FAILED)) & (
        Delivery.finished_at > now - timedelta(days=1)
    )
    count = select(func.count()).select_from(Delivery)
    return {
        "overdue": session.scalar(count.where(overdue)) or 0,
        "failed_or_uncertain": session.scalar(count.where(bad)) or 0,
    }


def sent_since(session: Session, *, channel: str, account: str, chat: str, since: datetime) -> bool:
    """Whether something unasked was sent to a chat after a moment."""
    there = (Delivery.channel == channel) & (Delivery.account == account) & (Delivery.chat == chat)
    sent = (Delivery.act == Act.SEND) & (Delivery.status == Status.SENT) & (Delivery.finished_at > since)
    return session.scalar(select(Delivery.id).where(there, sent).limit(1)) is not None


def purge(session: Session, before: datetime) -> int:
    """Delete what was due before a moment and is done with; returns how many messages."""
    old = select(Occurrence.id).where(Occurrence.due_at < before)
    done = Delivery.occurrence_id.in_(old) & Delivery.status.not_in((*OPEN, Status.PAUSED))
    gone = select(Delivery.id).where(done)
    execute(session, update(Delivery).where(Delivery.merged_into.in_(gone)).values(merged_into=None))
    count = execute(session, delete(Delivery).where(done))
    kept = select(Delivery.occurrence_id)
    execute(session, delete(Occurrence).where(Occurrence.due_at < before, Occurrence.id.not_in(kept)))
    return count
