"""The HTTP side of Telegram: errors that say whether a request may have arrived, logs without the token."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

import httpx
from telegram import Bot
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_TALKATIVE = ("httpx", "telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest")
_DEFAULT_WAIT = 5.0  # seconds, for a 429 that doesn't say how long


class Unauthorized(TelegramError):
    """Telegram doesn't know the token."""


class Flood(TelegramError):
    """Too much at once; nothing for `retry_after` seconds. (The library's own RetryAfter warns.)"""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"retry after {retry_after:g} s")
        self.retry_after = retry_after


class NotSent(NetworkError):
    """The request has not left."""


class Lost(NetworkError):
    """The connection or Telegram's front end failed: the request may have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take, in seconds."""

    poll: int = 50  # what Telegram allows at most
    busy: float = 1.0  # between polls while updates are in hand
    first: float = 1.0  # back-off: the first wait …
    longest: float = 30.0  # … and the longest
    patience: float = 120.0  # for one message that Telegram tells us to hold back
    grace: float = 8.0  # for what is in hand when we are told to stop


class Wire(HTTPXRequest):
    """Requests whose errors carry neither address nor body."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            status, body = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            failure = type(error.__cause__ or error).__name__
            unsent = isinstance(error.__cause__, _UNSENT)
        else:
            _raise_for(status, body)
            return status, body
        # Outside of the except clause, so that the error with the address isn't even its context.
        raise NotSent(failure) if unsent else Lost(failure)


def _raise_for(status: int, body: bytes) -> None:
    if status in (401, 404):  # 404: the token isn't of a token's form
        raise Unauthorized(f"HTTP {status}")
    if status == 429:
        raise Flood(_retry_after(body))
    if status >= 500 or not body.lstrip().startswith(b"{"):
        raise Lost(f"HTTP {status}")


def _retry_after(body: bytes) -> float:
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return _DEFAULT_WAIT


def open_bot(token: str, *, base_url: str, proxy: str | None, poll: int) -> tuple[Bot, Wire]:
    """A bot, not yet initialised, and the request that its getUpdates goes through."""
    # More than one connection for polling: a request that was broken off may hold its own for a while.
    updates = _wire(proxy, size=4, read=poll + 10.0, pool=5.0)
    others: BaseRequest = _wire(proxy, size=32, read=20.0, pool=30.0)
    url = base_url.rstrip("/").removesuffix("/bot") + "/bot"
    return Bot(token, base_url=url, request=others, get_updates_request=updates), updates


def _wire(proxy: str | None, *, size: int, read: float, pool: float) -> Wire:
    return Wire(
        connection_pool_size=size,
        connect_timeout=10.0,
        read_timeout=read,
        write_timeout=20.0,
        pool_timeout=pool,
        proxy=proxy,
    )


async def get_updates(bot: Bot, *, offset: int, wait: int, limit: int = 100) -> list[Any]:
    """The raw updates from `offset` on, which confirms all below it."""
    # Bot.get_updates parses a batch as a whole, so one bad update would hold up all the others.
    # do_api_request warns of names that are the bot's own methods too; spelt so it isn't one, and on the wire
    # it is getUpdates.
    parameters = {"offset": offset, "timeout": wait, "limit": limit, "allowed_updates": list(ALLOWED_UPDATES)}
    updates = await bot.do_api_request("get_Updates", api_kwargs=parameters)
    if not isinstance(updates, list):
        raise TelegramError("getUpdates gave no list")
    return updates


ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")


class _Hush(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and not record.name.endswith(".BaseRequest")


_hush = _Hush()


def hush_libraries() -> None:
    """Keep the token and people's words out of the log.

    httpx writes each address with the token at INFO, the library each message at DEBUG and bodies that it
    can't read at ERROR. A filter rather than a level, which whoever configures logging may set otherwise.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_hush)
