"""Where a conversation stands between two messages, forgotten after a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import Base, UtcDateTime, execute, insert
from office.privacy import HASH_LENGTH, keyed_hash


class Conversation(Base):
    """The state of one person's conversation in one chat; what it means is the handlers' business."""

    __tablename__ = "conversations"

    key: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def conversation_key(channel: str, account: str, chat: str, sender: str, *, hash_key: bytes) -> str:
    """The row's key: a keyed hash, so that the table names no one."""
    return keyed_hash(hash_key, channel, account, chat, sender)


def load(session: Session, key: str, *, now: datetime, ttl: timedelta) -> dict[str, Any] | None:
    """The state saved less than `ttl` ago, else None."""
    return session.scalar(
        select(Conversation.state).where(Conversation.key == key, Conversation.updated_at > now - ttl)
    )


def save(session: Session, key: str, state: dict[str, Any], *, now: datetime) -> None:
    """Keep `state` (plain JSON values) in place of what was kept before."""
    values = {"state": state, "updated_at": now}
    statement = insert(session, Conversation).values(key=key, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Conversation.key], set_=values))


def forget(session: Session, key: str) -> None:
    """Delete the state, if there is any."""
    session.execute(delete(Conversation).where(Conversation.key == key))


def purge(session: Session, before: datetime) -> int:
    """Delete the conversations not touched since a moment; returns how many."""
    return execute(session, delete(Conversation).where(Conversation.updated_at < before))
