"""A desk over the shipped knowledge and entries of our own, on a real SQLite file, with a clock to turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from handlers.conversation import Talk
from handlers.desk import FrontDesk
from handlers.library import Library, open_library
from knowledge.answer import OfficeProfile
from office import conversations
from office.conversations import Conversation
from office.database import make_engine, session_factory
from office.messages import Incoming, Reply
from office.questions import Question
from office.settings import Limits
from tests.databases import fresh_sqlite

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"

OWN = """\
field: Việc thử
owner: Văn phòng
review_by: 2035-01-01
entries:
  - id: thu_lan
    kind: procedure
    title: Đăng ký biểu diễn lân sư rồng
    label: Đăng ký lân sư rồng
    fees: [{amount: 123000}]
    times: [{number: 5}]
    documents:
      - items: [{text: Đơn đăng ký}, {text: Ảnh con lân, copies: 2 bản}, {text: Sơ đồ đường đi}]
    sources: {s1: {kind: official, url: "https://example.gov.vn/lan"}}
    as_of: 2026-01-01
  - id: thu_dieu
    kind: procedure
    title: Cấp phép thả diều khổng lồ
    label: Thả diều
    documents:
      - {case: cá nhân, items: [{text: Đơn cá nhân}]}
      - {case: tổ chức, items: [{text: Đơn tổ chức}, {text: Quyết định thành lập}]}
    sources: {s1: {kind: official, url: "https://example.gov.vn/dieu"}}
    as_of: 2026-01-01
  - id: thu_noi_bo
    kind: staff
    title: Quy chế nội bộ tuyệt mật
    label: Nội bộ tuyệt mật
    facts: [{text: Điều tuyệt mật thứ nhất}]
    documents:
      - items: [{text: Giấy tuyệt mật}]
    sources: {s1: {kind: official, url: "https://example.gov.vn/noi-bo"}}
    as_of: 2026-01-01
"""


class TurnedClock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def turn(self, **by: float) -> None:
        self.time += timedelta(**by)


class Person:
    """Somebody who writes to a desk. `say` and `tap` give the replies."""

    _keys = itertools.count(1)

    def __init__(self, desk: FrontDesk, name: str = "an", *, chat: str = "", channel: str = "web") -> None:
        self.desk = desk
        self.name = name
        self.chat = chat or name
        self.channel = channel

    def incoming(self, *, text: str = "", payload: str = "", key: str = "") -> Incoming:
        return Incoming(
            channel=self.channel,
            account="web",
            key=key or str(next(self._keys)),
            chat=self.chat,
            sender=self.name,
            at=START,
            text=text,
            payload=payload,
        )

    def say(self, text: str) -> Reply:
        return self._only(self.incoming(text=text))

    def tap(self, payload: str) -> Reply:
        return self._only(self.incoming(payload=payload))

    def _only(self, incoming: Incoming) -> Reply:
        [reply] = self.desk.handle(incoming)
        self.desk.answered(incoming)
        return reply


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.yaml").write_text(OWN, "utf-8")
    library, loaded = open_library([folder], OfficeProfile(name="Sở Thử Nghiệm"))
    assert [str(p) for p in loaded.problems if p.error] == []
    return library


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(fresh_sqlite(tmp_path), busy_seconds=0.1)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return session_factory(engine)


MakeDesk = Callable[..., FrontDesk]


@pytest.fixture
def make_desk(library: Library, sessions: sessionmaker[Session], clock: TurnedClock) -> MakeDesk:
    """Makes desks on the same database; `limits` and anything else as FrontDesk takes it."""

    def make(**more: Any) -> FrontDesk:
        given: dict[str, Any] = {
            "library": lambda: library,
            "sessions": sessions,
            "clock": clock,
            "hash_key": KEY,
            "limits": Limits(messages_per_minute=10_000),
        }
        return FrontDesk(**(given | more))

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> FrontDesk:
    return make_desk()


@pytest.fixture
def person(desk: FrontDesk) -> Person:
    return Person(desk)


def talk_of(sessions: sessionmaker[Session], person: Person) -> Talk:
    """What the database remembers of a person's conversation."""
    key = conversations.conversation_key(person.channel, "web", person.chat, person.name, hash_key=KEY)
    with sessions() as session:
        return Talk.from_dict(session.scalar(select(Conversation.state).where(Conversation.key == key)))


def questions_of(sessions: sessionmaker[Session]) -> list[Question]:
    with sessions() as session:
        return list(session.scalars(select(Question).order_by(Question.id)))
