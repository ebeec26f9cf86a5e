"""Votes on answers."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from handlers.desk import FrontDesk
from office.messages import ChoiceKind, Reply
from tests.unit.handlers.conftest import Person, questions_of

QUESTION = "Đăng ký biểu diễn lân sư rồng"


def votes(reply: Reply) -> list[str]:
    return [c.payload for c in reply.choices if c.kind is ChoiceKind.VOTE]


def kept(sessions: sessionmaker[Session]) -> list[int | None]:
    return [question.vote for question in questions_of(sessions)]


@pytest.mark.parametrize(("which", "value", "thanks"), [(0, 1, "hữu ích"), (1, -1, "chưa đúng ý")])
def test_a_vote_is_kept_and_thanked_for(
    person: Person, sessions: sessionmaker[Session], which: int, value: int, thanks: str
) -> None:
    reply = person.tap(votes(person.say(QUESTION))[which])
    assert thanks in reply.text()
    assert kept(sessions) == [value]


def test_a_vote_can_be_changed(person: Person, sessions: sessionmaker[Session]) -> None:
    up, down = votes(person.say(QUESTION))
    for payload in (up, up, down):
        person.tap(payload)
    assert kept(sessions) == [-1]


def test_only_whoever_asked_may_vote(
    person: Person, desk: FrontDesk, sessions: sessionmaker[Session]
) -> None:
    up, _ = votes(person.say(QUESTION))
    for other in (Person(desk, "binh", chat=person.chat), Person(desk, person.name, channel="telegram")):
        assert "không ghi nhận" in other.tap(up).text()
    assert kept(sessions) == [None]


@pytest.mark.parametrize(
    "payload", ["v", "v:", "v:0:1", "v:-1:1", "v:x:1", f"v:{2**63}:1", f"v:{'9' * 18}:1"]
)
def test_a_vote_on_nothing_is_not_kept(person: Person, sessions: sessionmaker[Session], payload: str) -> None:
    person.say(QUESTION)
    assert "không ghi nhận" in person.tap(payload).text()
    assert kept(sessions) == [None]


def test_a_facet_of_the_answer_can_be_judged_too(person: Person, sessions: sessionmaker[Session]) -> None:
    asked = person.say(QUESTION)
    facet = person.tap("e:thu_lan:fee")
    assert votes(facet) == votes(asked)
    person.tap(votes(facet)[0])
    assert kept(sessions) == [1]


def test_what_was_not_asked_is_not_judged(person: Person) -> None:
    person.tap("e:thu_lan")
    assert votes(person.tap("e:thu_lan:fee")) == []
    person.say(QUESTION)
    assert votes(person.tap("e:thu_dieu")) == []


def test_voting_does_not_lose_what_was_talked_of(person: Person) -> None:
    up, _ = votes(person.say(QUESTION))
    person.tap(up)
    assert "123.000 đồng" in person.say("còn lệ phí?").text()


def test_choices_after_a_vote_still_fit_what_is_seen(person: Person) -> None:
    asked = person.say(QUESTION)
    person.tap(votes(asked)[0])
    assert person.say("1").text() == person.tap(asked.numbered()[0].payload).text()
