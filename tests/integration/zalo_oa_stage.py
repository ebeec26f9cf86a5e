"""An Official Account's channel over a real SQLite file, a fake Zalo and a web server for its webhook."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.answering import Patience
from bot.channels.base import FileAddresses
from bot.channels.zalo_oa import Pace, ZaloOa
from bot.channels.zalo_oa_courier import OaCourier
from bot.channels.zalo_oa_tokens import TokenKeeper, store_pair
from handlers.conversation import Talk
from office import channel_settings, contacts, conversations, inbox
from office.database import make_engine, session_factory
from office.inbox import InboxState, Update
from office.messages import ChatAddress, File, Incoming, Line, Reply
from office.privacy import person_hash
from scheduler.courier import Parcel
from scheduler.stored_files import FileShelf
from tests.databases import fresh_sqlite
from tests.fakes.zalo_oa import FakeZaloOa, Group, User
from tests.integration.channel_stage import OpenGate, serving, web_server

KEY = b"k" * 32
PACE = Pace(
    patience=Patience(first=0.02, longest=0.05, whole=1.0, grace=0.3), stored=0.5, token=0.05, scale=0.02
)


class MovableClock:
    """The computer's own clock, set forward as a test likes; thread-safe."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Desk:
    """Echoes, and books in the inbox what it has handled and what was answered, as the real one does."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.reply: Callable[[Incoming], tuple[Reply, ...]] = _echo
        self.gate: threading.Event | None = None
        self.open: Callable[[], Any] | None = None  # sessions
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        return [incoming.text or incoming.payload for incoming in self.heard if incoming.event is None]

    @property
    def events(self) -> list[str]:
        return [incoming.event.value for incoming in self.heard if incoming.event is not None]

    def handle(self, incoming: Incoming) -> tuple[Reply, ...]:
        assert self.open is not None
        if self.gate is not None:
            assert self.gate.wait(10)
        with self.open() as session:
            where = session, incoming.channel, incoming.account, incoming.key
            stored = inbox.receive(*where, at=incoming.at, raw=None)
            if stored.state is not InboxState.RECEIVED:
                return stored.replies
            with self._lock:
                self.heard.append(incoming)
            replies = self.reply(incoming)
            inbox.mark_handled(*where, replies)
            return replies

    def answered(self, incoming: Incoming) -> None:
        assert self.open is not None
        with self.open() as session:
            inbox.mark_answered(session, incoming.channel, incoming.account, incoming.key)


def _echo(incoming: Incoming) -> tuple[Reply, ...]:
    return () if incoming.event is not None else (say(f"đáp {incoming.text or incoming.payload}"),)


def say(text: str, *files: File, **more: Any) -> Reply:
    return Reply(lines=(Line(text),), files=files, **more)


class Stage:
    """One office: its database, its desk and the channel of its account. `serving` starts it."""

    def __init__(self, folder: Path, fake: FakeZaloOa, clock: MovableClock, **settings: Any) -> None:
        self.fake = fake
        self.clock = clock
        url = fresh_sqlite(folder)
        self.engine = make_engine(url)
        self.sessions = session_factory(self.engine)
        self.reading = make_engine(url)
        self.readers = session_factory(self.reading, read_only=True)
        self.desk = Desk()
        self.desk.open = self.sessions.begin
        self.gate = OpenGate()
        self.addresses: FileAddresses | None = None
        self.pace = PACE
        self.settings = channel_settings.ZaloOa(
            enabled=True,
            app_id=fake.app_id,
            oa_id=fake.oa_id,
            app_secret=SecretStr(fake.app_secret),
            webhook_secret=SecretStr(fake.webhook_secret),
            base_url=fake.url,
            oauth_url=fake.oauth_url,
            **settings,
        )
        access, refresh = fake.tokens()
        with self.sessions.begin() as session:
            now = clock.now()
            store_pair(session, fake.oa_id, fake.app_id, access, refresh, "90000", now)
        self.oa: ZaloOa

    def channel(self) -> ZaloOa:
        """A life of the channel."""
        return ZaloOa(
            self.desk,
            settings=self.settings,
            tokens=TokenKeeper(self.settings, sessions=self.sessions, clock=self.clock),
            sessions=self.sessions,
            readers=self.readers,
            clock=self.clock,
            gate=self.gate,
            hash_key=KEY,
            addresses=self.addresses,
            files=FileShelf(
                sessions=self.sessions, readers=self.readers, channel="zalo_oa", account=self.fake.oa_id
            ),
            office_name="Sở Công Thương",
            pace=self.pace,
        )

    @asynccontextmanager
    async def serving(self, *, webhook: bool = True, up: bool = True) -> AsyncIterator[ZaloOa]:
        """The channel runs, its webhook is served, and the fake posts there."""
        self.oa = oa = self.channel()
        async with serving(oa, up=up):
            try:
                if webhook:
                    async with served(oa) as address:
                        self.fake.webhook_url = address
                        yield oa
                else:
                    yield oa
            finally:
                self.fake.webhook_url = ""

    def courier(self) -> OaCourier:
        return self.oa.courier()

    def parcel(self, to: User | Group, reply: Reply, **more: Any) -> Parcel:
        group = isinstance(to, Group)
        address = ChatAddress(channel="zalo_oa", account=self.fake.oa_id, chat=to.id, group=group)
        return Parcel(id=1, to=address, reply=reply, **more)

    def wrote(self, user: User, ago: timedelta = timedelta()) -> None:
        """Somebody wrote a while ago, as both sides remember it."""
        at = self.clock.now() - ago
        user.wrote_at = at
        person = person_hash("zalo_oa", user.id, KEY)
        with self.sessions.begin() as session:
            contacts.wrote(session, "zalo_oa", self.fake.oa_id, person, at=at)

    def talks(self, chat: Group, talks: Mapping[User, Talk]) -> None:
        """What each of these people was asked in a group just now."""
        with self.sessions.begin() as session:
            for user, talk in talks.items():
                key = conversations.conversation_key(
                    "zalo_oa", self.fake.oa_id, chat.id, user.id, hash_key=KEY
                )
                conversations.save(session, key, talk.as_dict(), now=self.clock.now())

    def states(self) -> list[InboxState]:
        with self.sessions() as session:
            return list(session.scalars(select(Update.state).order_by(Update.id)))

    def session(self) -> Session:
        return self.sessions()

    def close(self) -> None:
        self.engine.dispose()
        self.reading.dispose()


@asynccontextmanager
async def served(oa: ZaloOa) -> AsyncIterator[str]:
    """The channel's routes on a web server; the webhook's address."""
    [route] = oa.routes()
    app = Starlette(routes=[Route(route.path, route.endpoint, methods=list(route.methods))])
    async with web_server(app) as address:
        yield f"{address}{route.path}"
