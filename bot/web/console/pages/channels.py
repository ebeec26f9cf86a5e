"""Kênh: how each channel is, what is left of a plan's month, whom Zalo OA may write to, who has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.carriers import carriers
from bot.channels.refusals import is_deaf, is_unheard
from bot.web.console import deeds
from bot.web.console.entries import Entry, get
from bot.web.console.visit import Answer, Shown, Visit
from office import contacts, quotas
from office.bot_tokens import account_of
from office.channel_names import TELEGRAM, ZALO_BOT, ZALO_OA
from office.contacts import Window, window_at
from office.people import ChatAccount, Member
from office.privacy import person_hash
from office.rights import Action
from office.settings import Settings
from scheduler.channel_watch import BotFacts, Incident, OaFacts, bot_account, bot_facts, incidents, oa_facts
from scheduler.ration import Purpose
from scheduler.rationing import kept

MONTHS = 6
LISTED = 200  # members named with their window
_NAMES = ("username", "account_name", "display_name", "name")  # how a platform may call our account


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """How a channel is. `account`: ours there, `title`: as the platform calls it, `package`: the plan it is
    on; `mode`: how it hears, `heard_at`: when it last did, `deaf`: it refuses what comes, by a wrong key;
    `unheard`: nothing has come since it runs, which the platform may be to blame for."""

    key: str
    name: str
    up: bool
    detail: str
    since: datetime | None
    account: str = ""
    title: str = ""
    package: str = ""
    mode: str = ""
    deaf: bool = False
    unheard: bool = False
    heard_at: datetime | None = None
    people: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A Zalo Bot's plan. `why`: why ordinary messages don't go now, "" while they do."""

    facts: BotFacts
    most: int
    kept: int
    why: str
    users: int
    groups: int
    history: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A member on Zalo OA: when they wrote last and what that allows."""

    name: str
    wrote_at: datetime | None
    window: Window


def show(visit: Visit) -> Answer:
    """All channels."""
    settings = visit.parts.settings
    readers, oa = _readers(visit), _oa(visit)
    told = oa.facts.trouble if oa is not None and oa.facts is not None else ""
    values = {
        "channels": list(_channels(visit, told)),
        "incidents": notes(visit),
        "budget": _budget(visit),
        "oa": oa,
        "readers": readers[:LISTED],
        "more": max(0, len(readers) - LISTED),
        "windows": {window: sum(one.window is window for one in readers) for window in Window},
        "billed": settings.zalo_oa.billed,
        "by_template": bool(settings.zalo_oa.template.id),
        "reached": _reached(visit.session, settings),
    }
    return Shown("channels.html", values)


def notes(visit: Visit) -> tuple[Incident, ...]:
    """What of the channels needs somebody, for who may look at them."""
    if not visit.may(Action.DELIVERIES):
        return ()
    parts, calendar = visit.parts, visit.parts.work.calendar()
    return incidents(visit.session, parts.settings, now=visit.now, calendar=calendar, reports=visit.channels)


def _channels(visit: Visit, told: str) -> Iterator[ChannelState]:
    """Those that run and those that are switched on, as /healthz tells of them. `told`: what
    the page says elsewhere of Zalo OA."""
    settings = visit.parts.settings
    report = visit.channels
    people = _people_of(visit.session)
    for name in dict.fromkeys([*(carrier.name for carrier in carriers(settings)), *report]):
        facts = report.get(name, {})
        detail = str(facts.get("detail") or "")
        yield ChannelState(
            key=name,
            name=deeds.channel_label(name),
            up=bool(facts.get("up")),
            detail=detail if not told or detail != told else "Cần cấp quyền lại.",
            deaf=is_deaf(facts),
            unheard=name == ZALO_OA and is_unheard(facts),
            since=_moment(facts.get("since")),
            account=_account(settings, name),
            title=next((str(facts[key]) for key in _NAMES if facts.get(key)), ""),
            package=str(facts.get("package") or ""),
            mode=str(facts.get("mode") or ""),
            heard_at=_moment(facts.get("last_event") or facts.get("last_update")),
            people=people.get(name, 0),
        )


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _account(settings: Settings, channel: str) -> str:
    """Our account there; a token shows no more than the number that it begins with."""
    if channel == TELEGRAM and settings.telegram.token is not None:
        return account_of(settings.telegram.token.get_secret_value())
    if channel == ZALO_BOT:
        return bot_account(settings)
    return (settings.zalo_oa.oa_id or "") if channel == ZALO_OA else ""


def _people_of(session: Session) -> Mapping[str, int]:
    """How many members each channel reaches."""
    query = (
        select(ChatAccount.channel, func.count(ChatAccount.member_id.distinct()))
        .join(Member, Member.id == ChatAccount.member_id)
        .where(ChatAccount.disabled_at.is_(None), Member.left_at.is_(None))
        .group_by(ChatAccount.channel)
    )
    return {channel: count for channel, count in session.execute(query)}  # noqa: C416 - rows aren't pairs


def _budget(visit: Visit) -> Budget | None:
    settings = visit.parts.settings
    facts, quota = bot_facts(visit.session, settings, now=visit.now), settings.zalo_bot.quota
    if facts is None:
        return None
    months = quotas.history(visit.session, ZALO_BOT, facts.account)
    return Budget(
        facts=facts,
        most=quota.messages_per_month,
        kept=kept(quota),
        why=facts.standing.refusal(Purpose.OTHER, quota),
        users=quota.users,
        groups=quota.groups,
        history=tuple((_month_label(month), used) for month, used in list(months.items())[:MONTHS]),
    )


def _month_label(month: str) -> str:
    year, _, number = month.partition("-")
    return f"{int(number)}/{year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """An Official Account's right to write; `facts` None: never given, `gone`: it must be given again."""

    facts: OaFacts | None
    gone: bool = False


def _oa(visit: Visit) -> Consent | None:
    settings = visit.parts.settings
    if not settings.zalo_oa.enabled:
        return None
    facts = oa_facts(visit.session, settings)
    gone = facts is not None and bool(facts.trouble or facts.refresh_until <= visit.now)
    return Consent(facts=facts, gone=gone)


def _readers(visit: Visit) -> list[Reader]:
    """The members on our Official Account; who can't be written to first."""
    settings, oa_id = visit.parts.settings, visit.parts.settings.zalo_oa.oa_id
    if not settings.zalo_oa.enabled or not oa_id:
        return []
    query = (
        select(Member.name, ChatAccount.sender)
        .join(ChatAccount, ChatAccount.member_id == Member.id)
        .where(ChatAccount.channel == ZALO_OA, ChatAccount.account == oa_id)
        .where(ChatAccount.disabled_at.is_(None), Member.left_at.is_(None))
        .order_by(Member.name, Member.id)
    )
    key = visit.parts.hash_key
    people = [(name, person_hash(ZALO_OA, sender, key)) for name, sender in visit.session.execute(query)]
    wrote = contacts.last_wrote(visit.session, ZALO_OA, oa_id, (person for _, person in people))
    found = [
        Reader(name=name, wrote_at=wrote.get(person), window=window_at(wrote.get(person), visit.now))
        for name, person in people
    ]
    order = (Window.CLOSED, Window.BILLED, Window.FREE)
    return sorted(found, key=lambda one: order.index(one.window))


def _reached(session: Session, settings: Settings) -> tuple[int, int, int]:
    """How many members have no channel, one, and several, of those that are switched on."""
    names = [carrier.name for carrier in carriers(settings)]
    theirs = and_(
        ChatAccount.member_id == Member.id, ChatAccount.disabled_at.is_(None), ChatAccount.channel.in_(names)
    )
    each = (
        select(func.count(ChatAccount.channel.distinct()).label("channels"))
        .select_from(Member)
        .outerjoin(ChatAccount, theirs)
        .where(Member.left_at.is_(None))
        .group_by(Member.id)
        .subquery()
    )
    query = select(each.c.channels, func.count()).group_by(each.c.channels)
    counts: dict[int, int] = {channels: count for channels, count in session.execute(query)}  # noqa: C416
    several = sum(count for channels, count in counts.items() if channels > 1)
    return counts.get(0, 0), counts.get(1, 0), several


ENTRIES: tuple[Entry, ...] = (get("/kenh", show, action=Action.DELIVERIES),)
