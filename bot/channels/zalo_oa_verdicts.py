"""What Zalo says of the messages that it was given: what follows from it for who was to get them, and whether
anybody gets any."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.channels.zalo_calls import Refused
from bot.channels.zalo_oa_errors import of_account, shuts_window
from bot.channels.zalo_oa_people import OaPeople
from office.database import DatabaseUnavailable

_TROUBLE = "Zalo từ chối tin của OA: {}"

_log = logging.getLogger(__name__)


class Verdicts:
    """Of one account's messages to people; `changed` is called when `trouble` has."""

    def __init__(self, people: OaPeople, *, changed: Callable[[], None]) -> None:
        self._people = people
        self._changed = changed
        self._why = ""

    @property
    def trouble(self) -> str:
        """Why no message is taken and what to do, for people; "" while they are."""
        return _TROUBLE.format(self._why) if self._why else ""

    def taken(self) -> None:
        """A message to a person was taken."""
        self._say("")

    async def refused(self, user: str, refused: Refused) -> None:
        """A message to a person was refused."""
        if of_account(refused.code):
            self._say(refused.reason)
        elif shuts_window(refused.code):
            try:
                await asyncio.to_thread(self._people.following_opened_nothing, user)
            except DatabaseUnavailable as exc:
                _log.warning("Chưa ghi được là cửa nhắn tin đã đóng: %s", exc.message)

    def _say(self, why: str) -> None:
        if why != self._why:
            self._why = why
            self._changed()
