"""Updates from the platforms, each handled once however often it arrives and whenever the program dies.

1. An update is stored (`receive`, committed) before anything is done with it.
2. Handling writes its effects and `mark_handled` with the replies in one transaction.
3. Only then are the replies sent, and `mark_answered` says so.

After a crash `unanswered` has what is left: handle what was only received, send the replies of what was
handled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Index,
    String,
    Text,
    UniqueConstraint,
    delete,
    null,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import ROW_ID, Base, UtcDateTime, closed_set, execute, insert
from office.messages import Reply
from office.wire import replies_from_json, replies_to_json

MAX_ERROR = 500  # characters kept


class InboxState(StrEnum):
    """How far an update has come."""

    RECEIVED = "received"  # stored, its effects are nowhere
    HANDLED = "handled"  # effects and replies stored, replies perhaps not sent
    ANSWERED = "answered"  # done
    POISONED = "poisoned"  # given up; `error` says why


class AlreadyHandled(Exception):
    """Another process has handled this update: roll this transaction back, for its effects are doubles."""


class Update(Base):
    """One update of a platform."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "account", "key"),
        Index(None, "channel", "account", "state"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(128))
    key: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    raw: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[InboxState] = mapped_column(closed_set(InboxState))
    replies: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the inbox has of an update.

    `attempts`: how often it was received without having been handled, this time included. `raw` and `replies`
    are kept no longer than needed to answer.
    """

    key: str
    state: InboxState
    received_at: datetime
    raw: Any | None
    replies: tuple[Reply, ...]
    attempts: int
    new: bool = False


def receive(
    session: Session, channel: str, account: str, key: str, *, at: datetime, raw: Any | None
) -> Stored:
    """Store an update, or see how far it had come. Commit before handling.

    `new`: never seen before. Else by `state`: RECEIVED is to be handled (again), HANDLED has `replies`
    to be sent, ANSWERED and POISONED are done with.
    """
    statement = insert(session, Update).values(
        channel=channel,
        account=account,
        key=key,
        received_at=at,
        raw=raw,
        state=InboxState.RECEIVED,
        attempts=1,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["channel", "account", "key"])
    new = session.scalar(statement.returning(Update.id)) is not None
    here = _identity(channel, account, key)
    if not new:
        once_more = update(Update).where(here, Update.state == InboxState.RECEIVED)
        session.execute(once_more.values(attempts=Update.attempts + 1))
    row = session.scalars(select(Update).where(here).execution_options(populate_existing=True)).one()
    return _stored(row, new=new)


def mark_handled(session: Session, channel: str, account: str, key: str, replies: Sequence[Reply]) -> None:
    """Keep the replies, in the transaction of the handling. With nothing to say the update is done with.

    Raises AlreadyHandled when another process was first, or the update was never received.
    """
    if replies:
        values: dict[str, Any] = {"state": InboxState.HANDLED, "replies": replies_to_json(replies)}
    else:
        values = {"state": InboxState.ANSWERED, "raw": null()}
    here = _identity(channel, account, key)
    if not execute(session, update(Update).where(here, Update.state == InboxState.RECEIVED).values(values)):
        raise AlreadyHandled(f"{channel} {account} {key}")


def mark_answered(session: Session, channel: str, account: str, key: str) -> bool:
    """The replies were sent: forget them and the update's content. False if that was known already."""
    return _finish(
        session, _identity(channel, account, key) & (Update.state == InboxState.HANDLED), InboxState.ANSWERED
    )


def mark_poisoned(session: Session, channel: str, account: str, key: str, error: str) -> bool:
    """Give an update up that can't be handled or answered. False if it was done with already.

    `error` says why to whoever looks after the program, without secrets.
    """
    open_ = Update.state.in_((InboxState.RECEIVED, InboxState.HANDLED))
    return _finish(session, _identity(channel, account, key) & open_, InboxState.POISONED, error[:MAX_ERROR])


def unanswered(session: Session, channel: str, account: str) -> list[Stored]:
    """What was left by a crash, oldest first: RECEIVED to handle, HANDLED to send the replies of."""
    rows = session.scalars(
        select(Update)
        .where(
            Update.channel == channel,
            Update.account == account,
            Update.state.in_((InboxState.RECEIVED, InboxState.HANDLED)),
        )
        .order_by(Update.id)
        .execution_options(populate_existing=True)
    )
    return [_stored(row) for row in rows]


def purge(session: Session, before: datetime) -> int:
    """Delete the updates received before a moment, done with or not; returns how many.

    Keep more days than the platform redelivers for: a purged key is new again.
    """
    return execute(session, delete(Update).where(Update.received_at < before))


def _identity(channel: str, account: str, key: str) -> ColumnElement[bool]:
    return (Update.channel == channel) & (Update.account == account) & (Update.key == key)


def _finish(
    session: Session, which: ColumnElement[bool], state: InboxState, error: str | None = None
) -> bool:
    values = {"state": state, "raw": null(), "replies": null(), "error": error}
    return execute(session, update(Update).where(which).values(values)) > 0


def _stored(row: Update, *, new: bool = False) -> Stored:
    return Stored(
        key=row.key,
        state=row.state,
        received_at=row.received_at,
        raw=row.raw,
        replies=replies_from_json(row.replies or []),
        attempts=row.attempts,
        new=new,
    )
