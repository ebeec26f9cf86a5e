"""What was done in the office's name: written in the same transaction as the deed, and chained by hash.

Each row's hash covers its values and the hash of the row before, so that a row that is changed, taken out
or put in between afterwards is found. Who may write the whole table can forge the whole chain: the newest
hash is to be noted elsewhere (the report to the leaders prints it), and compared.

A row gets its place in the chain as the last thing before the commit. Two transactions wait for each other
there, on the one row of the head; whoever holds it asks for no other lock any more, so that no deadlock can
come of it, in whatever order deeds, messages and people are written before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, insert

START = "0" * 64  # what the first row's hash is chained to
NOTED_LENGTH = 16  # characters at least of a hash that was noted elsewhere

_UNSEALED = "xinluon_unsealed"


class Deed(Base):
    """One action: who, what, on what, before, after, why. `actor_id` None: the program itself.

    `serial` counts without gaps; `hash` is the SHA-256 of the values and the hash before. Both are None until
    the transaction is about to be committed.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    serial: Mapped[int | None] = mapped_column(ROW_ID, unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int | None] = mapped_column(ROW_ID)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text, default="")
    hash: Mapped[str | None] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the chain: one row, locked by who commits the next deed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    serial: Mapped[int] = mapped_column(ROW_ID)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of going through the chain. `broken_at`: the first serial that doesn't fit, None for a whole
    chain; `why` says in Vietnamese what doesn't. `noted_at`: the serial with the hash that was asked for."""

    rows: int
    head: str
    broken_at: int | None = None
    why: str = ""
    noted_at: int | None = None


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
    session.add(
        Deed(
            at=at,
            actor_id=actor,
            action=action,
            subject=subject,
            subject_id=subject_id,
            before=_plain(before),
            after=_plain(after),
            reason=reason,
        )
    )
    if _UNSEALED not in session.info:
        listen(session, "before_commit", _seal)
    session.info[_UNSEALED] = True
    session.flush()


def _seal(session: Session) -> None:
    """Chain the transaction's deeds. Also called where a savepoint is released, which is too early."""
    if session.in_nested_transaction() or not session.info[_UNSEALED]:
        return
    session.flush()
    head = _locked_head(session)
    loose = select(Deed).where(Deed.serial.is_(None)).order_by(Deed.id)
    for deed in session.scalars(loose.execution_options(populate_existing=True)).all():
        deed.serial = head.serial + 1
        deed.hash = digest(head.hash, deed)
        head.serial, head.hash = deed.serial, deed.hash
    session.flush()
    session.info[_UNSEALED] = False


def _locked_head(session: Session) -> AuditHead:
    head = session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
    if head is not None:
        return head
    first = insert(session, AuditHead).values(id=1, serial=0, hash=START)
    session.execute(first.on_conflict_do_nothing())  # somebody else may write their first deed too
    return session.get_one(AuditHead, 1, with_for_update=True, populate_existing=True)


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


def verify(session: Session, *, noted: str = "") -> Verdict:
    """Go through the whole chain, while others may be writing on.

    `noted`: a hash noted earlier, or its beginning (spaces don't matter); the chain counts as broken when no
    row has it.
    """
    sought = "".join(noted.split()).lower()
    # One statement, so that head and rows are of one moment.
    serial, newest, last, loose = session.execute(
        select(
            select(AuditHead.serial).where(AuditHead.id == 1).scalar_subquery(),
            select(AuditHead.hash).where(AuditHead.id == 1).scalar_subquery(),
            select(func.max(Deed.serial)).scalar_subquery(),
            select(func.count()).where(Deed.serial.is_(None)).select_from(Deed).scalar_subquery(),
        )
    ).one()
    verdict = _follow(session, serial or 0, sought)
    if verdict.broken_at is not None:
        return verdict
    rows, head = verdict.rows, verdict.head
    if (last or 0) > rows or loose:
        return _broken(rows + 1, head, f"có dòng thêm vào sau dòng số {rows}")
    if head != (newest or START):
        return _broken(max(rows, 1), head, f"dòng số {rows} không khớp mã niêm phong cuối cùng")
    if sought and verdict.noted_at is None:
        return _broken(1, head, "không có dòng nào mang mã niêm phong đã ghi lại")
    return verdict


def _follow(session: Session, last: int, sought: str) -> Verdict:
    """The chain from the first row to the one with serial `last`."""
    previous, expected, noted_at = START, 0, None
    for deed in _in_order(session, last):
        expected += 1
        if deed.serial != expected:
            return _broken(expected, previous, f"thiếu dòng số {expected}")
        if digest(previous, deed) != deed.hash:
            return _broken(expected, previous, f"dòng số {expected} đã bị sửa, hoặc dòng trước nó bị thay")
        previous = deed.hash
        if len(sought) >= NOTED_LENGTH and previous.startswith(sought):
            noted_at = expected
    if expected < last:
        return _broken(expected + 1, previous, f"mất các dòng sau dòng số {expected}")
    return Verdict(rows=expected, head=previous, noted_at=noted_at)


def _in_order(session: Session, last: int) -> Iterator[Deed]:
    query = select(Deed).where(Deed.serial <= last).order_by(Deed.serial)
    for deed in session.scalars(query.execution_options(yield_per=1000, populate_existing=True)):
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
