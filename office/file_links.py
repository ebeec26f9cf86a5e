"""Addresses under which a file can be fetched for some days, for chats that take no files."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, execute
from office.files import content_of


class FileLink(Base):
    """One address; only the hash of its secret is kept."""

    __tablename__ = "file_links"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    file_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("stored_files.id"), index=True)
    name: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What an address leads to."""

    name: str
    media_type: str
    content: bytes


def make(session: Session, file_id: int, *, name: str, media_type: str, now: datetime, days: int) -> str:
    """A new secret for a stored file's address; it can't be guessed."""
    secret = secrets.token_urlsafe(24)
    session.add(
        FileLink(
            hash=_hash(secret),
            file_id=file_id,
            name=name[:300],
            media_type=media_type[:200],
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    session.flush()
    return secret


def follow(session: Session, secret: str, *, now: datetime) -> Linked | None:
    """What an address leads to; None for an unknown or old one."""
    row = session.get(FileLink, _hash(secret))
    if row is None or row.expires_at <= now:
        return None
    content = content_of(session, row.file_id)
    if content is None:
        return None
    return Linked(name=row.name, media_type=row.media_type, content=content)


def purge(session: Session, now: datetime) -> int:
    """Delete the addresses that no longer work; returns how many."""
    return execute(session, delete(FileLink).where(FileLink.expires_at <= now))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
