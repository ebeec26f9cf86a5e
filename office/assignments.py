"""Assignments: a piece of work with a deadline, who is responsible, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set


class Priority(StrEnum):
    """How urgent the document is."""

    ORDINARY = "ordinary"
    URGENT = "urgent"
    EXPRESS = "express"  # passes quiet hours, with a permission and a reason

    @property
    def label(self) -> str:
        """As documents say it."""
        return _PRIORITIES[self]


_PRIORITIES = {Priority.ORDINARY: "thường", Priority.URGENT: "khẩn", Priority.EXPRESS: "hoả tốc"}


class AssignmentState(StrEnum):
    """How far an assignment has come."""

    OPEN = "open"
    REPORTED = "reported"  # done, says who is responsible; Văn phòng has yet to confirm
    DONE = "done"  # confirmed
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """As people read it."""
        return _STATES[self]


_STATES = {
    AssignmentState.OPEN: "đang thực hiện",
    AssignmentState.REPORTED: "đã báo cáo, chờ Văn phòng xác nhận",
    AssignmentState.DONE: "đã hoàn thành",
    AssignmentState.CANCELLED: "đã huỷ",
}


class Assignment(Base):
    """One piece of work. `ladder` is frozen when it is made; `next_rung_at` moves by compare-and-set.

    `due_on` is the last day for it; `first_due_on` what it was before any extension. `confirmed_calendar`:
    whether the working days were counted on confirmed calendars. `express_reason`: why it may pass quiet
    hours.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        Index("ix_assignments_next_rung_at", "next_rung_at"),
        Index(None, "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(Text, default="")
    document: Mapped[str] = mapped_column(String(200), default="")  # number of the source document
    document_date: Mapped[date | None] = mapped_column(Date)
    given_by: Mapped[str] = mapped_column(String(200), default="")  # who gives it, as written
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    priority: Mapped[Priority] = mapped_column(closed_set(Priority))
    express_reason: Mapped[str] = mapped_column(Text, default="")
    assigned_on: Mapped[date] = mapped_column(Date)
    working_days: Mapped[int | None]  # when the deadline was given so
    due_on: Mapped[date] = mapped_column(Date)
    first_due_on: Mapped[date] = mapped_column(Date)
    confirmed_calendar: Mapped[bool] = mapped_column(default=True)
    ladder: Mapped[dict[str, Any]] = mapped_column(JSON)
    next_rung: Mapped[str | None] = mapped_column(String(32))
    next_rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[AssignmentState] = mapped_column(closed_set(AssignmentState))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # reported, where it was confirmed
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("reminders.id"))  # the rule that made it
    origin_key: Mapped[str | None] = mapped_column(String(200), unique=True)  # made once by a rule or import


class Responsible(Base):
    """A member who answers for an assignment: named, or as one of the department."""

    __tablename__ = "responsible"

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    named: Mapped[bool]
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # handed over to someone else


class Decision(StrEnum):
    """What Văn phòng has said to a report or a request."""

    WAITING = "waiting"
    APPROVED = "approved"
    CHANGED = "changed"  # approved with another date
    REFUSED = "refused"  # or returned

    @property
    def label(self) -> str:
        """As people read it."""
        return _DECISIONS[self]

    @property
    def report_label(self) -> str:
        """As people read it of a report, which is confirmed or returned."""
        return _OF_REPORTS.get(self, self.label)


_DECISIONS = {
    Decision.WAITING: "chờ quyết định",
    Decision.APPROVED: "đồng ý",
    Decision.CHANGED: "đồng ý với thời hạn khác",
    Decision.REFUSED: "không đồng ý",
}
_OF_REPORTS = {Decision.APPROVED: "đã xác nhận", Decision.REFUSED: "trả lại"}


class ProofKind(StrEnum):
    """How a report proves that the work is done."""

    DOCUMENT = "document"  # number of a document
    LINK = "link"
    FILE = "file"  # sent in chat: the platform's id of it and its name


class Report(Base):
    """Somebody says an assignment is done, with proof."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof_kind: Mapped[ProofKind] = mapped_column(closed_set(ProofKind))
    proof: Mapped[str] = mapped_column(Text)
    decision: Mapped[Decision] = mapped_column(closed_set(Decision))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")


class Extension(Base):
    """A request for more time and its answer."""

    __tablename__ = "extensions"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    due_before: Mapped[date] = mapped_column(Date)
    asked_due: Mapped[date] = mapped_column(Date)
    granted_due: Mapped[date | None] = mapped_column(Date)
    decision: Mapped[Decision] = mapped_column(closed_set(Decision))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")


class Tap(StrEnum):
    """What a button under an assignment's message does; see `tap`."""

    ACKNOWLEDGE = "nhan"
    DONE = "xong"
    EXTEND = "giahan"
    SHOW = "xem"


TAP_VERB = "s"


def tap(action: Tap, assignment_id: int) -> str:
    """The payload of a button: `s:nhan:12`."""
    return f"{TAP_VERB}:{action}:{assignment_id}"
