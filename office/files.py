"""Files that messages carry: each content once, however many chats it goes to, and how platforms name it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, and_, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, execute, insert


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


def exists(session: Session, file_id: int) -> bool:
    """Whether there is such a content."""
    return session.scalar(select(StoredFile.id).where(StoredFile.id == file_id)) is not None


def handles_of(session: Session, file_ids: Collection[int], *, channel: str, account: str) -> dict[int, str]:
    """What the platform calls these contents, "" for one it hasn't been given; only of those that exist."""
    theirs = and_(
        FileHandle.file_id == StoredFile.id, FileHandle.channel == channel, FileHandle.account == account
    )
    found = select(StoredFile.id, FileHandle.handle).outerjoin(FileHandle, theirs)
    rows = session.execute(found.where(StoredFile.id.in_(file_ids)))
    return {file_id: handle or "" for file_id, handle in rows}


def keep_handle(session: Session, file_id: int, *, channel: str, account: str, handle: str) -> None:
    """Remember what the platform calls a content; "" forgets."""
    if not handle:
        here = delete(FileHandle).where(
            FileHandle.file_id == file_id, FileHandle.channel == channel, FileHandle.account == account
        )
        execute(session, here)
        return
    values = {"file_id": file_id, "channel": channel, "account": account, "handle": handle}
    statement = insert(session, FileHandle).values(values)
    keys = ["file_id", "channel", "account"]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"handle": handle}))
