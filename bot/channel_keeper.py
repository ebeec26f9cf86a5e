"""Keeps a channel running: when it fails it is tried again, and the other channels don't notice."""

from __future__ import annotations

import asyncio
import contextlib
import random

import structlog

from bot.channels.base import Channel, ChannelDown
from office.stopping import told_to_stop

log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds
_HOPELESS_PAUSE = 300.0  # a wrong token does not mend itself, but someone may mend it without a restart


async def keep_up(channel: Channel) -> None:
    """Run a channel; when it fails, say why and try again later while the others serve."""
    pause = _FIRST_PAUSE
    while True:
        started = asyncio.get_running_loop().time()
        wait, mended = None, _never
        try:
            await channel.run()
        except ChannelDown as exc:
            channel.state.up, channel.state.detail = False, exc.reason
            log.warning("channel.down", channel=channel.name, reason=exc.reason)
            wait = None if exc.retry else _HOPELESS_PAUSE
            mended = exc.mended or mended
        except Exception as exc:
            # A fault in one channel must not take the others down with it.
            channel.state.up, channel.state.detail = False, type(exc).__name__
            log.exception("channel.failed", channel=channel.name)
        if told_to_stop():
            return
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE:
            pause = _FIRST_PAUSE
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait or pause * spread):
                await mended()
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _never() -> None:
    """Nothing is known of when a channel is mended."""
    await asyncio.Event().wait()
