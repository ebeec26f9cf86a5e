"""What comes in to an Official Account: stored before Zalo hears that it was taken, then handled and
answered, in this life or the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from bot.channels.answering import Answerer, Undelivered
from bot.channels.base import Desk
from bot.channels.noting import note_answered
from bot.channels.plain_text import Page, pages
from bot.channels.postbox import Postbox
from bot.channels.zalo_calls import CallEnded
from bot.channels.zalo_oa_courier import Line
from bot.channels.zalo_oa_events import Happening, read_event
from bot.channels.zalo_oa_groups import Change
from bot.channels.zalo_oa_people import Course, OaPeople
from bot.channels.zalo_oa_sending import CAPABILITIES
from office.channel_names import ZALO_OA
from office.clock import Clock
from office.messages import ChannelState, Event, Incoming, Reply

_START = "/start"

_log = logging.getLogger(__name__)


class OaServer:
    """Of one account. `line`: the open connection, None while there is none; then events are only stored."""

    def __init__(
        self,
        desk: Desk,
        people: OaPeople,
        *,
        account: str,
        sessions: sessionmaker[Session],
        clock: Clock,
        state: ChannelState,
        grace: float,
        scale: float,
    ) -> None:
        """`grace`, `scale`: see Postbox."""
        self.line: Line | None = None
        self._answerer: Answerer | None = None
        self._desk = desk
        self._people = people
        self._account = account
        self._facts = state.facts
        self._scale = scale
        self._postbox = Postbox(
            channel=ZALO_OA,
            account=account,
            sessions=sessions,
            clock=clock,
            read=self._read,
            serve=self._serve,
            grace=grace,
            scale=scale,
        )

    def open(self, line: Line, answerer: Answerer) -> None:
        """There is a connection."""
        self.line, self._answerer = line, answerer

    async def resume(self) -> None:
        """Answer what was left or stored meanwhile, and what comes. Raises DatabaseUnavailable."""
        await self._postbox.resume()

    async def close(self) -> None:
        """Finish what is in hand; what comes is only stored."""
        await self._postbox.close()
        self.line = self._answerer = None

    # --- what comes in

    async def take(self, happening: Happening, raw: dict[str, Any], received: datetime) -> None:
        """Store an event of the webhook, without its content where nobody answers it; not at all where it is
        between other people. Raises DatabaseUnavailable."""
        incoming = happening.incoming
        if incoming is not None and not await asyncio.to_thread(self._people.is_meant, incoming):
            return
        kept = {"at": received.isoformat(), "event": raw} if incoming is not None else None
        note = partial(self._people.note, happening=happening)
        if await self._postbox.take(happening.key, kept, also=note):
            self._facts["last_event"] = received.isoformat(timespec="seconds")

    async def tell(self, change: Change, at: datetime) -> None:
        """Store that a group has come or gone. Raises DatabaseUnavailable."""
        group = {"id": change.group, "title": change.title, "event": change.event.value}
        incoming = change.incoming(account=self._account, at=at)
        await self._postbox.take(incoming.key, {"at": at.isoformat(), "group": group})

    def _read(self, stored: Any) -> Incoming | None:
        if not stored:
            return None
        at = datetime.fromisoformat(stored["at"])
        if (group := stored.get("group")) is not None:
            change = Change(group=group["id"], title=group["title"], event=Event(group["event"]))
            return change.incoming(account=self._account, at=at)
        incoming = read_event(stored["event"], oa_id=self._account, received=at).incoming
        return incoming and replace(incoming, addressed=True)  # otherwise it wouldn't have been stored

    # --- answers

    async def _serve(self, incoming: Incoming) -> None:
        """Handle a message or event and answer it. Raises Undelivered, DatabaseUnavailable."""
        course = await asyncio.to_thread(self._people.course, incoming)
        if course is Course.SILENCE:
            await asyncio.to_thread(self._people.pass_over, incoming)
            return
        if course is Course.GREET:
            await self._answer(replace(incoming, key=f"{incoming.key}:hello", event=None, text=_START))
        await self._answer(incoming)

    async def _answer(self, incoming: Incoming) -> None:
        replies = await asyncio.to_thread(self._desk.handle, incoming)
        if replies:
            answerer = self._answerer
            if answerer is None:  # we are just going down
                raise Undelivered
            said = [page for reply in replies for page in await self._pages(reply, incoming.group)]
            await answerer.send(said, chat=incoming.chat, group=incoming.group, key=incoming.key)
            if answerer.uncertain:
                self._facts["uncertain"] = answerer.uncertain
        await note_answered(self._desk, incoming, scale=self._scale)

    async def _pages(self, reply: Reply, group: bool) -> Sequence[Page]:
        line = self.line
        capabilities = line.mouth.capabilities(group=group) if line else CAPABILITIES
        try:
            if line is not None:
                return await line.files.pages(reply, capabilities)
        except CallEnded as ended:
            _log.warning("Trả lời không kèm được tệp: %s", ended.reason)
        return pages(reply, replace(capabilities, files=False))
