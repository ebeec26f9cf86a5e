"""Reminders: what is said again and again by a rule, from YAML or made in chat."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set


class ReminderKind(StrEnum):
    """What an occurrence of a rule makes."""

    MESSAGE = "message"  # one of its texts, to its audience
    ASSIGNMENT = "assignment"  # an assignment by its template
    NOTICE = "notice"  # a notice by its template, which waits for approval
    DIGEST = "digest"  # each department's open work
    LEADERS = "leaders"  # the week's state, to the leaders
    MONTH = "month"  # the report of the month before, to the leaders
    AUDIT = "audit"  # what became of the last day's occurrences, to the admins


class Origin(StrEnum):
    """Who keeps a rule."""

    FILE = "file"  # YAML; read again at each start
    CHAT = "chat"
    SYSTEM = "system"  # the program's own digests


class Reminder(Base):
    """A rule and its next moment, which moves by compare-and-set in the transaction that plans it.

    `audience`, `texts`, `template`: plain JSON of scheduler.reminder_files' values; `rotation`: where its
    texts stand. `stale_minutes`: how long after its moment it still makes sense (None: for ever).
    """

    __tablename__ = "reminders"
    __table_args__ = (Index("ix_reminders_due", "active", "next_at"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    origin: Mapped[Origin] = mapped_column(closed_set(Origin))
    kind: Mapped[ReminderKind] = mapped_column(closed_set(ReminderKind))
    schedule: Mapped[str] = mapped_column(String(300))
    shift: Mapped[str] = mapped_column(String(16))
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    texts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    template: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    rotate: Mapped[bool]
    rotation: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    stale_minutes: Mapped[int | None]
    active: Mapped[bool]
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")  # why it can't be planned
    created_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
