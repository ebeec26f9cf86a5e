"""Files that messages carry: each content once, however many chats it goes to, and how platforms name it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, insert


class StoredFile(Base):
    """One content, known by its hash."""

    __tablename__ = "stored_files"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FileHandle(Base):
    """How an account of a platform names a content that it has been given once."""

    __tablename__ = "file_handles"

    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    handle: Mapped[str] = mapped_column(String(300))


def store(session: Session, content: bytes, *, now: datetime) -> int:
    """Keep a content; its id, the same for the same content."""
    digest = hashlib.sha256(content).hexdigest()
    values = {"sha256": digest, "size": len(content), "content": content, "stored_at": now}
    statement = insert(session, StoredFile).values(values)
    session.execute(statement.on_conflict_do_nothing(index_elements=["sha256"]))
    return session.scalars(select(StoredFile.id).where(StoredFile.sha256 == digest)).one()


def content_of(session: Session, file_id: int) -> bytes | None:
    """A content; None for an unknown id."""
    return session.scalar(select(StoredFile.content).where(StoredFile.id == file_id))


def handle_of(session: Session, file_id: int, *, channel: str, account: str) -> str:
    """What the platform calls a content; "" when it hasn't been given it."""
    row = session.get(FileHandle, (file_id, channel, account))
    return row.handle if row is not None else ""


def keep_handle(session: Session, file_id: int, *, channel: str, account: str, handle: str) -> None:
    """Remember what the platform calls a content; "" forgets."""
    row = session.get(FileHandle, (file_id, channel, account))
    if row is not None and not handle:
        session.delete(row)
    elif row is not None:
        row.handle = handle
    elif handle:
        session.add(FileHandle(file_id=file_id, channel=channel, account=account, handle=handle))
