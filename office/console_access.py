"""Who is at the console: single-use links instead of passwords, and the sessions that they open.

Of links and sessions only keyed hashes are kept.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from office import audit
from office.database import ROW_ID, Base, UtcDateTime, execute
from office.people import Person, person
from office.privacy import keyed_hash
from office.refusal import Refused
from office.rights import Action, allowed, demand

LINK_MINUTES = 10
SECRET_BYTES = 32
_TOUCH = timedelta(minutes=1)  # how exactly it is known when somebody was last seen
_KEEP = timedelta(days=30)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Somebody's place at the console, with the roles they have now."""

    session_id: int
    person: Person
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime


def make_link(session: Session, member: Person, *, now: datetime, hash_key: bytes) -> str:
    """The secret of a new link, good once for ten minutes; the member's earlier ones die.

    Raises NotAllowed for whom the console isn't.
    """
    demand(member.roles, Action.CONSOLE)
    older = update(LoginLink).where(LoginLink.member_id == member.id, LoginLink.used_at.is_(None))
    execute(session, older.values(used_at=now))
    token = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        LoginLink(
            hash=keyed_hash(hash_key, "console link", token),
            member_id=member.id,
            created_at=now,
            expires_at=now + timedelta(minutes=LINK_MINUTES),
        )
    )
    session.flush()
    audit.record(session, "console.link", at=now, actor=member.id, subject="member", subject_id=member.id)
    return token


def open_session(
    session: Session, token: str, *, now: datetime, hash_key: bytes, hours: int, browser: str = ""
) -> str:
    """Use a link up; the secret of the session that it opens. Raises Refused for one that is no good."""
    here = LoginLink.hash == keyed_hash(hash_key, "console link", token)
    fresh = LoginLink.used_at.is_(None) & (LoginLink.expires_at > now)
    if not execute(session, update(LoginLink).where(here, fresh).values(used_at=now)):
        raise Refused(
            "Liên kết này không đúng, đã dùng hoặc đã hết hạn.",
            "Nhắn /vaoban cho trợ lý ở cửa sổ riêng để lấy liên kết mới.",
        )
    member_id = session.scalars(select(LoginLink.member_id).where(here)).one()
    found = person(session, member_id)
    if found is None:
        raise Refused("Người của liên kết này không còn trong danh sách.", "Xin Văn phòng giúp đỡ.")
    return seat(session, found, now=now, hash_key=hash_key, hours=hours, browser=browser)


def seat(
    session: Session, member: Person, *, now: datetime, hash_key: bytes, hours: int, browser: str = ""
) -> str:
    """A new session of a member; its secret, for the browser alone. Raises NotAllowed."""
    demand(member.roles, Action.CONSOLE)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        ConsoleSession(
            hash=_hash(secret, hash_key),
            member_id=member.id,
            opened_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=hours),
            browser=browser[:200],
        )
    )
    session.flush()
    audit.record(session, "console.login", at=now, actor=member.id, subject="member", subject_id=member.id)
    return secret


def session_of(
    session: Session, secret: str, *, now: datetime, hash_key: bytes, idle: timedelta
) -> Seat | None:
    """Whose session it is, with the roles of this moment; None when it has ended, or the right to it has."""
    row = session.scalar(
        select(ConsoleSession).where(
            ConsoleSession.hash == _hash(secret, hash_key),
            ConsoleSession.ended_at.is_(None),
            ConsoleSession.expires_at > now,
            ConsoleSession.seen_at > now - idle,
        )
    )
    found = person(session, row.member_id) if row is not None else None
    if row is None or found is None or not allowed(found.roles, Action.CONSOLE):
        return None
    return Seat(
        session_id=row.id,
        person=found,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )


def to_touch(seat: Seat, now: datetime) -> bool:
    """Whether it is time to write down that somebody was seen."""
    return now - seat.seen_at >= _TOUCH


def touch(session: Session, session_id: int, *, now: datetime) -> None:
    """Somebody was seen."""
    here = update(ConsoleSession).where(ConsoleSession.id == session_id, ConsoleSession.seen_at < now)
    execute(session, here.values(seen_at=now))


def close(session: Session, session_id: int, *, now: datetime) -> None:
    """Somebody goes."""
    here = update(ConsoleSession).where(ConsoleSession.id == session_id, ConsoleSession.ended_at.is_(None))
    execute(session, here.values(ended_at=now))


def close_everywhere(session: Session, member: Person, *, now: datetime) -> int:
    """End all sessions and unused links of a member; returns how many sessions."""
    theirs = update(ConsoleSession).where(
        ConsoleSession.member_id == member.id,
        ConsoleSession.ended_at.is_(None),
        ConsoleSession.expires_at > now,
    )
    count = execute(session, theirs.values(ended_at=now))
    links = update(LoginLink).where(LoginLink.member_id == member.id, LoginLink.used_at.is_(None))
    execute(session, links.values(used_at=now))
    audit.record(
        session,
        "console.logout_everywhere",
        at=now,
        actor=member.id,
        subject="member",
        subject_id=member.id,
        after={"sessions": count},
    )
    return count


def sessions_of(session: Session, member_id: int, *, now: datetime, idle: timedelta) -> int:
    """How many browsers a member is logged in on."""
    rows = session.scalars(
        select(ConsoleSession.id).where(
            ConsoleSession.member_id == member_id,
            ConsoleSession.ended_at.is_(None),
            ConsoleSession.expires_at > now,
            ConsoleSession.seen_at > now - idle,
        )
    )
    return len(rows.all())


def purge(session: Session, now: datetime) -> int:
    """Delete links and sessions that ended a month ago; returns how many."""
    before = now - _KEEP
    links = execute(session, delete(LoginLink).where(LoginLink.created_at < before))
    ended = or_(ConsoleSession.expires_at < before, ConsoleSession.ended_at < before)
    return links + execute(session, delete(ConsoleSession).where(ended))


def _hash(secret: str, hash_key: bytes) -> str:
    return keyed_hash(hash_key, "console session", secret)
