"""What a group of questions may be about: what was offered first, matters of others last."""

from __future__ import annotations

from sqlalchemy import update

from handlers.improving.candidates import Candidate, candidates_of
from knowledge.schema import Kind
from office.improvements import QuestionGroup
from office.questions import Question
from tests.integration.improving.conftest import Desk

TEXT = "thuê xe đạp nước ở hồ bán rượu"


def shown(desk: Desk, group_id: int, *, most: int = 5) -> tuple[Candidate, ...]:
    with desk.sessions() as session:
        group = session.get_one(QuestionGroup, group_id)
        return candidates_of(session, desk.shelf.current(), group, most=most)


def offer(desk: Desk, question_id: int, *choices: str) -> None:
    with desk.sessions.begin() as session:
        session.execute(update(Question).where(Question.id == question_id).values(choices=list(choices)))


def test_what_was_offered_to_citizens_comes_first_the_most_often_offered_before(desk: Desk) -> None:
    group = desk.asked(TEXT, TEXT)
    offer(desk, 1, "ruou_phan_phoi_cap", "khong_con_muc_nay")
    offer(desk, 2, "attp_tu_cong_bo", "ruou_phan_phoi_cap")
    found = shown(desk, group)
    assert [c.entry.id for c in found][:2] == ["ruou_phan_phoi_cap", "attp_tu_cong_bo"]
    assert [c.offered for c in found] == [True, True, False, False, False]
    assert len({c.entry.id for c in found}) == 5


def test_matters_of_others_are_left_to_the_end(desk: Desk) -> None:
    group = desk.asked("tranh chấp đất đai sổ đỏ nhà ở")
    for most in (3, 5):
        found = shown(desk, group, most=most)
        assert len(found) <= most
        assert [c.entry.kind is Kind.OUTSIDE for c in found].count(True) == 1
        assert found[-1].entry.kind is Kind.OUTSIDE


def test_an_offered_matter_of_others_stands_last_too(desk: Desk) -> None:
    group = desk.asked(TEXT)
    outside = next(e.id for e in desk.shelf.current().knowledge.entries.values() if e.kind is Kind.OUTSIDE)
    offer(desk, 1, outside, "attp_tu_cong_bo")
    found = shown(desk, group)
    assert (found[0].entry.id, found[-1].entry.id) == ("attp_tu_cong_bo", outside)
