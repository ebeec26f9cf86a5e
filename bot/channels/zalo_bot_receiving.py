"""What a Zalo bot is told: stored once, with what it says of who wrote, before the platform may forget it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from bot.channels.intake import Also
from bot.channels.postbox import Postbox, Serve, Unreadable
from bot.channels.zalo_bot_events import NAME, key_of, read_event, unwrap
from bot.channels.zalo_bot_ground import BotGround
from office import contacts, groups
from office.messages import Incoming

_SEEN = 1000  # keys known to be stored, so that a bot that repeats itself costs no query each second

_log = logging.getLogger(__name__)


class Receiver:
    """Takes events, however often they come, and has each served."""

    def __init__(self, ground: BotGround, *, serve: Serve, heard: Callable[[], None]) -> None:
        """`serve`: as bot.channels.postbox has it. `heard` is called when somebody has written."""
        self.postbox = Postbox(
            channel=NAME,
            account=ground.account,
            sessions=ground.sessions,
            clock=ground.clock,
            read=self._read,
            serve=serve,
            grace=ground.pace.grace,
            scale=ground.pace.first,
        )
        self._ground = ground
        self._heard = heard
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def resume(self) -> None:
        """Go on with what was left or stored meanwhile, and have what comes served. Raises
        DatabaseUnavailable."""
        await self.postbox.resume()

    async def close(self) -> None:
        """Let what is in hand finish for a while; what comes is only stored."""
        await self.postbox.close()

    async def take(self, raw: Any) -> None:
        """Store an event. Raises DatabaseUnavailable."""
        event = unwrap(raw)
        if event is None:
            _log.warning("Zalo Bot gửi tới một nội dung không phải sự kiện")
            return
        key = key_of(event)
        if key not in self._seen and await self.postbox.take(key, event, also=self._remember_writer(event)):
            self._heard()
        self._seen[key] = None
        self._seen.move_to_end(key)
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)

    def _read(self, raw: Any) -> Incoming | None:
        return read_event(raw, account=self._ground.account, now=self._ground.clock.now())

    def _remember_writer(self, event: dict[str, Any]) -> Also | None:
        """Who writes in private counts as one of the plan's users, and can be written to, whatever was known
        before; what is said in groups tells nothing of that."""
        try:
            incoming = self._read(event)
        except Unreadable:
            return None
        if incoming is None or incoming.group:
            return None
        account, person = self._ground.account, self._ground.person(incoming.sender)
        chat, at = incoming.chat, incoming.at

        def remember(session: Session) -> None:
            contacts.wrote(session, NAME, account, person, at=at)
            groups.in_reach_again(session, channel=NAME, account=account, chat=chat)

        return remember
