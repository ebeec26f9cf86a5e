"""Answers on their way to Telegram: what to do about each way it can refuse them or fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TelegramError

from bot.channels.telegram_render import Draft, render, simpler
from bot.channels.telegram_updates import Address
from bot.channels.telegram_wire import Flood, Lost, NotSent, Pace
from office.messages import Reply

TRIES = 5

_log = logging.getLogger(__name__)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Undelivered(Exception):
    """Telegram could not be reached or told us to wait too long; trying again later may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One call: a message, shown in place of another where `edits` is set."""

    draft: Draft
    address: Address
    edits: int | None = None


_Call = Callable[[int], Awaitable[object]]


class Sender:
    """Sends replies in order and remembers how far it came with those it could not finish."""

    def __init__(self, bot: Bot, pace: Pace) -> None:
        self.uncertain = 0
        self._bot = bot
        self._pace = pace
        self._held: dict[int, float] = {}  # chat → when Telegram lets us write there again
        self._moved: dict[int, int] = {}  # group → the supergroup that it became
        self._taken: dict[str, int] = {}  # key → steps that are done

    async def send(self, replies: Sequence[Reply], address: Address, *, key: str) -> None:
        """Send what of these replies hasn't been sent yet. After Undelivered the same key goes on there."""
        steps = list(_steps(replies, address))
        for step in steps[self._taken.get(key, 0) :]:
            if not await self._take(step):
                break
            self._taken[key] = self._taken.get(key, 0) + 1

    def forget(self, key: str) -> None:
        """This key won't come again."""
        self._taken.pop(key, None)

    async def answer_tap(self, query: str) -> None:
        """Stop the waiting sign on a button. Nothing depends on it."""
        try:
            await self._bot.answer_callback_query(query)
        except TelegramError as error:
            _log.info("Telegram không nhận trả lời cho một lần bấm nút (%s)", type(error).__name__)

    async def _take(self, step: _Step) -> bool:
        """Do a step; False when nothing more can be said in this chat."""
        try:
            await self._perform(step)
        except Forbidden:
            _log.info("Người nhận đã chặn bot hoặc bot bị đưa khỏi nhóm: bỏ câu trả lời")
            return False
        except NetworkError as error:
            _log.warning("Telegram từ chối một câu trả lời: %s", error.message)
        return True

    async def _perform(self, step: _Step) -> None:
        """Do a step, leaving out what Telegram refuses as long as something can be left out."""
        while True:
            try:
                return await self._persist(step.address.chat, partial(self._call, step))
            except BadRequest as error:
                if "message is not modified" in error.message.lower():
                    return None
                changed = _adapted(step, error.message)
                if changed is None:
                    raise
                step = changed

    async def _call(self, step: _Step, chat: int) -> object:
        draft, address = step.draft, step.address
        parse_mode = ParseMode.HTML if draft.as_html else None
        if step.edits is not None:
            return await self._bot.edit_message_text(
                draft.text,
                chat_id=chat,
                message_id=step.edits,
                parse_mode=parse_mode,
                reply_markup=draft.keyboard,
                link_preview_options=_NO_PREVIEW,
            )
        return await self._bot.send_message(
            chat,
            draft.text,
            parse_mode=parse_mode,
            reply_markup=draft.keyboard,
            link_preview_options=_NO_PREVIEW,
            message_thread_id=address.topic,
            reply_parameters=_quote(address.question),
        )

    async def _persist(self, chat: int, call: _Call) -> None:
        """Call until Telegram has taken it. Raises Undelivered, or what Telegram refuses it with."""
        until = _time() + self._pace.patience
        doubtful = False
        for attempt in range(TRIES):
            chat = self._moved.get(chat, chat)
            await self._wait_for(chat, until)
            try:
                await call(chat)
            except Flood as flood:
                self._held[chat] = _time() + flood.retry_after
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
            except (KeyError, TypeError, ValueError) as error:
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

    def _doubt(self, lost: Lost) -> None:
        self.uncertain += 1
        _log.warning("Không rõ một câu trả lời đã tới Telegram hay chưa (%s)", lost.message)


def _steps(replies: Sequence[Reply], address: Address) -> Iterator[_Step]:
    editable = address.tapped
    for reply in replies:
        edits = editable if reply.replaces else None
        editable = None if reply.replaces else editable  # a second one would wipe out the first
        for draft in render(reply):
            yield _Step(draft=draft, address=address, edits=edits)
            edits = None
            address = replace(address, question=None)  # quoted once


def _adapted(step: _Step, refusal: str) -> _Step | None:
    """The step without what was refused: markup, links, the topic, or the message to edit (then anew)."""
    draft = simpler(step.draft, refusal)
    if draft is not None:
        return replace(step, draft=draft)
    if step.edits is not None:
        return replace(step, edits=None)
    if step.address.topic is not None and "thread not found" in refusal.lower():
        return replace(step, address=replace(step.address, topic=None))
    return None


def _quote(question: int | None) -> ReplyParameters | None:
    return ReplyParameters(question, allow_sending_without_reply=True) if question is not None else None


def _time() -> float:
    return asyncio.get_running_loop().time()
