"""What the tests of every channel share: running one, waiting in the loop, a gate that lets through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from bot.channels.base import Channel
from bot.channels.web import Server


class OpenGate:
    """Lets through at once and remembers who came and who was told to wait (chat, seconds, whole account)."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.floods: list[tuple[str, float, bool]] = []

    async def enter(self, chat: str, *, group: bool) -> None:
        self.entered.append(chat)

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        self.floods.append((chat, seconds, account))


@asynccontextmanager
async def serving(channel: Channel, *, up: bool = True) -> AsyncIterator[None]:
    """Run a channel, from when it is up or has ended; from its start without `up`."""
    task = asyncio.create_task(channel.run())
    try:
        if up:
            await until(lambda: channel.state.up or task.done())
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def web_server(app: ASGIApp) -> AsyncIterator[str]:
    """A web server of ours in this loop; its address without a path."""
    server = Server(uvicorn.Config(app, port=0, lifespan="off", ws="none", log_config=None))
    task = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def until(predicate: Callable[[], object], within: float = 20.0) -> None:
    """Wait until something holds, `within` seconds; AssertionError when it doesn't come to."""
    ends = asyncio.get_running_loop().time() + within
    while not predicate():
        assert asyncio.get_running_loop().time() < ends, "did not come to hold in time"
        await asyncio.sleep(0.005)
