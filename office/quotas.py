"""How much of a plan's month has been used: messages sent, by account, month and what they were for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from office.clock import ZONE
from office.database import Base, UtcDateTime, insert

MESSAGES = "messages"
DEADLINES = "deadlines"  # the deadline pings among them, and the answers to civil servants
ANSWERS = "answers"  # the other answers among them


class Usage(Base):
    """One kind of thing used up in a month (2026-11, by the time of Việt Nam)."""

    __tablename__ = "quota_usage"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(128), primary_key=True)
    month: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    used: Mapped[int]
    exhausted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the platform itself said so


_KEYS = ["channel", "account", "month", "kind"]


def month_of(moment: datetime) -> str:
    """The month of a moment in Việt Nam: 2026-11."""
    return f"{moment.astimezone(ZONE):%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """An account's month so far: messages; of them deadline pings with answers to staff; other answers.

    `ran_out_at`: when the platform last said that none are left; None when a message has gone since.
    """

    used: int = 0
    deadlines: int = 0
    answers: int = 0
    ran_out_at: datetime | None = None

    @property
    def others(self) -> int:
        """Notices, other reminders and what was counted without a purpose."""
        return max(0, self.used - self.deadlines - self.answers)


def spend(
    session: Session, channel: str, account: str, *, now: datetime, kinds: Iterable[str] = (MESSAGES,)
) -> None:
    """One more has been sent, counted in one statement; so the platform has some left."""
    key = {"channel": channel, "account": account, "month": month_of(now)}
    values = [{**key, "kind": kind, "used": 1} for kind in dict.fromkeys(kinds)]
    statement = insert(session, Usage).values(values)
    more = {"used": Usage.used + 1, "exhausted_at": None}
    session.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=more))


def ran_out(session: Session, channel: str, account: str, *, now: datetime) -> None:
    """The platform says that no messages of this month are left."""
    values = {"channel": channel, "account": account, "month": month_of(now), "kind": MESSAGES}
    statement = insert(session, Usage).values({**values, "used": 0, "exhausted_at": now})
    session.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_={"exhausted_at": now}))


def month(session: Session, channel: str, account: str, *, now: datetime) -> Month:
    """What has been used this month."""
    query = select(Usage.kind, Usage.used, Usage.exhausted_at).where(
        Usage.channel == channel, Usage.account == account, Usage.month == month_of(now)
    )
    rows = {kind: (count, ran_out_at) for kind, count, ran_out_at in session.execute(query)}
    count, ran_out_at = rows.get(MESSAGES, (0, None))
    return Month(
        used=count,
        deadlines=rows.get(DEADLINES, (0, None))[0],
        answers=rows.get(ANSWERS, (0, None))[0],
        ran_out_at=ran_out_at,
    )


def used(session: Session, channel: str, account: str, *, now: datetime, kind: str = MESSAGES) -> int:
    """How much has been used this month."""
    row = session.get(Usage, (channel, account, month_of(now), kind), populate_existing=True)
    return row.used if row else 0


def history(session: Session, channel: str, account: str, *, kind: str = MESSAGES) -> dict[str, int]:
    """What was used by month, the latest first."""
    here = (Usage.channel == channel) & (Usage.account == account) & (Usage.kind == kind)
    rows = session.execute(select(Usage.month, Usage.used).where(here).order_by(Usage.month.desc()))
    return {name: count for name, count in rows}  # noqa: C416 - rows aren't pairs to mypy
