"""Stop switches: what is held back until somebody lets it go again, with a reason."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office import audit
from office.database import Base, UtcDateTime
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand


class Audience(StrEnum):
    """Whom the program speaks to, as far as it can be stopped."""

    GROUPS = "groups"
    MEMBERS = "members"
    CITIZENS = "citizens"

    @property
    def label(self) -> str:
        """As people read it."""
        return _LABELS[self]


_LABELS = {
    Audience.GROUPS: "tin gửi vào các nhóm",
    Audience.MEMBERS: "tin gửi riêng cho công chức, viên chức",
    Audience.CITIZENS: "trả lời người dân",
}


class Switch(Base):
    """A switch that has been used. `key`: «audience.groups» or «channel.telegram»."""

    __tablename__ = "switches"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    stopped: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


_STOPPED = select(Switch.__table__.c.key).where(Switch.__table__.c.stopped)


def of_audience(audience: Audience) -> str:
    """The key of an audience's switch."""
    return f"audience.{audience}"


def of_channel(channel: str) -> str:
    """The key of a channel's switch: what is sent there unasked."""
    return f"channel.{channel}"


def stopped(session: Session) -> frozenset[str]:
    """The keys of what is stopped now."""
    return frozenset(session.connection().scalars(_STOPPED))  # past the mapper: each lane asks at each step


def turn(session: Session, key: str, *, stop: bool, actor: Person, reason: str, now: datetime) -> bool:
    """Stop something or let it go; False when it was so already. Raises Refused without a reason."""
    demand(actor.roles, Action.TURN_SWITCHES)
    if not reason.strip():
        raise Refused("Cần nêu lý do.", "Ghi lý do bật hoặc tắt, để sau này đối chiếu.")
    row = session.get(Switch, key)
    if (row is not None and row.stopped) == stop:
        return False
    if row is None:
        row = Switch(key=key)
        session.add(row)
    row.stopped, row.reason, row.changed_by, row.changed_at = stop, reason.strip(), actor.id, now
    session.flush()
    audit.record(
        session,
        "switch.stop" if stop else "switch.go",
        at=now,
        actor=actor.id,
        subject="switch",
        before={"key": key, "stopped": not stop},
        after={"key": key, "stopped": stop},
        reason=reason.strip(),
    )
    return True
