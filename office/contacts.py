"""What a platform's rules make us remember of who writes to us: when last, whether they follow, who answers.

Nobody is named: `person` is office.privacy.person_hash of the sender.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.database import Base, UtcDateTime, execute, insert
from office.privacy import HASH_LENGTH

FREE_WINDOW = timedelta(hours=48)
LAST_WINDOW = timedelta(days=7)
_AT_ONCE = 500  # people asked about in one query


class Contact(Base):
    """One person on one account of ours."""

    __tablename__ = "contacts"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    person: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wrote_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last interaction, by the platform
    follows: Mapped[bool | None]
    follow_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the event that said so
    human_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # somebody of the office answers
    told_spent: Mapped[str] = mapped_column(String(16), default="")  # the month they heard that it is spent


class Window(StrEnum):
    """What may be sent to a person, by when they wrote last."""

    FREE = "free"  # within 48 hours
    BILLED = "billed"  # within 7 days
    CLOSED = "closed"  # later, or they never wrote


def wrote(session: Session, channel: str, account: str, person: str, *, at: datetime) -> None:
    """They have written or tapped at a moment; an earlier moment that comes later changes nothing."""
    _touch(session, channel, account, person, at)
    here = _here(channel, account, person) & ((Contact.wrote_at.is_(None)) | (Contact.wrote_at < at))
    execute(session, update(Contact).where(here).values(wrote_at=at))


def followed(
    session: Session, channel: str, account: str, person: str, *, follows: bool, at: datetime
) -> bool:
    """They follow us or no longer do; False for news older than what is known."""
    _touch(session, channel, account, person, at)
    here = _here(channel, account, person) & ((Contact.follow_at.is_(None)) | (Contact.follow_at < at))
    return execute(session, update(Contact).where(here).values(follows=follows, follow_at=at)) > 0


def following_opened_nothing(session: Session, channel: str, account: str, person: str) -> None:
    """The platform has refused a message to somebody whose last interaction is that they followed."""
    here = _here(channel, account, person) & (Contact.wrote_at == Contact.follow_at)
    execute(session, update(Contact).where(here).values(wrote_at=None))


def handed_over(
    session: Session, channel: str, account: str, person: str, *, until: datetime, at: datetime
) -> None:
    """Somebody of the office answers them until a moment; never shortened."""
    _touch(session, channel, account, person, at)
    here = _here(channel, account, person) & ((Contact.human_until.is_(None)) | (Contact.human_until < until))
    execute(session, update(Contact).where(here).values(human_until=until))


def with_human(session: Session, channel: str, account: str, person: str, *, now: datetime) -> bool:
    """Whether somebody of the office answers them now."""
    until = session.scalar(select(Contact.human_until).where(_here(channel, account, person)))
    return until is not None and until > now


def window(session: Session, channel: str, account: str, person: str, *, now: datetime) -> Window:
    """What may be sent to them now."""
    return window_at(session.scalar(select(Contact.wrote_at).where(_here(channel, account, person))), now)


def window_at(wrote_at: datetime | None, now: datetime) -> Window:
    """What may be sent to who wrote last at a moment."""
    if wrote_at is None or now - wrote_at > LAST_WINDOW:
        return Window.CLOSED
    return Window.FREE if now - wrote_at <= FREE_WINDOW else Window.BILLED


def last_wrote(
    session: Session, channel: str, account: str, persons: Iterable[str]
) -> dict[str, datetime | None]:
    """When each of these people wrote last; who has never been in touch is left out."""
    wanted, found = [*dict.fromkeys(persons)], dict[str, datetime | None]()
    for at in range(0, len(wanted), _AT_ONCE):
        here = (Contact.channel == channel) & (Contact.account == account)
        some = Contact.person.in_(wanted[at : at + _AT_ONCE])
        rows = session.execute(select(Contact.person, Contact.wrote_at).where(here, some))
        found |= {person: wrote_at for person, wrote_at in rows}  # noqa: C416 - rows aren't pairs to mypy
    return found


def tell_spent(
    session: Session, channel: str, account: str, person: str, *, month: str, now: datetime
) -> bool:
    """Whether they are to be told, once a month, that the month's messages are spent; then they were."""
    _touch(session, channel, account, person, now)
    here = _here(channel, account, person) & (Contact.told_spent != month)
    return execute(session, update(Contact).where(here).values(told_spent=month)) > 0


def count(session: Session, channel: str, account: str) -> int:
    """How many people have written to an account."""
    here = (Contact.channel == channel) & (Contact.account == account) & Contact.wrote_at.is_not(None)
    return session.scalar(select(func.count()).select_from(Contact).where(here)) or 0


def _touch(session: Session, channel: str, account: str, person: str, at: datetime) -> None:
    values = {"channel": channel, "account": account, "person": person, "first_at": at, "told_spent": ""}
    session.execute(insert(session, Contact).values(values).on_conflict_do_nothing())


def _here(channel: str, account: str, person: str) -> Any:
    return (Contact.channel == channel) & (Contact.account == account) & (Contact.person == person)
