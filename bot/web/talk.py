"""Puts what the web page and its service are told before the desk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from bot.channels.base import Desk, FileAddresses, addresses_of
from bot.channels.noting import note_answered
from bot.channels.web import ChatMessage, to_incoming
from office.messages import Incoming, Reply, with_links

MAX_KEPT = 1_000  # sessions whose last answer is kept for a repeated request
TRIES = 4  # to note that an answer was given; nothing is given twice for want of it, here nobody resumes


class Talk:
    """Puts messages before the desk.

    The last answer of a session is kept for a client that asks again because it never saw it: of a message
    that is `answered` the desk says nothing any more.
    """

    def __init__(
        self, desk: Desk, *, now: Callable[[], datetime], addresses: FileAddresses | None = None
    ) -> None:
        """`addresses`: for files, which the page takes as links."""
        self._desk = desk
        self._addresses = addresses
        self._now = now
        self._last: OrderedDict[str, tuple[str, tuple[Reply, ...]]] = OrderedDict()

    async def say(self, message: ChatMessage, session: str) -> tuple[tuple[Reply, ...], BackgroundTask]:
        """The replies, and what to do when they have been sent."""
        incoming = to_incoming(message, session=session, at=self._now())
        given = self._kept(incoming) or await run_in_threadpool(self._desk.handle, incoming)
        replies = tuple([with_links(reply, await addresses_of(reply, self._addresses)) for reply in given])
        self._keep(incoming, replies)
        return replies, BackgroundTask(self._note, incoming)

    async def _note(self, incoming: Incoming) -> None:
        await note_answered(self._desk, incoming, tries=TRIES)

    def _kept(self, incoming: Incoming) -> tuple[Reply, ...]:
        key, replies = self._last.get(incoming.chat, ("", ()))
        return replies if key == incoming.key else ()

    def _keep(self, incoming: Incoming, replies: tuple[Reply, ...]) -> None:
        self._last[incoming.chat] = (incoming.key, replies)
        self._last.move_to_end(incoming.chat)
        if len(self._last) > MAX_KEPT:
            self._last.popitem(last=False)
