"""The channels by their names in the database, and as people read them."""

from __future__ import annotations

TELEGRAM = "telegram"
ZALO_BOT = "zalo_bot"
ZALO_OA = "zalo_oa"
WEB = "web"
TERMINAL = "terminal"

_LABELS = {
    TELEGRAM: "Telegram",
    ZALO_BOT: "Zalo Bot",
    ZALO_OA: "Zalo OA",
    WEB: "trang web",
    TERMINAL: "cửa sổ dòng lệnh",
}


def label(channel: str) -> str:
    """As people read it."""
    return _LABELS.get(channel, channel)
