"""What the token of a bot tells: both Telegram's and Zalo's begin with the bot's number."""

from __future__ import annotations


def account_of(token: str) -> str:
    """The bot's number; "" when it isn't a token."""
    number, colon, _ = token.partition(":")
    return number if colon and number.isdecimal() else ""
