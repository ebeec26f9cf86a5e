"""What was done in the office's name: written in the same transaction as the deed, and chained by hash.

Each row's hash covers its values and the hash of the row before, so that a row that is changed, taken out
or put in between afterwards is found. Who may write the whole table can forge the whole chain: the newest
hash is to be noted elsewhere (the report to the leaders prints it), and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime

START = "0" * 64  # what the first row's hash is chained to


class Deed(Base):
    """One action: who, what, on what, before, after, why. `actor_id` None: the program itself.

    `serial` counts without gaps; `hash` is the SHA-256 of the values and the hash before.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    serial: Mapped[int] = mapped_column(ROW_ID, unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int | None] = mapped_column(ROW_ID)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text, default="")
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the chain: one row, locked by who writes the next deed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    serial: Mapped[int] = mapped_column(ROW_ID)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of going through the chain. `broken_at`: the first serial that doesn't fit, None for a whole
    chain; `why` says in Vietnamese what doesn't."""

    rows: int
    head: str
    broken_at: int | None = None
    why: str = ""


def record(
    session: Session,
    action: str,
    *,
    at: datetime,
    actor: int | None,
    subject: str,
    subject_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down a deed (plain JSON values) in the caller's transaction."""
    head = session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
    if head is None:
        head = AuditHead(id=1, serial=0, hash=START)
        session.add(head)
    deed = Deed(
        serial=head.serial + 1,
        at=at,
        actor_id=actor,
        action=action,
        subject=subject,
        subject_id=subject_id,
        before=_plain(before),
        after=_plain(after),
        reason=reason,
    )
    deed.hash = digest(head.hash, deed)
    session.add(deed)
    head.serial, head.hash = deed.serial, deed.hash
    session.flush()


def digest(previous: str, deed: Deed) -> str:
    """The hash of a row that follows the one with hash `previous`."""
    values = [
        deed.serial,
        deed.at.astimezone(UTC).isoformat(timespec="microseconds"),
        deed.actor_id,
        deed.action,
        deed.subject,
        deed.subject_id,
        deed.before,
        deed.after,
        deed.reason,
    ]
    written = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{written}".encode()).hexdigest()


def verify(session: Session) -> Verdict:
    """Go through the whole chain."""
    previous, expected = START, 0
    for deed in _in_order(session):
        expected += 1
        if deed.serial != expected:
            return _broken(expected, previous, f"thiếu dòng số {expected}")
        if digest(previous, deed) != deed.hash:
            return _broken(expected, previous, f"dòng số {expected} đã bị sửa, hoặc dòng trước nó bị thay")
        previous = deed.hash
    head = session.get(AuditHead, 1, populate_existing=True)
    if (head.serial, head.hash) != (expected, previous) if head is not None else expected > 0:
        return _broken(expected + 1, previous, f"mất các dòng sau dòng số {expected}")
    return Verdict(rows=expected, head=previous)


def _in_order(session: Session) -> Iterator[Deed]:
    query = select(Deed).order_by(Deed.serial).execution_options(yield_per=1000)
    for deed in session.scalars(query):
        yield deed
        session.expunge(deed)


def _broken(serial: int, head: str, why: str) -> Verdict:
    return Verdict(rows=serial - 1, head=head, broken_at=serial, why=why)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As JSON gives them back, so that the hash is of what is stored."""
    if values is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return plain
