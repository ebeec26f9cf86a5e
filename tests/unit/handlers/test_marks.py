"""Which questions are marked as not answered well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from handlers import payloads
from handlers.improving.grouping import Grouper
from handlers.improving.marks import SURE
from handlers.library import Library
from office import questions
from office.improvements import QuestionGroup, Trouble
from office.messages import ChoiceKind, Reply
from tests.unit.handlers.conftest import Person, TurnedClock, questions_of
from tests.unit.handlers.test_feedback import votes

ANSWERED = "Đăng ký biểu diễn lân sư rồng"
UNSURE = "thả con diều bự cần xin không"
UNKNOWN = "thuê xe đạp nước ở hồ"
CHOICE = "giấy phép bị mất"


def troubles(sessions: sessionmaker[Session]) -> list[Trouble | None]:
    return [question.trouble for question in questions_of(sessions)]


def options(reply: Reply) -> list[str]:
    return [c.payload for c in reply.choices if c.kind is ChoiceKind.OPTION]


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (ANSWERED, None),
        (UNKNOWN, Trouble.UNANSWERED),
        (CHOICE, Trouble.UNANSWERED),
        ("xin chào", None),
        ("cho tôi gặp cán bộ", None),
        ("làm căn cước công dân ở đâu", None),
        ("???", None),
        ("zzkqx wfkkk", None),
    ],
)
def test_what_the_program_knows_of_its_answer(
    person: Person, sessions: sessionmaker[Session], text: str, trouble: Trouble | None
) -> None:
    person.say(text)
    assert troubles(sessions) == [trouble]


def test_an_entry_that_knows_nothing_yet_is_no_answer(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    person.say("Giấy chứng nhận lưu hành tự do (CFS)")
    [question] = questions_of(sessions)
    assert (question.outcome, question.trouble) == ("answer", Trouble.UNANSWERED)


def test_picking_a_choice_answers_the_question(person: Person, sessions: sessionmaker[Session]) -> None:
    offered = options(person.say(CHOICE))
    person.tap(payloads.FIELDS)
    assert troubles(sessions) == [Trouble.UNANSWERED]
    person.tap(offered[0])
    assert troubles(sessions) == [None]


def test_a_number_picks_too_and_another_entry_does_not(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    person.say(CHOICE)
    person.tap("e:thu_lan")
    person.say("x" * 3)
    person.say(CHOICE)
    person.say("1")
    assert troubles(sessions)[::2] == [Trouble.UNANSWERED, None]


def test_words_that_complete_a_question_answer_it(person: Person, sessions: sessionmaker[Session]) -> None:
    person.say(CHOICE)
    person.say("bán buôn rượu")
    assert troubles(sessions) == [None, None]


def test_a_dislike_marks_until_it_is_taken_back(
    person: Person, sessions: sessionmaker[Session], clock: TurnedClock
) -> None:
    up, down = votes(person.say(ANSWERED))
    person.tap(down)
    assert troubles(sessions) == [Trouble.DISLIKED]
    person.tap(up)
    assert troubles(sessions) == [None]
    person.tap(down)
    [question] = questions_of(sessions)
    with sessions.begin() as session:
        questions.vote(session, question.id, question.person, 0, at=clock.now())
    assert troubles(sessions) == [None]


def unsure_answer(person: Person, sessions: sessionmaker[Session]) -> None:
    person.say(UNSURE)
    [question] = questions_of(sessions)
    assert question.outcome == "answer"
    assert question.score is not None
    assert question.score < SURE


def test_who_goes_on_right_after_an_unsure_answer_was_mistaken(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    unsure_answer(person, sessions)
    person.tap(payloads.OTHER)
    assert troubles(sessions) == [Trouble.MISMATCHED]


def test_who_reads_on_or_likes_the_answer_was_not(person: Person, sessions: sessionmaker[Session]) -> None:
    unsure_answer(person, sessions)
    person.tap(f"v:{questions_of(sessions)[0].id}:1")
    person.tap(payloads.OTHER)
    assert troubles(sessions) == [None]


def test_going_on_after_a_sure_answer_says_nothing(person: Person, sessions: sessionmaker[Session]) -> None:
    person.say(ANSWERED)
    person.tap(payloads.OTHER)
    assert troubles(sessions) == [None]


def test_another_entry_right_after_the_answer_says_it_was_the_wrong_one(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    person.say(ANSWERED)
    person.tap("e:thu_lan:fee")
    person.tap("e:thu_dieu")
    assert troubles(sessions) == [None]
    person.say(ANSWERED)
    person.tap("e:thu_dieu")
    assert troubles(sessions) == [None, Trouble.MISMATCHED]


def test_the_counts_of_a_group_follow_votes(
    person: Person, sessions: sessionmaker[Session], clock: TurnedClock, library: Library
) -> None:
    up, down = votes(person.say(ANSWERED))
    person.tap(down)
    person.say(UNKNOWN)
    clock.turn(hours=1)
    with sessions.begin() as session:
        Grouper().group_new(session, library, now=clock.now())
    person.tap(up)
    assert groups(sessions) == [(UNKNOWN, 1, 1, 0), (ANSWERED, 0, 0, 0)]
    person.tap(down)  # too late for the old group: it waits for a group again
    assert groups(sessions) == [(UNKNOWN, 1, 1, 0), (ANSWERED, 0, 0, 0)]


def test_what_is_forgotten_leaves_its_group(
    person: Person, sessions: sessionmaker[Session], clock: TurnedClock, library: Library
) -> None:
    person.say(UNKNOWN)
    clock.turn(days=1)
    person.say(UNKNOWN.upper())
    clock.turn(days=1)
    with sessions.begin() as session:
        Grouper().group_new(session, library, now=clock.now())
        questions.purge(session, clock.now() - timedelta(days=1, hours=1))
    assert groups(sessions) == [(UNKNOWN.upper(), 1, 1, 0)]
    with sessions.begin() as session:
        questions.purge(session, clock.now())
    assert groups(sessions) == []


def groups(sessions: sessionmaker[Session]) -> list[tuple[str, int, int, int]]:
    with sessions() as session:
        rows = session.scalars(select(QuestionGroup).order_by(QuestionGroup.id))
        return [(g.text, g.count, g.unanswered, g.disliked) for g in rows]
