"""What citizens asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from office import questions
from office.questions import Question

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ASKER = "a" * 32
OTHER = "b" * 32


def ask(sessions: sessionmaker[Session], words: str = "cấp phép bán lẻ rượu", **more: Any) -> int:
    values = {"at": NOW, "channel": "web", "person": ASKER, "outcome": "answered", "knowledge_version": "v1"}
    with sessions.begin() as session:
        return questions.record(session, words, **{**values, **more})


def kept(sessions: sessionmaker[Session], question_id: int) -> Question:
    with sessions() as session:
        return session.get_one(Question, question_id)


def cast(sessions: sessionmaker[Session], question: int, person: str, value: int, at: datetime = NOW) -> bool:
    with sessions.begin() as session:
        return questions.vote(session, question, person, value, at=at)


def test_a_question_is_kept_with_what_was_answered(sessions: sessionmaker[Session]) -> None:
    row = kept(sessions, ask(sessions, entry_id="ruou-ban-le", facet="fee", choices=["a", "b"], score=0.75))
    assert (row.asked_at, row.channel, row.person, row.outcome) == (NOW, "web", ASKER, "answered")
    assert (row.entry_id, row.facet, row.choices, row.score) == ("ruou-ban-le", "fee", ["a", "b"], 0.75)
    assert (row.vote, row.voted_at) == (None, None)


def test_a_question_is_kept_without_personal_numbers(sessions: sessionmaker[Session]) -> None:
    row = kept(sessions, ask(sessions, "thủ tục 2.000648, gọi 0912 345 678"))
    assert row.text == "thủ tục 2.000648, gọi [số điện thoại]"


def test_a_long_question_is_cut_after_its_numbers_were_masked(sessions: sessionmaker[Session]) -> None:
    row = kept(sessions, ask(sessions, "x" * 1995 + " 0912345678"))
    assert len(row.text) == 2000
    assert "0912" not in row.text


def test_characters_no_database_takes_are_left_out(sessions: sessionmaker[Session]) -> None:
    assert kept(sessions, ask(sessions, "a\0b\ud83dc")).text == "ab?c"


def test_who_asked_may_vote(sessions: sessionmaker[Session]) -> None:
    question = ask(sessions)
    assert cast(sessions, question, ASKER, 1)
    row = kept(sessions, question)
    assert (row.vote, row.voted_at) == (1, NOW)


def test_nobody_else_may_vote(sessions: sessionmaker[Session]) -> None:
    question = ask(sessions)
    assert not cast(sessions, question, OTHER, 1)
    assert kept(sessions, question).vote is None


def test_the_same_vote_again_changes_nothing(sessions: sessionmaker[Session]) -> None:
    question = ask(sessions)
    assert cast(sessions, question, ASKER, -1)
    assert cast(sessions, question, ASKER, -1, at=LATER)
    row = kept(sessions, question)
    assert (row.vote, row.voted_at) == (-1, NOW)


@pytest.mark.parametrize("changed", [1, 0])
def test_a_vote_may_be_changed_or_taken_back(sessions: sessionmaker[Session], changed: int) -> None:
    question = ask(sessions)
    cast(sessions, question, ASKER, -1)
    assert cast(sessions, question, ASKER, changed, at=LATER)
    row = kept(sessions, question)
    assert (row.vote, row.voted_at) == (changed, LATER)


@pytest.mark.parametrize("unknown", [0, -1, 999, 2**63, 10**40])
def test_a_vote_on_an_unknown_question_is_refused(sessions: sessionmaker[Session], unknown: int) -> None:
    assert not cast(sessions, unknown, ASKER, 1)


def test_there_is_no_double_vote(sessions: sessionmaker[Session]) -> None:
    question = ask(sessions)
    with pytest.raises(ValueError, match="a vote is one of"):
        cast(sessions, question, ASKER, 2)


def test_old_questions_are_purged(sessions: sessionmaker[Session]) -> None:
    ask(sessions, at=NOW - timedelta(days=366))
    fresh = ask(sessions)
    with sessions.begin() as session:
        assert questions.purge(session, NOW - timedelta(days=365)) == 1
        assert [row.id for row in session.query(Question)] == [fresh]


def test_the_id_of_a_purged_question_does_not_come_back(sessions: sessionmaker[Session]) -> None:
    gone = ask(sessions)
    with sessions.begin() as session:
        questions.purge(session, LATER)
    assert ask(sessions) > gone


def test_no_choices_are_kept_as_nothing(sessions: sessionmaker[Session]) -> None:
    ask(sessions)
    with sessions() as session:
        assert session.scalar(text("SELECT choices IS NULL FROM questions")) == 1
