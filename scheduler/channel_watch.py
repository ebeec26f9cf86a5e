"""Tells Văn phòng and the admins what the channels need, once an incident; looked for every five minutes.

Of a Zalo Bot: that its month, its users or its groups come to the plan's end. Of a Zalo OA: that its right to
write ends soon, that somebody must give consent again, or that Zalo takes no answer. Of both: that a webhook
which used to be busy hears nothing any more (scheduler.channel_health).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from office import contacts, people, quotas
from office.bot_tokens import account_of
from office.channel_names import TELEGRAM, ZALO_BOT, ZALO_OA
from office.channel_settings import ZaloBotQuota
from office.clock import ZONE
from office.deliveries import Occurrence, Source
from office.groups import Group, GroupState
from office.messages import Line, Reply, Style
from office.people import Role
from office.settings import Settings
from office.standing_in import stand_in_for
from office.zalo_tokens import ZaloTokens
from scheduler.calendar import WorkCalendar
from scheduler.channel_health import Reports, refusal, silences
from scheduler.outbox import Outbox, Recipient
from scheduler.ration import ALARM
from scheduler.rationing import Standing, kept, month_name, number, standing, words
from scheduler.wording import when

NEARLY = 0.8  # of what a plan allows
SOON, VERY_SOON = timedelta(days=14), timedelta(days=3)  # before the right to write ends


@dataclass(frozen=True, slots=True, kw_only=True)
class BotFacts:
    """How a Zalo Bot stands with its plan. `groups`: those it is in."""

    account: str
    standing: Standing
    users: int
    groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OaFacts:
    """The tokens of a Zalo OA, without themselves. `trouble`: why somebody must give consent again."""

    account: str
    obtained_at: datetime
    access_until: datetime
    refresh_until: datetime
    trouble: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that people have to know of. `name` and `since` make it the same one however often it is
    found; `dead`: its channel carries nothing that tells of it."""

    name: str
    since: datetime
    channel: str
    account: str
    title: str
    text: str
    mend: str
    dead: bool = False


def look(
    session: Session,
    *,
    outbox: Outbox,
    settings: Settings,
    now: datetime,
    calendar: WorkCalendar,
    reports: Reports,
) -> int:
    """Tell of what is new since the last look; returns how many incidents were told."""
    found = incidents(session, settings, now=now, calendar=calendar, reports=reports)
    return sum(_tell(session, outbox, settings, incident, now) for incident in found)


def incidents(
    session: Session, settings: Settings, *, now: datetime, calendar: WorkCalendar, reports: Reports
) -> tuple[Incident, ...]:
    """What people have to know of now, whether they were told or not."""
    bot, oa = bot_facts(session, settings, now=now), oa_facts(session, settings)
    found = [*of_bot(bot, settings.zalo_bot.quota)] if bot is not None else []
    found += of_oa(oa, now, reports) if oa is not None else ()
    accounts = {ZALO_BOT: bot.account if bot else "", ZALO_OA: oa.account if oa else ""}
    for silence in silences(session, settings, accounts, calendar=calendar, now=now):
        said = {"when": when(silence.heard_at), "day": f"{silence.day:%d/%m}"}
        key = f"silent_{silence.channel}"
        found.append(_incident(silence.channel, silence.account, key, silence.heard_at, said))
    return tuple(found)


def bot_facts(session: Session, settings: Settings, *, now: datetime) -> BotFacts | None:
    """How the Zalo Bot of the settings stands; None where there is none."""
    account = bot_account(settings)
    if not account:
        return None
    here = (Group.channel == ZALO_BOT) & (Group.account == account) & (Group.state != GroupState.DISABLED)
    return BotFacts(
        account=account,
        standing=standing(session, ZALO_BOT, account, now=now),
        users=contacts.count(session, ZALO_BOT, account),
        groups=session.scalar(select(func.count()).select_from(Group).where(here)) or 0,
    )


def bot_account(settings: Settings) -> str:
    """The Zalo Bot's number, which its token begins with; "" where it is off."""
    token = settings.zalo_bot.token
    if not settings.zalo_bot.enabled or token is None:
        return ""
    return account_of(token.get_secret_value())


def oa_facts(session: Session, settings: Settings) -> OaFacts | None:
    """The tokens of the Zalo OA of the settings; None where it is off or was never given consent."""
    oa_id = settings.zalo_oa.oa_id
    row = session.get(ZaloTokens, oa_id) if settings.zalo_oa.enabled and oa_id else None
    if row is None:
        return None
    return OaFacts(
        account=row.oa_id,
        obtained_at=row.obtained_at,
        access_until=row.access_expires_at,
        refresh_until=row.refresh_expires_at,
        trouble=row.trouble,
        version=row.version,
    )


def of_bot(bot: BotFacts, quota: ZaloBotQuota) -> Iterator[Incident]:
    """What is to be said of a Zalo Bot: of each thing that its plan limits, the highest level reached."""
    month, at = bot.standing.month, bot.standing.at
    level = "out" if month.ran_out_at else _level(month.used, quota.messages_per_month)
    if level:
        most, own = quota.messages_per_month, kept(quota)
        plan = {"most": number(most), "kept": number(own), "free": number(most - own)}
        spent = {"used": number(month.used), "month": month_name(quotas.month_of(at))}
        yield _of_bot(bot, f"messages_{level}", dead=True, **plan, **spent)
    if level := _level(bot.users, quota.users):
        yield _of_bot(bot, f"users_{level}", count=number(bot.users), most=number(quota.users))
    if quota.groups and (level := _level(bot.groups, quota.groups)):
        yield _of_bot(bot, f"groups_{level}", count=number(bot.groups), most=number(quota.groups))


def _level(used: int, most: int) -> str:
    return "100" if used >= most else "80" if used >= NEARLY * most else ""


def _of_bot(bot: BotFacts, key: str, *, dead: bool = False, **values: str) -> Incident:
    local = bot.standing.at.astimezone(ZONE)
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _incident(ZALO_BOT, bot.account, key, since, values, dead=dead)


def of_oa(oa: OaFacts, now: datetime, reports: Reports) -> Iterator[Incident]:
    """What is to be said of a Zalo OA: of its right to write the most pressing, once for each pair of tokens;
    and, while it has that, that Zalo takes no answer all the same."""
    left = oa.refresh_until - now
    ends = {"when": when(oa.refresh_until)}
    if oa.trouble or left <= timedelta(0):
        why = oa.trouble or words()("watch.expired", **ends)
        yield _incident(ZALO_OA, oa.account, "consent", oa.obtained_at, {"why": why}, dead=True)
        return
    if left <= SOON:
        key = "tokens_3" if left <= VERY_SOON else "tokens_14"
        yield _incident(ZALO_OA, oa.account, key, oa.obtained_at, ends)
    if refused := refusal(reports):
        why, since = refused
        yield _incident(ZALO_OA, oa.account, "refused", since, {"why": why}, dead=True)


def _incident(
    channel: str, account: str, key: str, since: datetime, values: dict[str, str], *, dead: bool = False
) -> Incident:
    title, text, mend = (_said(f"watch.{key}.{part}", values) for part in ("title", "text", "mend"))
    return Incident(
        name=f"{channel}.{key}:{account}"[:64],
        since=since,
        channel=channel,
        account=account,
        title=title,
        text=text,
        mend=mend,
        dead=dead,
    )


def _said(name: str, values: dict[str, str]) -> str:
    return words()(name, **values)


def _tell(session: Session, outbox: Outbox, settings: Settings, incident: Incident, now: datetime) -> bool:
    """Tell of an incident unless it was told; one that nobody could be told of waits for the next look."""
    to = tuple(_readers(session, settings, incident, now))
    if not to:
        return False
    occurrence = outbox.occasion(session, Source.EVENT, ALARM, incident.name, incident.since, now=now)
    if occurrence is None:
        return False
    lines = (
        Line(incident.title, Style.TITLE),
        Line(incident.text, Style.WARNING),
        Line(incident.mend, Style.SOURCE),
    )
    told = outbox.tell(session, occurrence, to, Reply(lines=lines), due_at=now, now=now)
    if not told:
        session.delete(session.get_one(Occurrence, occurrence))
    return told > 0


def _readers(session: Session, settings: Settings, incident: Incident, now: datetime) -> Iterable[Recipient]:
    """A chat of each of Văn phòng and the admins, or of who stands in for them: the one they prefer of those
    that the incident leaves open; where it leaves none, the one they prefer."""
    on, carried = now.astimezone(ZONE).date(), _carried(settings)
    members = {who.id for role in (Role.VAN_PHONG, Role.ADMIN) for who in people.with_role(session, role)}
    for member_id in sorted(members):
        reader = stand_in_for(session, member_id, on)
        chats = people.private_chats(session, reader.id if reader is not None else member_id)
        usable = [chat for chat in chats if chat.channel in carried]
        closed = (incident.channel, incident.account) if incident.dead else None
        others = [chat for chat in usable if (chat.channel, chat.account) != closed]
        yield from (Recipient(to=chat, member_id=member_id) for chat in (others or usable)[:1])


def _carried(settings: Settings) -> frozenset[str]:
    """The platforms that are switched on."""
    enabled = {
        TELEGRAM: settings.telegram.enabled,
        ZALO_BOT: settings.zalo_bot.enabled,
        ZALO_OA: settings.zalo_oa.enabled,
    }
    return frozenset(name for name, on in enabled.items() if on)
