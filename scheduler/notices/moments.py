"""The due moments of a notice: its sending, each correction in place and by message, each nudge."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from office.deliveries import Occurrence, Source

SENT_AS = "gui"  # the rung of the sending itself


def in_place(revision: int) -> str:
    """The rung of what is edited or deleted in place."""
    return f"sua.{revision}"


def by_message(revision: int) -> str:
    """The rung of what is said by a marked message."""
    return f"tin.{revision}"


def nudged(number: int) -> str:
    """The rung of a nudge."""
    return f"nhac.{number}"


def occurrence_of(session: Session, notice_id: int, rung: str | None = None) -> Occurrence | None:
    """A moment of a notice by its rung; None: its sending."""
    query = select(Occurrence).where(
        Occurrence.source == Source.NOTICE,
        Occurrence.source_id == notice_id,
        Occurrence.rung == (rung or SENT_AS),
    )
    return session.scalar(query.order_by(Occurrence.id).limit(1))


def occurrences_of(session: Session, notice_id: int) -> tuple[int, ...]:
    """Every moment of a notice."""
    query = select(Occurrence.id).where(Occurrence.source == Source.NOTICE, Occurrence.source_id == notice_id)
    return tuple(session.scalars(query.order_by(Occurrence.id)))
