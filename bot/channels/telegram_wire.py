"""The HTTP side of Telegram: errors that say whether a request may have arrived, logs without the token."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies

from telegram import Bot
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest, HTTPXRequest

from bot.channels.telegram_transport import Spread
from bot.channels.unsent import UNSENT

_TALKATIVE = ("httpx", "telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest")
_TOLD_APART = (400, 403, 409)  # by the library
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


class Garbled(TelegramError):
    """Telegram has done what it was asked; only its answer can't be read."""


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

    async def do_request(self, url: str, method: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if self._client.is_closed:
            raise NotSent("closed")
        try:
            status, body = await super().do_request(url, method, *args, **kwargs)
        except NetworkError as error:
            failure = type(error.__cause__ or error).__name__
            unsent = isinstance(error.__cause__, UNSENT)
        else:
            _raise_for(status, body, file=method == "GET")
            return status, body
        # Outside of the except clause, so that the error with the address isn't even its context.
        raise NotSent(failure) if unsent else Lost(failure)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The object in an answer. Raises Garbled."""
        try:
            parsed = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise Garbled("no JSON object")
        return parsed


def _raise_for(status: int, body: bytes, *, file: bool) -> None:
    """Tell apart what the library doesn't. `file`: the body of a success is a file's content."""
    if status in (401, 404):  # 404: the token isn't of a token's form
        raise Unauthorized(f"HTTP {status}")
    if status == 429:
        raise Flood(_retry_after(body))
    if status >= 500:
        raise Lost(f"HTTP {status}")
    if file and status < 300:
        return
    if not body.lstrip().startswith(b"{"):
        # Below 300 Telegram may have done it; otherwise something before Telegram has turned it away.
        raise Lost(f"HTTP {status}") if status < 300 else NotSent(f"HTTP {status}")
    if status < 300 and body.lstrip().startswith(b'{"ok":false'):
        raise Lost("not ok")
    if status not in _TOLD_APART and status >= 300:
        raise BadRequest(f"HTTP {status}")


def _retry_after(body: bytes) -> float:
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return _DEFAULT_WAIT


def open_bot(token: str, *, base_url: str, proxy: str | None, poll: int) -> tuple[Bot, Wire]:
    """A bot, not yet initialised, and the request that its getUpdates goes through."""
    # More than one connection for polling: a request that was broken off may hold its own for a while.
    updates = _wire(proxy, size=4, read=poll + 10.0, pool=5.0)
    others: BaseRequest = _wire(proxy, size=64, read=20.0, pool=30.0)
    server = base_url.rstrip("/").removesuffix("/bot")
    bot = Bot(
        token,
        base_url=f"{server}/bot",
        base_file_url=f"{server}/file/bot",
        request=others,
        get_updates_request=updates,
    )
    return bot, updates


def _wire(proxy: str | None, *, size: int, read: float, pool: float) -> Wire:
    # Only httpx itself knows how to go through proxies, also those of the environment.
    direct = proxy is None and not getproxies().keys() & {"http", "https", "all"}
    return Wire(
        connection_pool_size=size,
        connect_timeout=10.0,
        read_timeout=read,
        write_timeout=20.0,
        pool_timeout=pool,
        proxy=proxy,
        httpx_kwargs={"transport": Spread(size)} if direct else None,
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
