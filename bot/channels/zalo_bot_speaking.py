"""What a bot says, whoever asked: counted against the month, held back when the platform says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from bot.channels.answering import Mouth
from bot.channels.plain_text import Page
from bot.channels.zalo_bot_api import ZaloBotApi
from bot.channels.zalo_bot_pages import Picture
from bot.channels.zalo_calls import CallEnded, Lost, NotSent, Refused, TooFast, WrongToken
from office.database import DatabaseUnavailable
from scheduler.ration import Purpose, Ration

NOT_OPEN = "Chưa kết nối được tới Zalo."
_LINKS_SECONDS = 3600.0  # that pictures go as links after one got lost
_STRIKES = 3  # «too many» after waiting each time: then the month's messages are spent

_log = logging.getLogger(__name__)


class Speaker:
    """Says pages for answers and deliveries alike.

    `spent`: the platform itself says that the month's messages are used up. `doubted`: set when a
    call has ended so that the platform may be away or no longer take the token.
    """

    def __init__(
        self,
        api: Callable[[], ZaloBotApi | None],
        ration: Ration,
        *,
        hold: float,
        longest: float,
        changed: Callable[[], None],
    ) -> None:
        """`api` gives None while there is no connection. `hold`: seconds after the first «too many»; then
        twice as long each time, up to `longest`. `changed` is called when `spent` has changed."""
        self.spent = False
        self.doubted = asyncio.Event()
        self._api = api
        self._ration = ration
        self._hold, self._longest = hold, longest
        self._changed = changed
        self._strikes = 0
        self._held_until = 0.0
        self._links_until = 0.0
        self._owed: list[Purpose] = []  # sent, but not counted yet

    async def say(self, chat: str, page: Page, purpose: Purpose) -> str:
        """The message's id, "" where the platform gave none. Raises what bot.channels.zalo_calls has."""
        api = self._api()
        if api is None:
            raise NotSent(NOT_OPEN)
        try:
            number = await self._send(api, chat, page)
        except TooFast as fast:
            reason = fast.reason
        except Lost:
            self.doubted.set()
            await self._count(purpose)
            raise
        except (NotSent, WrongToken):
            self.doubted.set()
            raise
        else:
            self._strikes = 0
            self._note(spent=False)
            await self._count(purpose)
            return number
        raise TooFast(reason, seconds=await self._held_back())

    async def knock(self) -> None:
        """Hear whether the platform is there. Raises what bot.channels.zalo_calls has."""
        api = self._api()
        if api is None:
            raise NotSent(NOT_OPEN)
        await api.me()

    async def typing(self, chat: str) -> None:
        """Show that an answer is being written, if that can be."""
        api = self._api()
        if api is not None:
            with suppress(CallEnded):
                await api.typing(chat)

    async def _send(self, api: ZaloBotApi, chat: str, page: Page) -> str:
        """A picture that the platform won't take, or can't fetch from our address, goes as a link."""
        if not isinstance(page, Picture):
            return await api.send_message(chat, page.text)
        if _time() >= self._links_until:
            try:
                return await api.send_photo(chat, page.address, page.text)
            except Lost:  # it waited for the picture, and may do so each time
                self._links_until = _time() + _LINKS_SECONDS
                raise
            except (NotSent, Refused) as failed:
                if _whatever_is_said(failed):
                    raise
        return await api.send_message(chat, page.instead)

    async def _held_back(self) -> float:
        """Seconds to wait after «too many». Only one that has waited as it was told counts as another."""
        now = _time()
        if now >= self._held_until:
            self._strikes += 1
            self._held_until = now + min(self._longest, self._hold * 2 ** min(self._strikes - 1, 16))
            if self._strikes >= _STRIKES:
                self._note(spent=True)
                with suppress(DatabaseUnavailable):  # it is said again with the next one
                    await self._ration.ran_out()
        return self._held_until - now

    def _note(self, *, spent: bool) -> None:
        if self.spent is not spent:
            self.spent = spent
            self._changed()

    async def _count(self, purpose: Purpose) -> None:
        """One has been sent. What can't be counted now is counted with the next one."""
        self._owed.append(purpose)
        try:
            while self._owed:
                owed = self._owed.pop()
                try:
                    await self._ration.spend(owed)
                except DatabaseUnavailable:
                    self._owed.append(owed)
                    raise
        except DatabaseUnavailable:
            _log.warning("Chưa ghi được %d tin vào hạn mức tháng của Zalo Bot", len(self._owed))


class AnsweringMouth(Mouth):
    """Says what somebody has asked for. `purpose`: what it counts as."""

    def __init__(self, speaker: Speaker, purpose: Purpose) -> None:
        self._speaker = speaker
        self._purpose = purpose

    async def say(self, chat: str, page: Page, *, group: bool) -> str:
        """See bot.channels.answering.Mouth."""
        return await self._speaker.say(chat, page, self._purpose)

    async def knock(self) -> None:
        """See bot.channels.answering.Mouth."""
        await self._speaker.knock()


def _whatever_is_said(failed: NotSent | Refused) -> bool:
    """Whether another message would fare no better: nothing gets through, or not to this chat."""
    return failed.network if isinstance(failed, NotSent) else failed.unreachable


def _time() -> float:
    return asyncio.get_running_loop().time()
