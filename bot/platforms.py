"""Builds the platforms that an office has switched on; the others aren't even loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.base import Desk, FileAddresses
from bot.channels.platform import Platform
from office.bot_tokens import account_of
from office.channel_names import ZALO_BOT, ZALO_OA
from office.clock import Clock
from office.settings import Settings
from scheduler.courier import Gate
from scheduler.rationing import Figure, MonthlyRation
from scheduler.stored_files import FileShelf

_HELLO = "Em là chương trình trả lời tự động của {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every platform stands on. `gate`: (channel, account) → the pace of its answers and deliveries;
    `counted` is given what tells how much of a plan is used."""

    desk: Desk
    settings: Settings
    sessions: sessionmaker[Session]
    readers: sessionmaker[Session]
    clock: Clock
    hash_key: bytes
    gate: Callable[[str, str], Gate]
    addresses: FileAddresses | None = None
    counted: Callable[[Callable[[], Figure]], None] = lambda figure: None


def build(ground: Ground) -> list[Platform]:
    """Those that are switched on, in no state to serve yet."""
    settings = ground.settings
    found: list[Platform] = []
    if settings.telegram.enabled:
        found.append(_telegram(ground))
    if settings.zalo_bot.enabled:
        found.append(_zalo_bot(ground))
    if settings.zalo_oa.enabled:
        found.append(_zalo_oa(ground))
    return found


def _telegram(ground: Ground) -> Platform:
    from bot.channels.telegram import Telegram

    chosen = ground.settings.telegram
    assert chosen.token is not None  # noqa: S101 - office.channel_settings.of_telegram
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


def _zalo_bot(ground: Ground) -> Platform:
    from bot.channels.zalo_bot import ZaloBot

    chosen = ground.settings.zalo_bot
    account = account_of(chosen.token.get_secret_value() if chosen.token else "")
    ration = MonthlyRation(
        sessions=ground.sessions,
        readers=ground.readers,
        clock=ground.clock,
        channel=ZALO_BOT,
        account=account,
        quota=chosen.quota,
    )
    ground.counted(ration.figure)
    return ZaloBot(
        ground.desk,
        settings=chosen,
        sessions=ground.sessions,
        clock=ground.clock,
        gate=ground.gate(ZALO_BOT, account),
        hash_key=ground.hash_key,
        ration=ration,
        addresses=ground.addresses,
        elsewhere=_beside_zalo_bot(ground.settings),
        introduction=_HELLO.format(ground.settings.office.name),
    )


def _beside_zalo_bot(settings: Settings) -> str:
    """Where people can ask as well, as it follows «Anh/chị hỏi»; "" for nowhere."""
    places = ["qua Zalo OA của cơ quan"] if settings.zalo_oa.enabled else []
    if settings.web.public_url:
        places.append(f"tại {settings.web.public_url}")
    return ", ".join(places)


def _zalo_oa(ground: Ground) -> Platform:
    from bot.channels.zalo_oa import ZaloOa
    from bot.channels.zalo_oa_tokens import TokenKeeper

    chosen = ground.settings.zalo_oa
    account = chosen.oa_id or ""
    return ZaloOa(
        ground.desk,
        settings=chosen,
        tokens=TokenKeeper(chosen, sessions=ground.sessions, readers=ground.readers, clock=ground.clock),
        sessions=ground.sessions,
        readers=ground.readers,
        clock=ground.clock,
        gate=ground.gate(ZALO_OA, account),
        hash_key=ground.hash_key,
        addresses=ground.addresses,
        files=_shelf(ground, ZALO_OA, account),
        office_name=ground.settings.office.name,
        talk_minutes=ground.settings.limits.conversation_minutes,
    )


def _shelf(ground: Ground, channel: str, account: str) -> FileShelf:
    return FileShelf(sessions=ground.sessions, readers=ground.readers, channel=channel, account=account)
