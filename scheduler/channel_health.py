"""Whether a channel that seems to run still carries anything: what it says of itself, and whether events that
used to come still do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from office.channel_names import ZALO_BOT, ZALO_OA
from office.clock import ZONE
from office.inbox import Update
from office.settings import Settings
from scheduler.calendar import WorkCalendar, midnight

BUSY_DAYS = 3  # working days that are compared with; the inbox remembers seven days
EACH, TOGETHER = 3, 15  # events on every one of those days, and on all of them

Reports = Mapping[str, Mapping[str, Any]]
"""Channel → what it says of itself: the facts of its ChannelState."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A webhook that has fallen silent. `heard_at`: the last event, `day`: the working day without any."""

    channel: str
    account: str
    heard_at: datetime
    day: date


def refusal(reports: Reports) -> tuple[str, datetime] | None:
    """Why Zalo takes no answer of the Official Account, and the day since when (its midnight: often told, or
    told again after a restart, it stays one thing a day); None while it takes them."""
    facts = reports.get(ZALO_OA, {})
    why, since = facts.get("refuses"), facts.get("refuses_since")
    if not why or not since:
        return None
    return str(why), midnight(datetime.fromisoformat(str(since)).astimezone(ZONE).date())


def silences(
    session: Session,
    settings: Settings,
    accounts: Mapping[str, str],
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> tuple[Silence, ...]:
    """Zalo's webhooks (`accounts`: channel → account) that fell silent though they used to be busy.

    Zalo switches a webhook off after its last retry, an hour after the first, and says nothing; all else
    still looks well. Silent means: the last whole working day brought nothing, nor has anything come since,
    while each of the three working days before brought three events at least and all of them fifteen. At
    that pace a day without any is hardly chance; weekends and holidays don't count, an office that is seldom
    written to is never alarmed, and after a long holiday, when the inbox has forgotten, it isn't either.
    Those have the page «Kênh» and `xinluon doctor`, which name the last event.
    """
    webhooks = {ZALO_OA: settings.zalo_oa.enabled, ZALO_BOT: settings.zalo_bot.mode == "webhook"}
    found = (
        _silence(session, channel, account, calendar, now)
        for channel, account in accounts.items()
        if account and webhooks.get(channel)
    )
    return tuple(silence for silence in found if silence is not None)


def _silence(
    session: Session, channel: str, account: str, calendar: WorkCalendar, now: datetime
) -> Silence | None:
    today = now.astimezone(ZONE).date()
    day = calendar.previous_working(today)
    here = (Update.channel == channel) & (Update.account == account)
    counted = select(func.count()).select_from(Update).where(here)
    if session.scalar(counted.where(Update.received_at >= midnight(day))):
        return None
    last = session.scalar(select(func.max(Update.received_at)).where(here))
    if last is None:
        return None
    # Silence may have lasted for days by now: what counts is what was before it began.
    day = min(day, calendar.next_working(last.astimezone(ZONE).date()))
    counts, busy = [], day
    for _ in range(BUSY_DAYS):
        busy = calendar.previous_working(busy)
        span = (Update.received_at >= midnight(busy), Update.received_at < midnight(busy + timedelta(days=1)))
        counts.append(session.scalar(counted.where(*span)) or 0)
    if min(counts) < EACH or sum(counts) < TOGETHER:
        return None
    return Silence(channel=channel, account=account, heard_at=last, day=day)
