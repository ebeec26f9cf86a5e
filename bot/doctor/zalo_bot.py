"""The Zalo Bot Platform: token, how events come, what is left of the plan, and the clock."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.channels.zalo_bot_codes import MEANINGS, NOT_FOUND, Answer, Envelope, meaning
from bot.doctor import probe
from bot.doctor.findings import Finding, Level, bad, fine, warn
from bot.doctor.premises import Premises, has_tail, server_of
from bot.doctor.probe import Question, Silence, clock_finding
from office.channel_settings import ZaloBot, ZaloBotQuota
from office.clock import said_moment
from office.quotas import Month
from scheduler.channel_watch import NEARLY, BotFacts, bot_facts
from scheduler.rationing import kept


async def look(premises: Premises) -> tuple[Finding, ...]:
    """All that is to be said of the bot."""
    settings = premises.settings.zalo_bot
    me, webhook, facts = await asyncio.gather(
        _ask(settings, "getMe"), _ask(settings, "getWebhookInfo"), asyncio.to_thread(_facts, premises)
    )
    token = _token(settings, me)
    clock = clock_finding(me.date, me.at) if isinstance(me, probe.Answer) else None
    return (
        token,
        *(_webhook(settings, webhook) if token.level is Level.FINE else ()),
        *(address_findings(settings)),
        *(plan_findings(facts, settings.quota) if facts is not None else ()),
        *([clock] if clock is not None else []),
    )


async def _ask(settings: ZaloBot, method: str) -> probe.Answer | Silence:
    token = settings.token.get_secret_value() if settings.token else ""
    url = f"{settings.base_url.rstrip('/')}/bot{token}/{method}"
    return await probe.ask(Question(method="POST", url=url, json={}))


def _facts(premises: Premises) -> BotFacts | None:
    if premises.readers is None:
        return None
    with premises.readers() as session:
        return bot_facts(session, premises.settings, now=premises.now)


def _read(answer: probe.Answer) -> Answer:
    try:
        return Answer(answer.status, Envelope.model_validate(answer.body))
    except ValueError:
        return Answer(answer.status, None)


def _field(answer: Answer, *names: str) -> str:
    """The first of some texts in a result that isn't empty."""
    result: Any = answer.envelope.result if answer.envelope is not None else None
    found = (result.get(name) for name in names) if isinstance(result, dict) else ()
    return next((str(value) for value in found if value), "")


def _token(settings: ZaloBot, asked: probe.Answer | Silence) -> Finding:
    server = server_of(settings.base_url)
    if isinstance(asked, Silence):
        return bad("zalo_bot.token.unreached", server=server, why=asked.why.label)
    answer = _read(asked)
    if answer.good:
        return fine("zalo_bot.token.right", name=f"«{_field(answer, 'display_name', 'account_name')}»")
    if asked.status == 401 or answer.code == 401:
        return bad("zalo_bot.token.wrong")
    if answer.envelope is None or answer.code == NOT_FOUND:
        name = "tail" if has_tail(settings.base_url) else "strange"
        return bad(f"zalo_bot.token.{name}", server=server, status=asked.status)
    known = MEANINGS.get(answer.code)
    return bad("zalo_bot.token.refused", why=known.what if known else meaning(answer.code))


def _webhook(settings: ZaloBot, asked: probe.Answer | Silence) -> Iterator[Finding]:
    answer = _read(asked) if isinstance(asked, probe.Answer) else None
    if answer is None or not (answer.good or answer.code == NOT_FOUND):
        yield warn("zalo_bot.webhook.unknown")
        return
    url = _field(answer, "url") if answer.good else ""
    if settings.mode == "polling":
        yield bad("zalo_bot.webhook.polling_set") if url else fine("zalo_bot.webhook.polling")
    elif url == settings.webhook.url:
        yield fine("zalo_bot.webhook.right")
    else:
        yield bad("zalo_bot.webhook.other") if url else bad("zalo_bot.webhook.none")


def address_findings(settings: ZaloBot) -> Iterator[Finding]:
    """Whether the platform can call the webhook's address at all; it refuses those of local networks."""
    if settings.mode == "webhook" and settings.webhook.url:
        host = urlsplit(settings.webhook.url).hostname or ""
        public = is_public(host)
        yield (fine("zalo_bot.address.public") if public else bad("zalo_bot.address.private", host=host))


def is_public(host: str) -> bool:
    """Whether a host may be reached from outside, by its name alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".local", ".localhost", ".internal", ".lan"))


def plan_findings(facts: BotFacts, quota: ZaloBotQuota) -> Iterator[Finding]:
    """What is left of the plan."""
    yield _month(facts.standing.month, quota)
    people = {"count": facts.users, "most": quota.users}
    if facts.users >= quota.users:
        yield bad("zalo_bot.users.full", **people)
    elif facts.users >= NEARLY * quota.users:
        yield warn("zalo_bot.users.nearly", **people)
    else:
        yield fine("zalo_bot.users.fine", **people)
    groups = {"count": facts.groups, "most": quota.groups}
    if quota.groups and facts.groups >= quota.groups:
        yield warn("zalo_bot.groups.full", **groups)
    else:
        yield fine("zalo_bot.groups.fine", **groups)


def _month(month: Month, quota: ZaloBotQuota) -> Finding:
    most, used = quota.messages_per_month, month.used
    values = {"used": used, "most": most, "left": max(0, most - used), "kept": kept(quota)}
    if month.ran_out_at is not None:
        return bad("zalo_bot.month.ran_out", when=said_moment(month.ran_out_at), **values)
    if used >= most:
        return bad("zalo_bot.month.spent", **values)
    if used >= NEARLY * most:
        return warn("zalo_bot.month.nearly", **values)
    return fine("zalo_bot.month.fine", **values)
