"""Who is at the console: single-use links instead of passwords, and the sessions that they open.

Of links, sessions and their CSRF tokens only keyed hashes are kept.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from office.database import ROW_ID, Base, UtcDateTime


class LoginLink(Base):
    """A link that opens one session for a member, once."""

    __tablename__ = "login_links"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsoleSession(Base):
    """Somebody's session on one browser."""

    __tablename__ = "console_sessions"

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    browser: Mapped[str] = mapped_column(String(200), default="")  # as it calls itself
