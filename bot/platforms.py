"""Builds the platforms that an office has switched on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import Desk, FileAddresses, Platform
from bot.channels.telegram import Telegram
from bot.channels.telegram_courier import account_of
from office.clock import Clock
from office.settings import Settings
from scheduler.courier import Gate
from scheduler.stored_files import FileShelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every platform stands on. `gate`: (channel, account) → the pace of its answers and deliveries."""

    desk: Desk
    settings: Settings
    sessions: sessionmaker[Session]
    readers: sessionmaker[Session]
    clock: Clock
    hash_key: bytes
    gate: Callable[[str, str], Gate]
    addresses: FileAddresses | None = None


def build(ground: Ground) -> list[Platform]:
    """Those that are switched on, in no state to serve yet."""
    settings = ground.settings
    found: list[Platform] = []
    if settings.telegram.enabled:
        found.append(_telegram(ground))
    return found


def _telegram(ground: Ground) -> Telegram:
    chosen = ground.settings.telegram
    assert chosen.token is not None  # noqa: S101 - office.channel_settings.check_telegram
    account = account_of(chosen.token.get_secret_value())
    return Telegram(
        ground.desk,
        token=chosen.token,
        gate=ground.gate(Telegram.name, account),
        files=_shelf(ground, Telegram.name, account),
        mode=chosen.mode,
        base_url=chosen.base_url,
        proxy=chosen.proxy,
        webhook_url=chosen.webhook.url,
        webhook_secret=chosen.webhook.secret,
        webhook_path=chosen.webhook.path,
        clock=ground.clock,
    )


def _shelf(ground: Ground, channel: str, account: str) -> FileShelf:
    return FileShelf(sessions=ground.sessions, readers=ground.readers, channel=channel, account=account)
