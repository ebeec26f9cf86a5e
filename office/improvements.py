"""Questions that were not answered well, grouped by likeness, and the changes of the knowledge for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, delete, exists, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set, execute


class Trouble(StrEnum):
    """What was wrong with the answer to a question."""

    UNANSWERED = "unanswered"
    DISLIKED = "disliked"  # 👎
    MISMATCHED = "mismatched"  # the person went on to something else, or Văn phòng says so

    @property
    def label(self) -> str:
        """As people read it."""
        return _TROUBLES[self]


_TROUBLES = {
    Trouble.UNANSWERED: "chưa trả lời được",
    Trouble.DISLIKED: "bị chấm 👎",
    Trouble.MISMATCHED: "trả lời nhầm mục",
}


class GroupState(StrEnum):
    """What Văn phòng has done about a group of questions."""

    OPEN = "open"
    PROPOSED = "proposed"  # a change waits for a second person
    SOLVED = "solved"
    OUTSIDE = "outside"  # not the office's business, and said so
    IGNORED = "ignored"

    @property
    def label(self) -> str:
        """As people read it."""
        return _STATES[self]


_STATES = {
    GroupState.OPEN: "chưa xử lý",
    GroupState.PROPOSED: "chờ duyệt",
    GroupState.SOLVED: "đã bổ sung",
    GroupState.OUTSIDE: "ngoài phạm vi",
    GroupState.IGNORED: "bỏ qua",
}


class QuestionGroup(Base):
    """Questions that are alike. `text`: the one that stands for them; `key`: it, folded for comparison.

    The counts are of the questions still kept. `entry_id`: what was answered where that was wrong.
    """

    __tablename__ = "question_groups"
    __table_args__ = (Index("ix_question_groups_state", "state", "count"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    entry_id: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[GroupState] = mapped_column(closed_set(GroupState))
    count: Mapped[int]
    unanswered: Mapped[int] = mapped_column(default=0)
    disliked: Mapped[int] = mapped_column(default=0)
    mismatched: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChangeKind(StrEnum):
    """What is to be done with a group of questions."""

    ALIAS = "alias"  # another wording of an entry
    ENTRY = "entry"  # a new entry
    OUTSIDE = "outside"  # an entry that says whose business it is

    @property
    def label(self) -> str:
        """As people read it."""
        return _KINDS[self]


_KINDS = {
    ChangeKind.ALIAS: "thêm cách hỏi cho mục đã có",
    ChangeKind.ENTRY: "viết mục mới",
    ChangeKind.OUTSIDE: "ghi là ngoài phạm vi",
}


class ChangeState(StrEnum):
    """How far a change of the knowledge has come."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    RETURNED = "returned"  # by the second person, with a reason
    REFUSED = "refused"  # by `check`: it would break another answer
    UNDONE = "undone"

    @property
    def label(self) -> str:
        """As people read it."""
        return _CHANGES[self]


_CHANGES = {
    ChangeState.PROPOSED: "chờ duyệt",
    ChangeState.APPLIED: "đã áp dụng",
    ChangeState.RETURNED: "trả lại",
    ChangeState.REFUSED: "không qua được kiểm tra",
    ChangeState.UNDONE: "đã hoàn lại",
}


class KnowledgeChange(Base):
    """A change of the office's own knowledge files, proposed by one person and approved by another.

    `content`: what is to be written, plain JSON. `report`: what `check` and the evaluation said before and
    after. `undo`: the files as they were, by name (None: there was no such file).
    """

    __tablename__ = "knowledge_changes"
    __table_args__ = (Index(None, "state", "proposed_at"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("question_groups.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(closed_set(ChangeKind))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[ChangeState] = mapped_column(closed_set(ChangeState))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


_COLUMNS = {
    Trouble.UNANSWERED: QuestionGroup.unanswered,
    Trouble.DISLIKED: QuestionGroup.disliked,
    Trouble.MISMATCHED: QuestionGroup.mismatched,
}


def count(session: Session, group_id: int, trouble: Trouble, by: int) -> None:
    """So many questions with this trouble more (less, below 0) in a group."""
    column = _COLUMNS[trouble]
    values = {QuestionGroup.count: QuestionGroup.count + by, column: column + by}
    execute(session, update(QuestionGroup).where(QuestionGroup.id == group_id).values(values))


def forget_empty(session: Session) -> int:
    """Delete the groups without questions to which no change of the knowledge belongs; returns how many."""
    changed = exists().where(KnowledgeChange.group_id == QuestionGroup.id)
    return execute(session, delete(QuestionGroup).where(QuestionGroup.count <= 0, ~changed))


def older_than(session: Session, before: datetime) -> Sequence[QuestionGroup]:
    """The groups with questions whose first one was asked before a moment."""
    query = select(QuestionGroup).where(QuestionGroup.first_at < before, QuestionGroup.count > 0)
    return session.scalars(query.execution_options(populate_existing=True)).all()
