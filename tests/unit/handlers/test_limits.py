"""How much one person may send."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers import limits
from handlers.limits import RateLimit, Verdict
from office.settings import Limits
from tests.unit.handlers.conftest import START, MakeDesk, Person, TurnedClock

GO, SLOW, IGNORE = Verdict.GO, Verdict.SLOW_DOWN, Verdict.IGNORE


@pytest.fixture
def limit() -> RateLimit:
    return RateLimit(per_minute=3, pause=timedelta(seconds=60))


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_above_the_limit_one_request_to_slow_down_and_then_silence(limit: RateLimit) -> None:
    verdicts = [limit.check("an", START + at(n)) for n in range(7)]
    assert verdicts == [GO, GO, GO, SLOW, IGNORE, IGNORE, IGNORE]


def test_after_the_pause_one_is_welcome_again(limit: RateLimit) -> None:
    for n in range(4):
        limit.check("an", START + at(n))
    assert limit.check("an", START + at(62.9)) is IGNORE
    assert [limit.check("an", START + at(63 + n)) for n in range(4)] == [GO, GO, GO, SLOW]


def test_only_the_last_minute_counts(limit: RateLimit) -> None:
    assert [limit.check("an", START + at(n * 20.1)) for n in range(12)] == [GO] * 12
    assert limit.check("binh", START) is GO
    assert limit.check("binh", START + at(59)) is GO
    assert limit.check("binh", START + at(59)) is GO
    assert limit.check("binh", START + at(59.9)) is SLOW


def test_one_person_s_haste_is_not_another_s(limit: RateLimit) -> None:
    for _ in range(5):
        limit.check("an", START)
    assert limit.check("binh", START) is GO


def test_people_are_forgotten_so_that_memory_is_bounded(
    limit: RateLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_MAX_PEOPLE", 10)
    for n in range(100):
        limit.check(f"p{n}", START + at(n * 60))
    assert len(limit._sent) <= 11


def test_the_21st_message_of_a_minute_is_asked_to_wait(make_desk: MakeDesk, clock: TurnedClock) -> None:
    person = Person(make_desk(limits=Limits()))
    for _ in range(20):
        assert "quá nhanh" not in person.say("xin chào").text()
    assert "60 giây" in person.say("xin chào").text()
    ignored = person.incoming(text="xin chào")
    assert person.desk.handle(ignored) == ()
    assert person.desk.handle(ignored) == ()
    clock.turn(seconds=61)
    assert "quá nhanh" not in person.say("xin chào").text()
