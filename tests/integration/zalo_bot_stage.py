"""A Zalo bot on a real database, with a desk that keeps its promises there and says what a test wants."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.zalo_bot import ZaloBot
from bot.channels.zalo_bot_api import Timeouts
from bot.channels.zalo_bot_polling import Pace
from office import inbox
from office.channel_settings import ZaloBot as Settings
from office.channel_settings import ZaloBotWebhook
from office.clock import SystemClock
from office.inbox import InboxState, Update
from office.messages import Choice, File, Incoming, Line, Reply
from scheduler.ration import Purpose, Ration
from tests.fakes.zalo_bot import FakeZaloBot
from tests.integration.channel_stage import OpenGate, serving, until

KEY = b"k" * 32
SECRET = "webhook-secret-1"
PACE = Pace(
    poll=5,
    floor=0.03,
    first=0.02,
    longest=0.1,
    whole=2.0,
    grace=10.0,
    stored=10.0,
    typing=0.1,
    hold=0.05,
    longest_hold=0.4,
    check=0.2,
)
HASTY = replace(PACE, timeouts=Timeouts(read=0.5, picture=0.5))  # for a platform that is slow
CHART = File(name="bieu-do.png", media_type="image/png", content=b"png", picture=True)


class Addresses:
    """Makes an address of each file's name."""

    async def address(self, file: File) -> str | None:
        return f"https://sct.example.vn/tep/{file.name}"


class Desk:
    """Echoes, over the inbox as the real one does. `gates`: text → wait for it."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.heard: list[Incoming] = []
        self.gates: dict[str, threading.Event] = {}
        self.reply: Callable[[Incoming], tuple[Reply, ...]] = lambda i: (say(f"đáp {i.text}"),)
        self._sessions = sessions

    @property
    def texts(self) -> list[str]:
        return [incoming.text for incoming in self.heard]

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        key = (incoming.channel, incoming.account, incoming.key)
        with self._sessions.begin() as session:
            stored = inbox.receive(session, *key, at=datetime.now(UTC), raw=None)
            if stored.state is not InboxState.RECEIVED:
                return stored.replies
            self.heard.append(incoming)
            replies = self.reply(incoming)
            inbox.mark_handled(session, *key, replies)
        if gate := self.gates.get(incoming.text):
            assert gate.wait(10)
        return replies

    def answered(self, incoming: Incoming) -> None:
        with self._sessions.begin() as session:
            inbox.mark_answered(session, incoming.channel, incoming.account, incoming.key)


class Rations(Ration):
    """So many messages in the month."""

    def __init__(self, left: int = 10**6) -> None:
        self.left = left
        self.spent: list[Purpose] = []
        self.platform_says = 0
        self.waited = 0
        self.dry = False

    async def refusal(self, purpose: Purpose) -> str:
        spent = self.dry or len(self.spent) >= self.left
        return "Đã hết tin của tháng. Xin Zalo nâng hạn mức." if spent else ""

    async def waits(self) -> bool:
        self.waited += 1
        return self.dry

    async def spend(self, purpose: Purpose) -> None:
        self.spent.append(purpose)

    async def ran_out(self) -> None:
        self.platform_says += 1
        self.dry = True

    def topped_up(self) -> None:
        """The platform has some again."""
        self.dry = False


@dataclass
class Stage:
    """One office with one bot; `bot()` gives it another life on the same database."""

    fake: FakeZaloBot
    sessions: sessionmaker[Session]
    desk: Desk
    gate: OpenGate = field(default_factory=OpenGate)
    ration: Rations = field(default_factory=Rations)

    def settings(self, mode: Literal["polling", "webhook"] = "polling", url: str = "") -> Settings:
        hook = ZaloBotWebhook(url=url or None, secret=SecretStr(SECRET)) if url else ZaloBotWebhook()
        token = SecretStr(self.fake.token)
        return Settings(enabled=True, token=token, mode=mode, base_url=self.fake.url, webhook=hook)

    def bot(self, **options: Any) -> ZaloBot:
        given: dict[str, Any] = {
            "settings": self.settings(),
            "sessions": self.sessions,
            "clock": SystemClock(),
            "gate": self.gate,
            "hash_key": KEY,
            "ration": self.ration,
            "pace": PACE,
        }
        return ZaloBot(self.desk, **(given | options))

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[ZaloBot]:
        bot = self.bot(**options)
        async with serving(bot):
            yield bot

    def texts(self) -> list[str]:
        return [message.text for message in self.fake.sent]

    def rows(self) -> dict[str, InboxState]:
        with self.sessions() as session:
            return {row.key: row.state for row in session.scalars(select(Update))}

    async def done(self, count: int = 1) -> None:
        """Wait until so many events are finished with."""
        over = (InboxState.ANSWERED, InboxState.POISONED)
        await until(lambda: sum(state in over for state in self.rows().values()) >= count)


def say(text: str, *choices: Choice, files: tuple[File, ...] = ()) -> Reply:
    return Reply(lines=(Line(text),), choices=choices, files=files)
