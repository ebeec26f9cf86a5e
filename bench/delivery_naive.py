"""The usual ways to send to many chats, measured beside ours: no rows, no lanes, nothing that survives."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from datetime import timedelta

from telegram import Bot
from telegram.error import RetryAfter
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from bench.delivery_stage import TOKEN

_CONNECTIONS = 64  # as many as ours


async def all_at_once(url: str, chats: Sequence[int]) -> None:
    """A task for each message; who is told to wait waits as long and tries again."""
    async with _bot(url) as bot:
        await asyncio.gather(*(_send(bot, chat) for chat in chats))


async def one_by_one(url: str, chats: Sequence[int], *, pause: float) -> None:
    """One message after the other, with a pause of so many seconds after each."""
    async with _bot(url) as bot:
        for chat in chats:
            await _send(bot, chat)
            await asyncio.sleep(pause)


async def _send(bot: Bot, chat: int) -> None:
    while True:
        try:
            await bot.send_message(chat, f"Tin gửi tới {chat}")
        except RetryAfter as refused:
            await asyncio.sleep(_seconds(refused))
        else:
            return


def _seconds(refused: RetryAfter) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PTBDeprecationWarning)  # of the number in place of a timedelta
        wait = refused.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _bot(url: str) -> Bot:
    request = HTTPXRequest(connection_pool_size=_CONNECTIONS, pool_timeout=600.0, read_timeout=60.0)
    return Bot(TOKEN, base_url=f"{url}/bot", request=request)
