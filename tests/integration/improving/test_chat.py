"""/chuatraloi: from the phone, by two people."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import time
from typing import Any

import pytest
from sqlalchemy import select

from handlers.improving.content import AliasContent
from handlers.improving.errands import Errands
from handlers.staff import questions
from handlers.staff.request import StaffRequest
from office import questions as questions_of_citizens
from office.deliveries import Delivery
from office.improvements import ChangeState, GroupState, Trouble
from office.messages import Incoming, Reply
from office.people import ChatAccount, Person, Role
from office.refusal import Refused
from office.rights import NotAllowed
from office.wire import replies_from_json
from scheduler.calendar import WorkCalendar
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from tests.integration.improving.conftest import ENTRY, NOW, QUESTION, Desk

OTHERS = {f.name for f in fields(StaffRequest) if f.default is MISSING and f.default_factory is MISSING} - {
    "incoming",
    "session",
    "state",
    "person",
    "group",
    "now",
    "today",
}


class Chat:
    """What people of the office say to the bot about questions, and what they are told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        quiet = QuietHours(since=time(20), until=time(6, 30), days_off=False, calendar=WorkCalendar.shipped())
        self.errands = Errands(desk.improver, Outbox(quiet=quiet))
        self.states: dict[int, dict[str, Any]] = {}

    def request(self, session: Any, who: Person) -> StaffRequest:
        incoming = Incoming(channel="telegram", account="1", key="k", chat=who.name, sender=who.name, at=NOW)
        others: dict[str, Any] = dict.fromkeys(OTHERS)
        return StaffRequest(
            incoming=incoming,
            session=session,
            state=self.states.setdefault(who.id, {}),
            person=who,
            group=None,
            now=NOW,
            today=NOW.date(),
            errands=self.errands,
            **others,
        )

    def tie_account(self, who: Person) -> None:
        with self.desk.sessions.begin() as session:
            session.add(
                ChatAccount(
                    member_id=who.id,
                    channel="telegram",
                    account="1",
                    sender=who.name,
                    chat=who.name,
                    tied_at=NOW,
                )
            )

    def command(self, who: Person) -> Reply:
        with self.desk.sessions.begin() as session:
            return questions.show_groups(self.request(session, who))[0]

    def tap(self, who: Person, payload: str) -> Reply:
        arguments = tuple(payload.split(":")[2:])
        with self.desk.sessions.begin() as session:
            return questions.TAPS["hd"](self.request(session, who), arguments)[0]

    def say(self, who: Person, text: str) -> Reply:
        with self.desk.sessions.begin() as session:
            return questions.FLOWS["hd"](self.request(session, who), text)[0]

    def told(self, who: Person) -> list[Reply]:
        """What went out to somebody, once the errands are done."""
        self.errands.close()
        with self.desk.sessions() as session:
            rows = session.scalars(
                select(Delivery).where(Delivery.member_id == who.id).order_by(Delivery.id)
            ).all()
            return [reply for row in rows for reply in replies_from_json(row.body)]


@pytest.fixture
def chat(desk: Desk) -> Chat:
    return Chat(desk)


def pick(reply: Reply, words: str) -> str:
    return next(c.payload for c in reply.choices if words in c.label)


def test_two_people_improve_the_knowledge_from_their_phones(
    chat: Chat, desk: Desk, van: Person, duyet: Person
) -> None:
    for who in (van, duyet):
        chat.tie_account(who)
    group = desk.asked("mở quán cồn nhỏ nhỏ bán lẻ rượu vỉa hè", "quán cồn nhỏ nhỏ vỉa hè bán lẻ rượu mở")
    listed = chat.command(van)
    assert "1 nhóm" in listed.text()
    assert "2 lần (2 chưa trả lời được)" in listed.text()
    shown = chat.tap(van, listed.choices[0].payload)
    assert all(len(c.payload) <= 64 for c in shown.choices)
    proposed = chat.tap(van, pick(shown, "Cấp giấy phép bán lẻ rượu"))
    assert "Đã gửi đề nghị số 1" in proposed.text()
    assert desk.group(group).state is GroupState.PROPOSED
    assert "Đang kiểm tra" in chat.tap(duyet, "s:hd:duyet:1").text()
    asked, result = chat.told(duyet)
    assert "xin anh/chị duyệt" in asked.text()
    assert [c.payload for c in asked.choices] == ["s:hd:duyet:1", "s:hd:tra:1"]
    assert "Đã áp dụng đề nghị số 1" in result.text()
    assert "trả lời được 0 trước khi sửa, 2 sau khi sửa, trên 2 câu" in result.text()
    assert [c.payload for c in result.choices] == ["s:hd:hoan:1"]
    assert [reply.text() for reply in chat.told(van)] == [result.text()]
    assert desk.answer("mở quán cồn nhỏ nhỏ bán lẻ rượu vỉa hè") == ENTRY


def test_undoing_is_one_tap(chat: Chat, desk: Desk, van: Person, duyet: Person) -> None:
    chat.tie_account(van)
    change = desk.propose(van)
    desk.improver.approve(change, actor=duyet)
    assert "xong sẽ báo" in chat.tap(van, f"s:hd:hoan:{change}").text()
    [told] = chat.told(van)
    assert "Đã hoàn lại đề nghị số 1" in told.text()
    assert desk.change(change).state is ChangeState.UNDONE


def test_a_refusal_of_the_checks_is_told_with_what_would_break(
    chat: Chat, desk: Desk, van: Person, duyet: Person
) -> None:
    chat.tie_account(duyet)
    chat.tap(duyet, f"s:hd:duyet:{desk.propose(van, alias='bán buôn rượu')}")
    [told] = chat.told(duyet)
    assert "không qua được kiểm tra" in told.text()
    assert "bán buôn rượu" in told.text()
    assert told.choices == ()


def test_giving_back_asks_for_the_reason_and_tells_who_proposed(
    chat: Chat, desk: Desk, van: Person, duyet: Person
) -> None:
    chat.tie_account(van)
    group = desk.asked(QUESTION)
    change = desk.propose(van, group=group)
    chat.tap(duyet, f"s:hd:tra:{change}")
    assert chat.states[duyet.id]["flow"] == "hd"
    assert "Đã trả lại" in chat.say(duyet, "dễ nhầm với bán buôn").text()
    assert chat.states[duyet.id] == {}
    [told] = chat.told(van)
    assert "Lý do: dễ nhầm với bán buôn" in told.text()


def test_groups_are_ignored_or_said_to_be_outside(chat: Chat, desk: Desk, van: Person) -> None:
    group = desk.asked(QUESTION)
    chat.tap(van, f"s:hd:bo:{group}")
    assert desk.group(group).state is GroupState.IGNORED
    chat.tap(van, f"s:hd:ngoai:{group}")
    assert desk.group(group).state is GroupState.OUTSIDE
    assert "Không còn câu hỏi nào" in chat.command(van).text()


def test_one_does_not_approve_ones_own_and_others_may_not_look(
    chat: Chat, desk: Desk, van: Person, duyet: Person
) -> None:
    change = desk.propose(van)
    with pytest.raises(Refused, match="không tự duyệt"):
        chat.tap(van, f"s:hd:duyet:{change}")
    member, leader = desk.person("Công Chức"), desk.person("Lãnh Đạo", Role.LEADER)
    with pytest.raises(NotAllowed):
        chat.command(member)
    assert "đề nghị" in chat.command(leader).text()
    with pytest.raises(NotAllowed):
        chat.tap(leader, f"s:hd:duyet:{change}")


def test_questions_that_are_not_grouped_yet_are_announced(chat: Chat, desk: Desk, van: Person) -> None:
    assert "sau khoảng mười phút" in chat.command(van).text()
    with desk.sessions.begin() as session:
        questions_of_citizens.record(
            session,
            QUESTION,
            at=NOW,
            channel="web",
            person="p",
            outcome="out",
            knowledge_version="1",
            trouble=Trouble.UNANSWERED,
        )
    said = chat.command(van).text()
    assert "Có 1 câu mới hỏi đang chờ vào nhóm" in said
    assert "Không còn câu hỏi nào" not in said


def test_what_does_not_help_is_told_before_it_is_applied(
    chat: Chat, desk: Desk, van: Person, duyet: Person
) -> None:
    chat.tie_account(duyet)
    group = desk.asked("thuê xe đạp nước ở hồ")
    content = AliasContent(entry=ENTRY, alias="mở bàn rượu bên hồ")
    change = desk.propose(van, content=content, group=group)
    chat.tap(duyet, f"s:hd:duyet:{change}")
    [told] = chat.told(duyet)
    assert "câu hỏi của nhóm vẫn chưa trả lời được" in told.text()
    assert [(c.label, c.payload) for c in told.choices] == [("Vẫn duyệt", f"s:hd:duyet:{change}")]
    assert desk.change(change).state is ChangeState.PROPOSED
    assert desk.improver.doubts(change) == ()  # said once


def test_tying_to_what_is_not_verified_is_asked_twice(chat: Chat, desk: Desk, van: Person) -> None:
    group = desk.asked(QUESTION)
    said = chat.tap(van, f"s:hd:gan:{group}:attp_tu_cong_bo")
    assert "chưa có thông tin kiểm chứng" in said.text()
    assert desk.group(group).state is GroupState.OPEN
    assert "Đã gửi đề nghị" in chat.tap(van, pick(said, "Vẫn gửi")).text()


def test_taking_back_ones_own_is_called_so(chat: Chat, desk: Desk, van: Person, duyet: Person) -> None:
    change = desk.propose(van)
    shown = chat.tap(van, f"s:hd:denghi:{change}")
    assert "Rút lại đề nghị số" in chat.tap(van, pick(shown, "Rút lại")).text()
    assert "Đã rút lại đề nghị số" in chat.say(van, "viết nhầm").text()


@pytest.mark.parametrize("payload", ["s:hd", "s:hd:xx", "s:hd:ds:x"])
def test_an_unknown_tap_shows_the_list(chat: Chat, van: Person, payload: str) -> None:
    assert "Không còn câu hỏi nào" in chat.tap(van, payload).text()


@pytest.mark.parametrize("payload", ["s:hd:xem", "s:hd:xem:99", "s:hd:gan:1", "s:hd:duyet:x", "s:hd:hoan:-1"])
def test_a_tap_on_what_is_not_there_is_refused(chat: Chat, van: Person, payload: str) -> None:
    with pytest.raises(Refused, match="không còn"):
        chat.tap(van, payload)
