"""Questions that were asked in vain, grouped by likeness."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from handlers.improving.grouping import SETTLED, Grouper
from handlers.improving.likeness import Groups, key_of, weigher
from handlers.library import Library
from office import questions
from office.improvements import GroupState, QuestionGroup, Trouble
from office.questions import Question
from tests.unit.handlers.conftest import START

LATER = START + SETTLED


def put(
    sessions: sessionmaker[Session],
    *texts: str,
    at: datetime = START,
    trouble: Trouble | None = Trouble.UNANSWERED,
) -> list[int]:
    with sessions.begin() as session:
        return [
            questions.record(
                session,
                text,
                at=at,
                channel="web",
                person="p",
                outcome="out",
                knowledge_version="1",
                entry_id="thu_lan" if trouble is Trouble.DISLIKED else None,
                trouble=trouble,
            )
            for text in texts
        ]


def group_all(
    sessions: sessionmaker[Session],
    library: Library,
    grouper: Grouper | None = None,
    *,
    now: datetime = LATER,
) -> int:
    """How many were grouped, two at a time."""
    grouper, total = grouper or Grouper(), 0
    while True:
        with sessions.begin() as session:
            found = grouper.group_new(session, library, now=now, most=2)
        if not found:
            return total
        total += found


def groups(sessions: sessionmaker[Session]) -> list[tuple[str, int]]:
    with sessions() as session:
        return [(g.text, g.count) for g in session.scalars(select(QuestionGroup).order_by(QuestionGroup.id))]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("thuê xe đạp nước ở hồ", "o ho thue xe dap nuoc", True),
        ("thuê xe đạp nước ở hồ", "Cho em hỏi muốn thuê xe đạp nước thì sao ạ?", True),
        ("thuê xe đạp nước", "thuê xe đạp nướcc", True),
        ("xin giấy phép bán rượu", "xin giấy phép bán thuốc lá", False),
        ("xin giấy phép bán rượu", "xin giấy phép bán gas", False),
        ("cấp giấy phép karaoke", "cấp giấy phép câu cá", False),
    ],
)
def test_likeness_is_of_the_matter_not_of_the_words_around_it(
    library: Library, one: str, other: str, alike: bool
) -> None:
    known = Groups(weigher(library.searcher))
    known.put(1, key_of(one, library.searcher))
    assert (known.most_alike(key_of(other, library.searcher)) == 1) is alike


def test_questions_join_the_group_they_are_like(sessions: sessionmaker[Session], library: Library) -> None:
    put(sessions, "thuê xe đạp nước", "câu cá ở hồ nào", "thue xe dap nuoc o dau", "thuê xe đạp nước")
    assert group_all(sessions, library) == 4
    assert groups(sessions) == [("thuê xe đạp nước", 3), ("câu cá ở hồ nào", 1)]


def test_only_troubled_questions_that_had_their_time_are_grouped(
    sessions: sessionmaker[Session], library: Library
) -> None:
    put(sessions, "thuê xe đạp nước", trouble=None)
    put(sessions, "câu cá ở hồ nào", at=START + timedelta(minutes=1))
    assert group_all(sessions, library) == 0
    assert group_all(sessions, library, now=LATER + timedelta(minutes=1)) == 1


def test_a_group_knows_its_troubles_and_what_was_wrongly_answered(
    sessions: sessionmaker[Session], library: Library
) -> None:
    put(sessions, "thuê xe đạp nước")
    put(sessions, "thuê xe đạp nước", at=START - timedelta(hours=1), trouble=Trouble.DISLIKED)
    group_all(sessions, library)
    with sessions() as session:
        [group] = session.scalars(select(QuestionGroup))
    assert (group.unanswered, group.disliked, group.mismatched, group.entry_id) == (1, 1, 0, "thu_lan")
    assert (group.first_at, group.last_at) == (START - timedelta(hours=1), START)


def test_another_program_and_a_new_start_find_the_same_groups(
    sessions: sessionmaker[Session], library: Library
) -> None:
    one, other = Grouper(), Grouper()
    put(sessions, "thuê xe đạp nước")
    group_all(sessions, library, one)
    put(sessions, "câu cá ở hồ nào")
    group_all(sessions, library, other)
    put(sessions, "cau ca o ho nao", "thuê xe đạp nước")
    group_all(sessions, library, one)
    assert [count for _, count in groups(sessions)] == [2, 2]


def test_groups_that_were_forgotten_are_not_joined(sessions: sessionmaker[Session], library: Library) -> None:
    grouper = Grouper()
    put(sessions, "thuê xe đạp nước", "câu cá ở hồ nào")
    group_all(sessions, library, grouper)
    with sessions.begin() as session:
        questions.purge(session, LATER)
    put(sessions, "nuôi chim yến", "thuê xe đạp nước", at=LATER)
    group_all(sessions, library, grouper, now=LATER + SETTLED)
    assert [count for _, count in groups(sessions)] == [1, 1]
    with sessions() as session:
        assert None not in session.scalars(select(Question.group_id)).all()


def test_what_was_solved_is_open_again_when_it_is_asked_in_vain_again(
    sessions: sessionmaker[Session], library: Library
) -> None:
    put(sessions, "thuê xe đạp nước", "câu cá ở hồ nào")
    group_all(sessions, library)
    with sessions.begin() as session:
        for group, state in zip(
            session.scalars(select(QuestionGroup)), (GroupState.SOLVED, GroupState.IGNORED), strict=True
        ):
            group.state, group.decided_at = state, LATER
    put(sessions, "thuê xe đạp nước", "câu cá ở hồ nào")  # asked before it was solved
    group_all(sessions, library)
    assert states(sessions) == [GroupState.SOLVED, GroupState.IGNORED]
    put(sessions, "thuê xe đạp nước", "câu cá ở hồ nào", at=LATER + timedelta(minutes=1))
    group_all(sessions, library, now=LATER + timedelta(hours=1))
    assert states(sessions) == [GroupState.OPEN, GroupState.IGNORED]


def states(sessions: sessionmaker[Session]) -> list[GroupState]:
    with sessions() as session:
        return list(session.scalars(select(QuestionGroup.state).order_by(QuestionGroup.id)))


def word(number: int) -> str:
    """A word that no other is one letter apart from."""
    return "".join("bcdghklmnp"[int(digit)] * 2 for digit in f"{number:04}")


def test_one_question_is_compared_with_few_of_many_groups(library: Library) -> None:
    known = Groups(weigher(library.searcher))
    for number in range(1, 5001):
        known.put(number, f"giay phep {word(number)} {word(number % 50)}")
    compared = 0
    measure = known.likeness

    def counted(one: frozenset[str], other: frozenset[str]) -> float:
        nonlocal compared
        compared += 1
        return measure(one, other)

    known.likeness = counted  # type: ignore[method-assign]
    assert known.most_alike(f"giay phep {word(4999)} {word(49)}") == 4999
    assert compared <= 25
