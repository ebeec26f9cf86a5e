"""A Zalo bot's answers: handled by the desk, sent while the month has messages left, else said so once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.channels.answering import Answerer, Undelivered
from bot.channels.base import Desk
from bot.channels.noting import note_answered
from bot.channels.plain_text import Page
from bot.channels.zalo_bot_events import NAME, Wordless, without_mention
from bot.channels.zalo_bot_ground import BotGround
from bot.channels.zalo_bot_pages import pages_of
from bot.channels.zalo_bot_speaking import AnsweringMouth, Speaker
from office import contacts, groups, inbox
from office.contacts import Contact
from office.groups import GroupState
from office.inbox import AlreadyHandled, InboxState
from office.messages import Incoming, Line, Reply
from office.people import person_of
from office.quotas import month_of
from scheduler.ration import Purpose

_ONLY_WORDS = "Dạ, em chỉ đọc được tin nhắn chữ. Anh/chị gõ câu hỏi bằng chữ giúp em ạ."
_KEPT = (
    "Dạ, tháng này kênh Zalo Bot của cơ quan sắp hết số tin, phần còn lại dành cho nhắc hạn "
    "nên em chưa trả lời được ở đây cho tới đầu tháng sau. {}"
)
_SPENT = (
    "Dạ, tháng này kênh Zalo Bot của cơ quan đã hết số tin "
    "nên em chưa trả lời được ở đây cho tới đầu tháng sau. {}"
)
_ELSEWHERE = "Anh/chị hỏi {} hoặc liên hệ trực tiếp với cơ quan ạ."
_DIRECTLY = "Anh/chị liên hệ trực tiếp với cơ quan ạ."
_SAID_AGAIN = timedelta(minutes=10)  # that only words are read: stickers come in numbers, and answers cost


class Server:
    """Serves one bot's messages. `names`: what people call it in a mention."""

    def __init__(
        self, desk: Desk, speaker: Speaker, ground: BotGround, *, elsewhere: str, introduction: str
    ) -> None:
        """`elsewhere`: where people can ask as well, as it follows «Anh/chị hỏi»; "" for nowhere.
        `introduction`: that a program answers, told with the first answer; "" for nothing."""
        self.names: Sequence[str] = ()
        self._desk = desk
        self._speaker = speaker
        self._ground = ground
        self._sessions = ground.sessions
        self._ration = ground.ration
        self._elsewhere = elsewhere
        self._introduction = introduction
        self._answerers = {
            purpose: Answerer(AnsweringMouth(speaker, purpose), ground.gate, ground.pace.patience)
            for purpose in (Purpose.ANSWER, Purpose.DEADLINE)
        }
        self._told: dict[str, datetime] = {}  # chat → when it was told that only words are read
        self._telling = threading.Lock()  # of it: chats are handled in threads, side by side

    @property
    def uncertain(self) -> int:
        """How many answers may not have arrived."""
        return sum(answerer.uncertain for answerer in self._answerers.values())

    async def serve(self, incoming: Incoming) -> None:
        """Handle and answer a message. Raises Undelivered or DatabaseUnavailable to have it again later."""
        if incoming.group:
            incoming = replace(incoming, text=without_mention(incoming.text, self.names))
        replies = await self._handled(incoming)
        if replies:
            await self._answer(incoming, replies)
        await note_answered(self._desk, incoming, scale=self._ground.pace.first)

    async def _answer(self, incoming: Incoming, replies: Sequence[Reply]) -> None:
        """Send the replies; the answers to civil servants come out of what is kept for deadlines too, since
        with them they report and ask for time."""
        staff = await asyncio.to_thread(self._from_staff, incoming)
        purpose = Purpose.DEADLINE if staff else Purpose.ANSWER
        if await self._ration.refusal(purpose):
            if await self._ration.waits():
                raise Undelivered
            return await self._say_spent(incoming, purpose)
        if not staff and await asyncio.to_thread(self._is_new, incoming):
            replies = self._introduced(replies)
        group, addresses = incoming.group, self._ground.addresses
        pages = [page for reply in replies for page in await pages_of(reply, addresses, group=group)]
        return await self._answerers[purpose].send(pages, chat=incoming.chat, group=group, key=incoming.key)

    def _is_new(self, incoming: Incoming) -> bool:
        """Whether it is the first that somebody has written in private."""
        contact = self._contact(incoming)
        return contact is not None and not incoming.group and contact.first_at == incoming.at

    def _contact(self, incoming: Incoming) -> Contact | None:
        """What is known of who wrote."""
        with self._sessions() as session:
            return session.get(Contact, (NAME, self._ground.account, self._ground.person(incoming.sender)))

    def _introduced(self, replies: Sequence[Reply]) -> Sequence[Reply]:
        first, *others = replies
        if not self._introduction or self._introduction in first.text():
            return replies
        return (replace(first, lines=(*first.lines, Line(self._introduction))), *others)

    # --- handling

    async def _handled(self, incoming: Incoming) -> tuple[Reply, ...]:
        """The replies; while they take long, the chat shows that somebody is writing."""
        showing = asyncio.create_task(self._show_typing(incoming.chat))
        try:
            return await asyncio.to_thread(self._handle, incoming)
        finally:
            showing.cancel()

    async def _show_typing(self, chat: str) -> None:
        await asyncio.sleep(self._ground.pace.typing)
        await self._speaker.typing(chat)

    def _handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        if isinstance(incoming, Wordless) and not self._concerns_the_desk(incoming):
            return self._only_words(incoming)
        return self._desk.handle(incoming)

    def _concerns_the_desk(self, incoming: Incoming) -> bool:
        """Whether what has no words is a picture that a notice may be about to carry, or from a group that
        the desk is silent in until Văn phòng has been asked whose it is."""
        if incoming.group:
            with self._sessions() as session:
                group = groups.at(session, NAME, self._ground.account, incoming.chat)
            if group is None or group.state is not GroupState.APPROVED:
                return True
        if incoming.file is None or not incoming.file.media_type.startswith("image/"):
            return False
        return self._from_staff(incoming)

    def _from_staff(self, incoming: Incoming) -> bool:
        with self._sessions() as session:
            who = person_of(session, channel=NAME, account=self._ground.account, sender=incoming.sender)
        return who is not None

    def _only_words(self, incoming: Incoming) -> tuple[Reply, ...]:
        """Say that only words are read, as the desk would say it: kept as handled before it is sent."""
        now = self._ground.clock.now()
        try:
            with self._sessions.begin() as session:
                stored = inbox.receive(session, NAME, self._ground.account, incoming.key, at=now, raw=None)
                if not stored.new and stored.state is not InboxState.RECEIVED:
                    return stored.replies
                replies = () if self._was_told(incoming.chat, now) else (Reply(lines=(Line(_ONLY_WORDS),)),)
                inbox.mark_handled(session, NAME, self._ground.account, incoming.key, replies)
        except AlreadyHandled:
            return ()
        with self._telling:
            self._told[incoming.chat] = now
        return replies

    def _was_told(self, chat: str, now: datetime) -> bool:
        with self._telling:
            self._told = {chat: at for chat, at in self._told.items() if now - at < _SAID_AGAIN}
            return chat in self._told

    # --- when the month is spent

    async def _say_spent(self, incoming: Incoming, purpose: Purpose) -> None:
        """Once a month to each person; then silence. Raises Undelivered while they can't be told."""
        if await asyncio.to_thread(self._knows_it_is_spent, incoming):
            return
        where = _ELSEWHERE.format(self._elsewhere) if self._elsewhere else _DIRECTLY
        text = _SPENT if await self._ration.refusal(Purpose.DEADLINE) else _KEPT
        page, key = Page(text=text.format(where)), f"{incoming.key}:spent"
        await self._answerers[purpose].send([page], chat=incoming.chat, group=incoming.group, key=key)
        await asyncio.to_thread(self._told_it_is_spent, incoming)

    def _knows_it_is_spent(self, incoming: Incoming) -> bool:
        contact = self._contact(incoming)
        return contact is not None and contact.told_spent == month_of(self._ground.clock.now())

    def _told_it_is_spent(self, incoming: Incoming) -> None:
        now, person = self._ground.clock.now(), self._ground.person(incoming.sender)
        with self._sessions.begin() as session:
            contacts.tell_spent(session, NAME, self._ground.account, person, month=month_of(now), now=now)
