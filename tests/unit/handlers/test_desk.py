"""Each message once, with all that it changes; what breaks is said politely."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import capture_logs

from handlers.desk import FrontDesk
from handlers.library import Library
from office import switches
from office.database import DatabaseUnavailable
from office.inbox import InboxState, Update
from office.settings import Limits
from tests.unit.handlers.conftest import START, MakeDesk, Person, TurnedClock, questions_of, talk_of

QUESTION = "Đăng ký biểu diễn lân sư rồng"


def states(sessions: sessionmaker[Session]) -> list[InboxState]:
    with sessions() as session:
        return list(session.scalars(select(Update.state).order_by(Update.id)))


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def test_a_message_that_comes_again_gets_its_stored_replies(
    person: Person, desk: FrontDesk, sessions: sessionmaker[Session]
) -> None:
    incoming = person.incoming(text=QUESTION)
    first = desk.handle(incoming)
    assert states(sessions) == [InboxState.HANDLED]
    assert desk.handle(incoming) == first
    assert len(questions_of(sessions)) == 1
    desk.answered(incoming)
    assert states(sessions) == [InboxState.ANSWERED]
    assert desk.handle(incoming) == ()
    desk.answered(incoming)
    assert len(questions_of(sessions)) == 1


def test_a_tick_that_comes_again_is_not_taken_back(person: Person, desk: FrontDesk) -> None:
    incoming = person.incoming(payload="t:thu_lan:0:0")
    assert desk.handle(incoming) == desk.handle(incoming)
    assert [c.ticked for c in person.tap("k:thu_lan:0").choices[:3]] == [True, False, False]


def test_what_comes_again_counts_once_against_the_limit(make_desk: MakeDesk) -> None:
    person = Person(make_desk(limits=Limits(messages_per_minute=2)))
    incoming = person.incoming(text="xin chào")
    for _ in range(10):
        person.desk.handle(incoming)
    assert "quá nhanh" not in person.say("xin chào").text()
    assert "quá nhanh" in person.say("xin chào").text()


def test_the_same_key_of_another_channel_is_another_message(person: Person, desk: FrontDesk) -> None:
    other = Person(desk, person.name, channel="telegram")
    assert desk.handle(person.incoming(text=QUESTION, key="1"))
    assert desk.handle(other.incoming(text="xin chào", key="1")) != desk.handle(person.incoming(key="1"))


def test_a_failure_of_ours_is_apologised_for_and_kept_as_handled(
    make_desk: MakeDesk, sessions: sessionmaker[Session]
) -> None:
    calls: list[str] = []
    told: list[tuple[str, str]] = []

    def broken() -> Library:
        calls.append("called")
        raise RuntimeError(QUESTION)  # errors may quote what the person wrote

    desk = make_desk(library=broken, asked=lambda *what: told.append(what))
    incoming = Person(desk).incoming(text=QUESTION)
    with capture_logs() as logs:
        [reply] = desk.handle(incoming)
        assert desk.handle(incoming) == (reply,)
    assert "trục trặc" in reply.text()
    assert states(sessions) == [InboxState.HANDLED]
    assert len(calls) == 1
    assert told == [("web", "error")]
    [log] = logs
    assert (log["event"], log["error"]) == ("message.failed", "RuntimeError")
    assert "in broken" in log["where"]
    assert QUESTION not in str(log)
    desk.answered(incoming)
    assert desk.handle(incoming) == ()


def test_a_failed_message_leaves_no_half_of_its_effects(
    make_desk: MakeDesk, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person(make_desk())
    person.say(QUESTION)
    before = talk_of(sessions, person)
    monkeypatch.setattr("handlers.desk.conversations.save", _fail)
    assert "trục trặc" in person.say("phí bán lẻ thuốc lá").text()
    assert len(questions_of(sessions)) == 1
    assert talk_of(sessions, person) == before


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError


@pytest.mark.sqlite
def test_a_database_that_is_away_keeps_nothing_and_lets_the_message_come_again(
    make_desk: MakeDesk, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    told: list[tuple[str, str]] = []
    person = Person(make_desk(asked=lambda *what: told.append(what)))
    incoming = person.incoming(text=QUESTION)
    with closing(sqlite3.connect(tmp_path / "xinluon.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable):
            person.desk.handle(incoming)
    assert told == [("web", "database")]
    assert states(sessions) == []
    assert "123.000 đồng" in person.desk.handle(incoming)[0].text()
    assert len(questions_of(sessions)) == 1


@pytest.mark.parametrize(("minutes", "remembered"), [(29, True), (31, False)])
def test_a_conversation_is_forgotten_after_half_an_hour(
    person: Person, clock: TurnedClock, minutes: int, remembered: bool
) -> None:
    person.say(QUESTION)
    clock.turn(minutes=minutes)
    assert ("123.000 đồng" in person.say("còn lệ phí?").text()) is remembered


def test_every_message_keeps_the_conversation_awake(person: Person, clock: TurnedClock) -> None:
    person.say(QUESTION)
    for _ in range(3):
        clock.turn(minutes=20)
        assert "123.000 đồng" in person.say("còn lệ phí?").text()


def test_conversations_of_one_group_do_not_mix(desk: FrontDesk) -> None:
    an, binh = Person(desk, "an", chat="group"), Person(desk, "binh", chat="group")
    an.say(QUESTION)
    assert "123.000 đồng" not in binh.say("còn lệ phí?").text()
    assert "123.000 đồng" in an.say("còn lệ phí?").text()


def test_metrics_tell_questions_taps_and_refusals(make_desk: MakeDesk) -> None:
    told: list[str] = []
    limits = Limits(messages_per_minute=2)
    person = Person(make_desk(limits=limits, asked=lambda channel, result: told.append(result)))
    person.say(QUESTION)
    person.tap("h")
    person.say("nữa")
    person.desk.handle(person.incoming(text="nữa"))
    assert told == ["question", "tap", "slow_down", "ignore"]


def test_citizens_are_told_that_the_office_has_paused_until_it_goes_on(
    person: Person, desk: FrontDesk, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        key = switches.of_audience(switches.Audience.CITIZENS)
        switch = switches.Switch(key=key, stopped=True, reason="Bảo trì", changed_at=START)
        session.add(switch)
    [paused] = desk.handle(person.incoming(text=QUESTION))
    assert "tạm dừng" in paused.text()
    assert "Sở Thử Nghiệm" in paused.text()  # whom to ask meanwhile
    assert questions_of(sessions) == []
    with sessions.begin() as session:
        session.get_one(switches.Switch, key).stopped = False
    assert "tạm dừng" not in desk.handle(person.incoming(text=QUESTION))[0].text()
    assert len(questions_of(sessions)) == 1
