"""The platforms that carry what is unasked, as the outbox and its lanes must know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from office.channel_names import TELEGRAM, ZALO_BOT, ZALO_OA
from office.settings import Settings
from scheduler.notices.desk import TELEGRAM_EDITS
from scheduler.pacer import Limits

PARTS: Mapping[str, int] = {TELEGRAM: 3500, ZALO_BOT: 1500, ZALO_OA: 1500}
"""Channel → characters of one of our messages, below what the platform takes: room for marks and choices."""

EDITABLE: Mapping[str, timedelta] = {TELEGRAM: TELEGRAM_EDITS}
"""Channel → how long after its sending a message can be changed or taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A platform that is switched on, and the pace of its account."""

    name: str
    limits: Limits


def carriers(settings: Settings) -> tuple[Carrier, ...]:
    """Those that are switched on, the one with the most people first."""
    delivery = settings.delivery
    found = []
    for name, enabled, per_second in (
        (ZALO_OA, settings.zalo_oa.enabled, settings.zalo_oa.per_minute / 60),
        (TELEGRAM, settings.telegram.enabled, delivery.per_second),
        (ZALO_BOT, settings.zalo_bot.enabled, settings.zalo_bot.per_minute / 60),
    ):
        if enabled:
            limits = Limits(
                per_second=min(per_second, delivery.per_second),
                per_chat_second=delivery.per_chat_second,
                per_group_minute=delivery.per_group_minute,
            )
            found.append(Carrier(name=name, limits=limits))
    return tuple(found)
