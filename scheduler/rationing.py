"""The month of an account whose plan allows so many messages: counted, kept for deadlines, refused in time.

The rule, for a month by the time of Việt Nam:

1. The last share of the plan (`for_deadlines`) is for deadline pings and answers to civil servants alone:
   answers to others, notices and other reminders stop where it begins. Those go until the plan is spent.
2. Notices and other reminders also make way for the deadline pings that stand in the outbox already: what is
   left of the free part, less these, is theirs. An answer isn't held back for them: somebody waits for it.
3. When the platform says that none are left, nothing is sent; once an hour it is tried again, since somebody
   may have topped the plan up, and the first message that goes opens it for all. Answers wait for that.

Messages that are in the air at the same moment may overdraw the free part by as many as they are.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Lock

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from knowledge.phrases import Phrases
from office import quotas
from office.channel_settings import ZaloBotQuota
from office.clock import Clock
from office.deliveries import IS_OPEN, Delivery, Occurrence
from office.quotas import Month
from scheduler.ration import Purpose, Ration, of_deadline

TRY_AGAIN = timedelta(hours=1)  # after the platform has said that nothing is left
_FRESH = timedelta(seconds=2)
_KINDS = {
    Purpose.DEADLINE: (quotas.MESSAGES, quotas.DEADLINES),
    Purpose.ANSWER: (quotas.MESSAGES, quotas.ANSWERS),
    Purpose.OTHER: (quotas.MESSAGES,),
}

log = structlog.get_logger(__name__)


@cache
def words() -> Phrases:
    """The texts about channels and their plans, read once."""
    return Phrases.read(Path(__file__).with_name("texts_channels.yaml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account's month at a moment. `waiting`: deadline pings that stand in the outbox."""

    at: datetime
    month: Month
    waiting: int = 0

    @property
    def ran_out(self) -> bool:
        """Whether the platform has said so within the last hour."""
        said = self.month.ran_out_at
        return said is not None and self.at - said < TRY_AGAIN

    def refusal(self, purpose: Purpose, quota: ZaloBotQuota) -> str:
        """Why a message for this must not be sent now; "" when it may."""
        name = quotas.month_of(self.at)
        return decide(self.month.used, purpose, quota, month=name, waiting=self.waiting, ran_out=self.ran_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What has been used of what a plan allows this month."""

    channel: str
    account: str
    used: int
    limit: int


def kept(quota: ZaloBotQuota) -> int:
    """How many of a month's messages are for deadline pings and answers to civil servants alone."""
    return round(quota.messages_per_month * quota.for_deadlines)


def decide(
    used: int,
    purpose: Purpose,
    quota: ZaloBotQuota,
    *,
    month: str,
    waiting: int = 0,
    ran_out: bool = False,
) -> str:
    """Why a message for this must not be sent, in Vietnamese with what to do; "" when it may.

    `used`: messages of the month (2026-11) so far; `waiting`: deadline pings in the outbox; `ran_out`: the
    platform has just said that none are left.
    """
    free = quota.messages_per_month - kept(quota)
    if ran_out:
        why = "ran_out"
    elif used >= quota.messages_per_month:
        why = "spent"
    elif purpose is Purpose.DEADLINE:
        return ""
    elif used >= free:
        why = "kept"
    elif purpose is Purpose.OTHER and used + waiting >= free:
        why = "waiting"
    else:
        return ""
    return words()(
        f"refusal.{why}",
        used=number(used),
        most=number(quota.messages_per_month),
        kept=number(kept(quota)),
        waiting=number(waiting),
        month=month_name(month),
    )


def month_name(month: str) -> str:
    """The month as people say it after «tháng»: 2026-11 → 11."""
    return str(int(month.rpartition("-")[2]))


def number(value: int) -> str:
    """2.400, as Vietnamese write it."""
    return f"{value:,}".replace(",", ".")


def standing(session: Session, channel: str, account: str, *, now: datetime) -> Standing:
    """How an account's month stands."""
    pings = (
        select(func.count())
        .select_from(Delivery)
        .join(Occurrence, Occurrence.id == Delivery.occurrence_id)
        .where(
            IS_OPEN,
            Delivery.channel == channel,
            Delivery.account == account,
            of_deadline(),
        )
    )
    month = quotas.month(session, channel, account, now=now)
    return Standing(at=now, month=month, waiting=session.scalar(pings) or 0)


class MonthlyRation(Ration):
    """One account's month, for every process that sends from it."""

    def __init__(
        self,
        *,
        sessions: sessionmaker[Session],
        readers: sessionmaker[Session],
        clock: Clock,
        channel: str,
        account: str,
        quota: ZaloBotQuota,
    ) -> None:
        self._sessions = sessions
        self._readers = readers
        self._clock = clock
        self._channel = channel
        self._account = account
        self._quota = quota
        self._lock = Lock()
        self._known: Standing | None = None

    async def refusal(self, purpose: Purpose) -> str:
        known = await asyncio.to_thread(self._look)
        return known.refusal(purpose, self._quota)

    async def waits(self) -> bool:
        known = await asyncio.to_thread(self._look)
        return known.ran_out

    async def spend(self, purpose: Purpose) -> None:
        await asyncio.to_thread(self._spend, purpose)

    async def ran_out(self) -> None:
        await asyncio.to_thread(self._ran_out)

    def figure(self) -> Figure:
        """What has been used, for the metrics; from any thread. Raises DatabaseUnavailable."""
        used, limit = self._look().month.used, self._quota.messages_per_month
        return Figure(channel=self._channel, account=self._account, used=used, limit=limit)

    def _look(self) -> Standing:
        """How the month stands, not older than two seconds."""
        with self._lock:
            now, known = self._clock.now(), self._known
            if known is None or not _is_fresh(known.at, now):
                with self._readers() as session:
                    known = standing(session, self._channel, self._account, now=now)
                self._known = known
            return known

    def _spend(self, purpose: Purpose) -> None:
        now = self._clock.now()
        with self._sessions.begin() as session:
            quotas.spend(session, self._channel, self._account, now=now, kinds=_KINDS[purpose])
        self._forget()

    def _ran_out(self) -> None:
        now = self._clock.now()
        with self._sessions.begin() as session:
            quotas.ran_out(session, self._channel, self._account, now=now)
        self._forget()
        log.warning("quota.ran_out", channel=self._channel, month=quotas.month_of(now))

    def _forget(self) -> None:
        with self._lock:
            self._known = None


def _is_fresh(read_at: datetime, now: datetime) -> bool:
    same_month = quotas.month_of(read_at) == quotas.month_of(now)
    return same_month and timedelta(0) <= now - read_at < _FRESH
