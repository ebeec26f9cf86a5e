"""Telegram: whether its server is reached and takes the token, how messages come, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.doctor.findings import Finding, bad, fine, warn
from bot.doctor.premises import Premises, has_tail, server_of
from bot.doctor.probe import Answer, Question, Silence, ask, clock_finding
from office.channel_settings import Telegram
from office.clock import said_moment

MANY = 100  # messages that wait
_LONGEST = 200  # characters of what Telegram says of a failed call


async def look(premises: Premises) -> tuple[Finding, ...]:
    """All that is to be said of the bot."""
    settings = premises.settings.telegram
    me, webhook = await asyncio.gather(_ask(settings, "getMe"), _ask(settings, "getWebhookInfo"))
    return (
        _token(settings, me),
        *(_webhook(settings, webhook) if _result(me) is not None else ()),
        *(found for found in [_clock(me)] if found is not None),
    )


async def _ask(settings: Telegram, method: str) -> Answer | Silence:
    token = settings.token.get_secret_value() if settings.token else ""
    server = settings.base_url.rstrip("/").removesuffix("/bot")
    return await ask(Question(method="POST", url=f"{server}/bot{token}/{method}"), proxy=settings.proxy)


def _result(answer: Answer | Silence) -> Mapping[str, Any] | None:
    if isinstance(answer, Silence) or answer.body is None or answer.body.get("ok") is not True:
        return None
    result = answer.body.get("result")
    return result if isinstance(result, Mapping) else None


def _token(settings: Telegram, answer: Answer | Silence) -> Finding:
    server = server_of(settings.base_url)
    if isinstance(answer, Silence):
        name = "telegram.token.unreached_proxy" if settings.proxy else "telegram.token.unreached"
        return bad(name, server=server, why=answer.why.label)
    result = _result(answer)
    if result is not None:
        return fine("telegram.token.right", name=f"@{result.get('username', '')}")
    if answer.status == 404 and has_tail(settings.base_url):
        return bad("telegram.token.tail", server=server, status=answer.status)
    if answer.status in (401, 404) and answer.body is not None:
        return bad("telegram.token.wrong")
    return bad("telegram.token.strange", server=server, status=answer.status)


def _webhook(settings: Telegram, answer: Answer | Silence) -> Iterator[Finding]:
    result = _result(answer)
    if result is None:
        yield warn("telegram.webhook.unknown")
        return
    url = str(result.get("url") or "")
    if settings.mode == "polling":
        yield bad("telegram.webhook.polling_set") if url else fine("telegram.webhook.polling")
    elif url == settings.webhook.url:
        yield fine("telegram.webhook.right")
    else:
        yield bad("telegram.webhook.other") if url else bad("telegram.webhook.none")
    if url and result.get("last_error_message"):
        yield _failed_call(result)
    pending = result.get("pending_update_count")
    if isinstance(pending, int):
        many = pending >= MANY
        yield (warn if many else fine)(f"telegram.pending.{'many' if many else 'few'}", count=pending)


def _failed_call(result: Mapping[str, Any]) -> Finding:
    why = " ".join(str(result["last_error_message"]).split())[:_LONGEST]
    at = result.get("last_error_date")
    if not isinstance(at, int) or not 0 < at < 1e10:
        return warn("telegram.calls.failed_some_time", why=why)
    return warn("telegram.calls.failed", why=why, when=said_moment(datetime.fromtimestamp(at, UTC)))


def _clock(answer: Answer | Silence) -> Finding | None:
    return clock_finding(answer.date, answer.at) if isinstance(answer, Answer) else None
