"""How much of a plan's month has been used: messages sent, by account and month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.clock import ZONE
from office.database import Base, UtcDateTime, insert

MESSAGES = "messages"
DEADLINES = "deadlines"  # the deadline pings among them


class Usage(Base):
    """One kind of thing used up in a month (2026-11, by the time of Việt Nam)."""

    __tablename__ = "quota_usage"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    month: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    used: Mapped[int]
    exhausted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the platform itself said so


def month_of(moment: datetime) -> str:
    """The month of a moment in Việt Nam: 2026-11."""
    return f"{moment.astimezone(ZONE):%Y-%m}"


def spend(
    session: Session, channel: str, account: str, *, now: datetime, kinds: Iterable[str] = (MESSAGES,)
) -> None:
    """One more has been sent."""
    for kind in kinds:
        values = {"channel": channel, "account": account, "month": month_of(now), "kind": kind, "used": 1}
        statement = insert(session, Usage).values(values)
        keys = ["channel", "account", "month", "kind"]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"used": Usage.used + 1}))


def used(session: Session, channel: str, account: str, *, now: datetime, kind: str = MESSAGES) -> int:
    """How much has been used this month."""
    row = session.get(Usage, (channel, account, month_of(now), kind), populate_existing=True)
    return row.used if row else 0


def history(session: Session, channel: str, account: str, *, kind: str = MESSAGES) -> dict[str, int]:
    """What was used by month, the latest first."""
    here = (Usage.channel == channel) & (Usage.account == account) & (Usage.kind == kind)
    rows = session.execute(select(Usage.month, Usage.used).where(here).order_by(Usage.month.desc()))
    return dict(list(rows.tuples()))
