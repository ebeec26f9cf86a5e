"""Answers on their way to Telegram: what to do about each way it can refuse them or fail."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.channels.telegram_files import Files
from bot.channels.telegram_steps import Step, adapted, call, steps_of
from bot.channels.telegram_updates import Address
from bot.channels.telegram_wire import Flood, Garbled, Lost, NotSent, Pace
from office.messages import Reply
from scheduler.courier import Gate

TRIES = 5

_FLOOD_CHATS = 3
_FLOOD_SPAN = 5.0  # seconds

_log = logging.getLogger(__name__)


class Undelivered(Exception):
    """Telegram could not be reached or told us to wait too long; trying again later may help."""


class NoGate(Gate):
    """No pace at all."""

    async def enter(self, chat: str, *, group: bool) -> None:
        """At once."""

    def flooded(self, chat: str, seconds: float, *, account: bool = False) -> None:
        """Telegram's own word is kept by whoever heard it."""


class Floods:
    """Whether a 429 means the chat or the account: Telegram doesn't say, but many chats at once do."""

    def __init__(self) -> None:
        self._last: deque[tuple[float, int]] = deque()

    def account(self, chat: int, *, now: float) -> bool:
        """Take note of one more; whether the whole account is too fast."""
        self._last.append((now, chat))
        while self._last[0][0] < now - _FLOOD_SPAN:
            self._last.popleft()
        return len({flooded for _, flooded in self._last}) >= _FLOOD_CHATS


_Call = Callable[[int], Awaitable[object]]


class Sender:
    """Sends replies in order and remembers how far it came with those it could not finish."""

    def __init__(
        self,
        bot: Bot,
        pace: Pace,
        *,
        gate: Gate | None = None,
        floods: Floods | None = None,
        files: Files | None = None,
    ) -> None:
        """`gate`: the pace that these answers share with the deliveries; none by default."""
        self._files = files or Files()
        self.uncertain = 0
        self._bot = bot
        self._pace = pace
        self._gate = gate or NoGate()
        self._floods = floods or Floods()
        self._held: dict[int, float] = {}  # chat → when Telegram lets us write there again
        self._moved: dict[int, int] = {}  # group → the supergroup that it became
        self._taken: dict[str, int] = {}  # key → steps that are done

    async def send(self, replies: Sequence[Reply], address: Address, *, key: str) -> None:
        """Send what of these replies hasn't been sent yet. After Undelivered the same key goes on there."""
        steps = list(steps_of(replies, address))
        for step in steps[self._taken.get(key, 0) :]:
            if not await self._take(step):
                break
            self._taken[key] = self._taken.get(key, 0) + 1

    def forget(self, key: str) -> None:
        """This key won't come again."""
        self._taken.pop(key, None)

    async def answer_tap(self, query: str, text: str = "") -> bool:
        """Stop the waiting sign on a button, with a word that only who tapped sees; False where Telegram
        doesn't take it any more."""
        try:
            await self._bot.answer_callback_query(query, text=text or None, show_alert=bool(text))
        except TelegramError as error:
            _log.info("Telegram không nhận trả lời cho một lần bấm nút (%s)", type(error).__name__)
            return False
        return True

    async def _take(self, step: Step) -> bool:
        """Do a step; False when nothing more can be said in this chat."""
        try:
            await self._perform(step)
        except Forbidden:
            _log.info("Người nhận đã chặn bot hoặc bot bị đưa khỏi nhóm: bỏ câu trả lời")
            return False
        except NetworkError as error:
            _log.warning("Telegram từ chối một câu trả lời: %s", error.message)
        return True

    async def _perform(self, step: Step) -> None:
        """Do a step, leaving out what Telegram refuses as long as something can be left out."""
        while True:
            try:
                return await self._persist(step.address.chat, partial(self._call, step))
            except BadRequest as error:
                if "message is not modified" in error.message.lower():
                    return None
                changed = adapted(step, error.message)
                if changed is None:
                    raise
                step = changed

    async def _call(self, step: Step, chat: int) -> object:
        return await call(self._bot, step, chat, self._files)

    async def _persist(self, chat: int, call: _Call) -> None:
        """Call until Telegram has taken it. Raises Undelivered, or what Telegram refuses it with."""
        until = _time() + self._pace.patience
        doubtful = False
        for attempt in range(TRIES):
            chat = self._moved.get(chat, chat)
            await self._wait_for(chat, until)
            await self._enter(chat, until)
            try:
                await call(chat)
            except Flood as flood:
                self._hold(chat, flood.retry_after)
            except ChatMigrated as migrated:
                self._moved[chat] = migrated.new_chat_id
            except NotSent:
                await asyncio.sleep(min(self._pace.longest, self._pace.first * 2**attempt))
            except Lost as lost:
                # It may have arrived. To the citizen who asked, no answer is worse than the same one twice:
                # once more, and then it counts as sent, since two requests hardly get lost on their way.
                if doubtful:
                    return self._doubt(lost)
                doubtful = True
                await asyncio.sleep(self._pace.first)
            except (Garbled, KeyError, TypeError, ValueError) as error:
                # Only what came back can't be read: ours has arrived, and sending it again would repeat it.
                _log.warning("Không đọc được phản hồi của Telegram (%s)", type(error).__name__)
                return None
            else:
                return None
        raise Undelivered

    async def _wait_for(self, chat: int, until: float) -> None:
        """Wait as long as Telegram told us for this chat, and for this chat only."""
        free = self._held.get(chat)
        if free is None:
            return
        if free > until:
            raise Undelivered
        await asyncio.sleep(max(0.0, free - _time()))
        if self._held.get(chat) == free:
            del self._held[chat]

    async def _enter(self, chat: int, until: float) -> None:
        """Wait for the turn at the pace shared with deliveries."""
        try:
            async with asyncio.timeout_at(until):
                await self._gate.enter(str(chat), group=chat < 0)
        except TimeoutError:
            raise Undelivered from None

    def _hold(self, chat: int, seconds: float) -> None:
        now = _time()
        self._held[chat] = now + seconds
        self._gate.flooded(str(chat), seconds, account=self._floods.account(chat, now=now))

    def _doubt(self, lost: Lost) -> None:
        self.uncertain += 1
        _log.warning("Không rõ một câu trả lời đã tới Telegram hay chưa (%s)", lost.message)


def _time() -> float:
    return asyncio.get_running_loop().time()
