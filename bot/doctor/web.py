"""The web page: whether the program runs on this machine, and whether the public address leads to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from bot.channels.refusals import is_deaf, is_unheard
from bot.doctor.findings import Finding, bad, fine, info, warn, words
from bot.doctor.premises import Premises
from bot.doctor.probe import Answer, Question, Silence, ask
from office import channel_names
from office.settings import Settings, Web

HEALTH = "/healthz"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is asked on this machine


async def look(premises: Premises) -> tuple[Finding, ...]:
    """Both addresses."""
    local, public = await asyncio.gather(_local(premises.settings), _public(premises.settings))
    return (*local, public)


async def _local(settings: Settings) -> tuple[Finding, ...]:
    if settings.web.port == 0:
        return (info("web.local.any_port"),)
    address = local_address(settings.web)
    answer = await _ask(address, direct=True)
    if isinstance(answer, Silence):
        return (warn("web.local.absent", address=address, why=answer.why.label),)
    if not _is_ours(answer):
        return (bad("web.local.strange", address=address, status=answer.status),)
    deaf = tuple(deaf_findings(answer.body or {}))
    if answer.status == 200:
        return deaf or (fine("web.local.right", address=address), *unheard_findings(answer.body or {}))
    why, said = ill_parts(answer.body or {})
    return (bad("web.local.ill" if said else "web.local.ill_unsaid", why=why), *deaf)


def unheard_findings(health: Mapping[str, Any]) -> Iterator[Finding]:
    """An Official Account that no event has come from since the program runs: no fault by itself."""
    channels = health.get("channels")
    state = channels.get(channel_names.ZALO_OA) if isinstance(channels, Mapping) else None
    if isinstance(state, Mapping) and is_unheard(state):
        yield info("web.local.unheard", channel=channel_names.label(channel_names.ZALO_OA))


async def is_stopped(settings: Settings) -> bool:
    """Whether nothing serves at the program's own address on this machine; False where that isn't known."""
    if settings.web.port == 0:
        return False
    return isinstance(await _ask(local_address(settings.web), direct=True), Silence)


def deaf_findings(health: Mapping[str, Any]) -> Iterator[Finding]:
    """The channels that are up but refuse all that comes, by a wrong key; each says itself what to do."""
    channels = health.get("channels")
    for name, state in channels.items() if isinstance(channels, Mapping) else ():
        if isinstance(state, Mapping) and state.get("up") and is_deaf(state):
            found = {"channel": channel_names.label(str(name)), "why": state.get("detail") or ""}
            yield bad("web.local.deaf", **found)


async def _public(settings: Settings) -> Finding:
    if settings.web.public_url is None:
        return warn("web.public.none")
    address = settings.web.public_url.rstrip("/")
    answer = await _ask(address)
    if (isinstance(answer, Silence) or answer.status >= 500) and await is_stopped(settings):
        return warn("web.public.not_running", address=address)
    if isinstance(answer, Silence):
        return bad("web.public.unreached", address=address, why=answer.why.label)
    if not _is_ours(answer):
        return bad("web.public.strange", address=address, status=answer.status)
    if answer.status != 200:
        why, said = ill_parts(answer.body or {})
        return bad("web.public.ill" if said else "web.public.ill_unsaid", address=address, why=why)
    secure = address.lower().startswith("https://")
    return (fine if secure else warn)(
        f"web.public.{'right' if secure else 'http'}", address=address, ms=answer.ms
    )


def local_address(web: Web) -> str:
    """Where the program serves on this machine."""
    host = _ANYWHERE.get(web.host, f"[{web.host}]" if ":" in web.host else web.host)
    return f"http://{host}:{web.port}"


async def _ask(address: str, *, direct: bool = False) -> Answer | Silence:
    return await ask(Question(method="GET", url=f"{address}{HEALTH}"), direct=direct)


def _is_ours(answer: Answer) -> bool:
    return answer.status in (200, 503) and answer.body is not None and "channels" in answer.body


def ill_parts(health: Mapping[str, Any]) -> tuple[str, bool]:
    """The parts that /healthz says are not well, and whether each says why."""
    database, channels = health.get("database"), health.get("channels")
    parts, said = [], True
    if isinstance(database, Mapping) and not database.get("ok", True):
        why = str(database.get("problem") or "")
        said = bool(why)
        parts.append(f"{words()('web.parts.database')}{f' ({why})' if why else ''}")
    for name, state in channels.items() if isinstance(channels, Mapping) else ():
        if isinstance(state, Mapping) and not state.get("up"):
            detail = state.get("detail")
            said = said and bool(detail)
            parts.append(f"{channel_names.label(str(name))}{f' ({detail})' if detail else ''}")
    return "; ".join(parts) or words()("web.parts.unknown"), said and bool(parts)
