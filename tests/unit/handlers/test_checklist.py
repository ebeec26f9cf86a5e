"""Papers ticked off before filing."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from handlers.conversation import Talk
from handlers.desk import FrontDesk
from office.messages import Choice, ChoiceKind, Reply, Style
from tests.unit.handlers.conftest import MakeDesk, Person, TurnedClock, talk_of


def boxes(reply: Reply) -> list[Choice]:
    return [c for c in reply.choices if c.kind is ChoiceKind.TICK]


def ticked(reply: Reply) -> list[bool]:
    return [c.ticked for c in boxes(reply)]


def missing(reply: Reply) -> list[str]:
    return [line.text for line in reply.lines if line.style is Style.ITEM]


def test_it_tells_what_is_still_missing(person: Person) -> None:
    opened = person.tap("k:thu_lan:0")
    assert not opened.replaces
    assert ticked(opened) == [False, False, False]
    assert boxes(opened)[1].label == "Ảnh con lân – 2 bản"
    assert "Đánh dấu lại từ đầu" not in [c.label for c in opened.choices]  # there is nothing to undo
    reply = person.tap(boxes(opened)[1].payload)
    assert "Đánh dấu lại từ đầu" in [c.label for c in reply.choices]
    assert reply.replaces
    assert ticked(reply) == [False, True, False]
    assert "Còn thiếu 2/3:" in reply.text()
    assert missing(reply) == ["Đơn đăng ký", "Sơ đồ đường đi"]


def test_all_ticked_is_said_to_be_all(person: Person) -> None:
    for item in (0, 1, 2):
        reply = person.tap(f"t:thu_lan:0:{item}")
    assert "Đã đủ 3/3" in reply.text()
    assert missing(reply) == []


def test_a_second_tap_takes_the_tick_back(person: Person) -> None:
    person.tap("t:thu_lan:0:1")
    assert ticked(person.tap("t:thu_lan:0:1")) == [False, False, False]


def test_starting_anew_forgets_the_ticks_of_that_list_only(person: Person) -> None:
    person.tap("t:thu_lan:0:1")
    person.tap("t:thu_dieu:1:0")
    reply = person.tap("r:thu_lan:0")
    assert reply.replaces
    assert ticked(reply) == [False, False, False]
    assert ticked(person.tap("k:thu_dieu:1")) == [True, False]


def test_where_there_are_cases_one_is_asked_for(person: Person) -> None:
    reply = person.tap("k:thu_dieu:-1")
    options = [c for c in reply.choices if c.kind is ChoiceKind.OPTION]
    assert [c.label for c in options] == ["cá nhân", "tổ chức"]
    chosen = person.say("2")
    assert [c.label for c in boxes(chosen)] == ["Đơn tổ chức", "Quyết định thành lập"]
    assert "Trường hợp tổ chức" in chosen.text()


def test_ticks_survive_other_questions_and_a_restart(person: Person, make_desk: MakeDesk) -> None:
    person.tap("t:thu_lan:0:2")
    person.say("phí bán lẻ thuốc lá")
    person.tap("n")
    again = Person(make_desk(), person.name)
    assert ticked(again.tap("k:thu_lan:0")) == [False, False, True]


def test_ticks_are_one_s_own(person: Person, desk: FrontDesk) -> None:
    person.tap("t:thu_lan:0:2")
    assert ticked(Person(desk, "binh").tap("k:thu_lan:0")) == [False, False, False]
    assert ticked(Person(desk, person.name, chat="elsewhere").tap("k:thu_lan:0")) == [False, False, False]


def test_ticks_go_with_the_conversation(person: Person, clock: TurnedClock) -> None:
    person.tap("t:thu_lan:0:2")
    clock.turn(minutes=31)
    assert ticked(person.tap("k:thu_lan:0")) == [False, False, False]


def test_only_what_is_on_the_list_can_be_ticked(person: Person, sessions: sessionmaker[Session]) -> None:
    for arguments in ("0:3", "0:-1", "-1:0", "1:0", "0:999999999999999999"):
        reply = person.tap(f"t:thu_lan:{arguments}")
        assert "không còn trong kho" in reply.text()
    assert talk_of(sessions, person).ticks == {}


@pytest.mark.parametrize("said", ["1 3", "1,3", "1, 3.", "1 và 3", "số 3 va 1", "3 1 3"])
def test_several_numbers_tick_several_papers_in_one_answer(person: Person, said: str) -> None:
    person.tap("k:thu_lan:0")
    reply = person.say(said)
    assert ticked(reply) == [True, False, True]
    assert missing(reply) == ["Ảnh con lân"]


def test_several_numbers_tick_what_is_missing_and_take_back_only_what_is_all_ticked(person: Person) -> None:
    person.tap("k:thu_lan:0")
    person.say("1")
    assert ticked(person.say("1 2")) == [True, True, False]
    assert ticked(person.say("2 và 1")) == [False, False, False]


def test_of_several_numbers_none_is_ticked_when_one_is_no_paper(person: Person) -> None:
    person.tap("k:thu_lan:0")
    assert "đánh số từ 1 đến 3" in person.say("2 5").text()  # 5 leads elsewhere
    assert ticked(person.say("2")) == [False, True, False]


def test_several_numbers_outside_of_a_checklist_are_words(person: Person) -> None:
    person.say("/start")
    assert not boxes(person.say("1 2"))


def test_a_paper_is_ticked_by_its_name(person: Person) -> None:
    person.tap("k:thu_lan:0")
    assert ticked(person.say("so do duong di")) == [False, False, True]
    assert ticked(person.say("☐ Đơn đăng ký")) == [True, False, True]


def test_ticked_lists_are_bounded_and_the_oldest_goes_first() -> None:
    talk = Talk()
    for number in range(20):
        talk.tick(f"list{number}:0", 1)
    talk.tick("list12:0", 2)
    talk.tick("new:0", 0)
    assert len(talk.ticks) == 8
    assert talk.ticks["list12:0"] == [1, 2]
    assert list(talk.ticks) == [*(f"list{n}:0" for n in range(14, 20)), "list12:0", "new:0"]
