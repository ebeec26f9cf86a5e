"""All checks, at the same time, in the order in which they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime

from bot.doctor import telegram, web, zalo_bot, zalo_oa
from bot.doctor.database import opened
from bot.doctor.findings import Finding, Report, bad, warn, words
from bot.doctor.premises import Premises
from office.channel_names import TELEGRAM, ZALO_BOT, ZALO_OA
from office.settings import Settings, open_secrets

Look = Callable[[Premises], Awaitable[tuple[Finding, ...]]]
LIMIT_SECONDS = 25.0  # for all of one part


def channels_of(settings: Settings) -> dict[str, Look]:
    """The platforms that are switched on."""
    looks: dict[str, tuple[bool, Look]] = {
        TELEGRAM: (settings.telegram.enabled, telegram.look),
        ZALO_BOT: (settings.zalo_bot.enabled, zalo_bot.look),
        ZALO_OA: (settings.zalo_oa.enabled, zalo_oa.look),
    }
    return {name: look for name, (enabled, look) in looks.items() if enabled}


async def examine(
    settings: Settings, *, now: datetime, environ: Mapping[str, str] | None = None
) -> tuple[Report, ...]:
    """Look at everything that is configured; `environ` names the files of secrets. Never raises for what is
    found."""
    environ = environ or {}
    with opened(settings) as store:
        premises = Premises(
            settings=settings, now=now, readers=store.readers, hash_key=store.hash_key, made=store.made
        )
        looks: dict[str, Look] = {**channels_of(settings), "web": web.look}
        found = await asyncio.gather(*(_safely(look, premises) for look in looks.values()))
        reports = list(_reports(tuple(looks), found))
        reports.append(_report("database", tuple(store.findings)))
    secrets = tuple(
        warn("secrets.file.open", variable=name, file=file) for name, file in open_secrets(environ).items()
    )
    return (*reports, *([_report("secrets", secrets)] if secrets else []))


def _reports(parts: tuple[str, ...], found: list[tuple[Finding, ...]]) -> Iterator[Report]:
    yield from (_report(part, findings) for part, findings in zip(parts, found, strict=True))


def _report(part: str, findings: tuple[Finding, ...]) -> Report:
    return Report(part=part, title=words()(f"title.{part}"), findings=findings)


async def _safely(look: Look, premises: Premises) -> tuple[Finding, ...]:
    """One part's findings; a fault of ours is one, too, and keeps no other part from being looked at."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await look(premises)
    except Exception as exc:
        return (bad("broken.check.failed", why=type(exc).__name__),)
