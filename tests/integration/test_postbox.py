"""Events over a real database: stored first, in order in each chat, gone on with after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.channels.answering import Undelivered
from bot.channels.postbox import Postbox, Unreadable
from office import inbox
from office.clock import SystemClock
from office.database import DatabaseUnavailable, make_engine, session_factory
from office.inbox import InboxState, Update
from office.messages import Incoming
from tests.databases import fresh_sqlite
from tests.integration.channel_stage import until


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(fresh_sqlite(tmp_path))
    yield session_factory(engine)
    engine.dispose()


def read(raw: Any) -> Incoming | None:
    if raw.get("broken"):
        raise Unreadable("thiếu chat")
    if raw.get("nothing"):
        return None
    return Incoming(
        channel="zalo_bot",
        account="1",
        key=raw["key"],
        chat=raw.get("chat", "an"),
        sender="an",
        at=datetime.now(UTC),
        text=raw["key"],
    )


class Desk:
    """Handles in the order it is given, each as the test says."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.sessions = sessions
        self.served: list[str] = []
        self.ends: list[BaseException] = []
        self.holds = asyncio.Event()
        self.holds.set()

    async def serve(self, incoming: Incoming) -> None:
        if incoming.chat == "an":
            await self.holds.wait()
        if self.ends:
            raise self.ends.pop(0)
        self.served.append(incoming.key)
        with self.sessions.begin() as session:
            inbox.mark_handled(session, "zalo_bot", "1", incoming.key, ())


def box(desk: Desk) -> Postbox:
    return Postbox(
        channel="zalo_bot",
        account="1",
        sessions=desk.sessions,
        clock=SystemClock(),
        read=read,
        serve=desk.serve,
        grace=0.05,
        scale=0.005,
    )


async def opened(desk: Desk) -> Postbox:
    postbox = box(desk)
    await postbox.resume()
    return postbox


def states(sessions: sessionmaker[Session]) -> dict[str, InboxState]:
    with sessions() as session:
        return {row.key: row.state for row in session.scalars(select(Update))}


async def test_an_event_is_handled_once_however_often_it_comes(sessions: sessionmaker[Session]) -> None:
    desk = Desk(sessions)
    postbox = await opened(desk)
    assert await postbox.take("a", {"key": "a"})
    assert not await postbox.take("a", {"key": "a"})
    await until(lambda: desk.served)
    assert not await box(desk).take("a", {"key": "a"})  # in another life as well
    await postbox.close()
    assert desk.served == ["a"]
    assert states(sessions) == {"a": InboxState.ANSWERED}


async def test_a_chat_is_served_in_order_and_waits_for_no_other(sessions: sessionmaker[Session]) -> None:
    desk = Desk(sessions)
    desk.holds.clear()
    postbox = await opened(desk)
    for key in ("1", "2", "3"):
        await postbox.take(key, {"key": key})
    await postbox.take("other", {"key": "other", "chat": "binh"})
    await until(lambda: desk.served == ["other"])
    desk.ends = [Undelivered()]
    desk.holds.set()
    await until(lambda: desk.served == ["other", "1", "2", "3"])
    await postbox.close()
    assert postbox.busy == 0


async def test_what_a_crash_has_left_is_gone_on_with(sessions: sessionmaker[Session]) -> None:
    desk = Desk(sessions)
    desk.holds.clear()
    postbox = await opened(desk)
    await postbox.take("a", {"key": "a"})
    await postbox.close()  # nothing was done with it
    assert states(sessions) == {"a": InboxState.RECEIVED}
    desk.holds.set()
    following = box(desk)
    assert await following.resume() == 1
    await until(lambda: desk.served == ["a"])
    await following.close()
    assert await box(desk).resume() == 0


async def test_the_platform_and_the_database_may_be_away_for_long(sessions: sessionmaker[Session]) -> None:
    desk = Desk(sessions)
    desk.ends = [Undelivered(), DatabaseUnavailable("khoá", "chờ")] * 4
    postbox = await opened(desk)
    await postbox.take("a", {"key": "a"})
    await until(lambda: desk.served == ["a"])
    await postbox.close()


async def test_a_fault_of_ours_is_given_up_and_blocks_nobody(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(sessions)
    desk.ends = [ValueError("lời của dân")] * 5
    postbox = await opened(desk)
    await postbox.take("a", {"key": "a"})
    await postbox.take("b", {"key": "b"})
    await until(lambda: desk.served == ["b"])
    await postbox.close()
    assert states(sessions) == {"a": InboxState.POISONED, "b": InboxState.ANSWERED}
    assert "lời của dân" not in caplog.text
    assert "ValueError" in caplog.text


async def test_what_cannot_be_read_or_says_nothing_is_done_with(sessions: sessionmaker[Session]) -> None:
    desk = Desk(sessions)
    postbox = await opened(desk)
    await postbox.take("x", {"broken": True})
    await postbox.take("y", {"nothing": True})
    await until(lambda: set(states(sessions).values()) == {InboxState.POISONED, InboxState.ANSWERED})
    await postbox.close()
    assert desk.served == []
    assert await box(desk).resume() == 0


async def test_what_cannot_be_stored_yet_is_stored_later_with_what_follows_from_it(
    sessions: sessionmaker[Session],
) -> None:
    desk = Desk(sessions)
    postbox = await opened(desk)
    told: list[str] = []
    away = iter([True, True])

    def follows(session: Session) -> None:
        if next(away, False):
            raise DatabaseUnavailable("đầy đĩa", "dọn đĩa")
        told.append("a")

    with pytest.raises(DatabaseUnavailable):
        await postbox.take("a", {"key": "a"}, also=follows)
    assert states(sessions) == {}
    await until(lambda: desk.served == ["a"])  # though it was never sent again
    assert not await postbox.take("a", {"key": "a"}, also=lambda session: told.append("again"))
    await postbox.close()
    assert told == ["a"]
    assert desk.served == ["a"]


async def test_one_that_can_never_be_stored_keeps_no_other_out(
    sessions: sessionmaker[Session], caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(sessions)
    postbox = await opened(desk)
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    taken = await asyncio.gather(
        postbox.take("a", {"key": "a"}),
        postbox.take("deep", {"key": "lời của dân", "deep": deep}),
        postbox.take("b", {"key": "b"}),
    )
    assert list(taken) == [True, False, True]
    await until(lambda: desk.served == ["a", "b"])
    await postbox.close()
    assert "một sự kiện không lưu được" in caplog.text
    assert "lời của dân" not in caplog.text
