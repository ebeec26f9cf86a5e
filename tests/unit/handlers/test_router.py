"""What a message leads to: a tap, a command, a number or a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from handlers.conversation import Talk
from handlers.library import Library
from handlers.picking import ask_again, picked
from handlers.texts import texts
from knowledge.schema import Kind
from knowledge.vietnamese import fold
from office.messages import Choice, ChoiceKind, Incoming, Reply, SentFile, Style
from tests.unit.handlers.conftest import START, Person, questions_of, talk_of

HUGE = "9" * 50
ARGUMENTS = [
    "",
    "x",
    "khong_co",
    "thu_lan",
    "thu_lan:fee",
    "thu_lan:khong_co",
    "thu_lan:0:0",
    "thu_lan:0:-1",
    "thu_lan:-5:0",
    "thu_lan:0:3",
    "thu_lan:99:99",
    f"thu_lan:{HUGE}:{HUGE}",
    f"{HUGE}:1",
    "-1:1",
    "0:0",
    f"{2**63 - 1}:1",
    f"{10**18 - 1}:-1",
    "viec-thu:1",
    f"viec-thu:{HUGE}",
    "viec-thu:-3",
    "\u202e😀:\x00",
    ":" * 60,
]
VERBS = ["e", "f", "fs", "h", "k", "m", "n", "r", "t", "v", "", "E", "zz", "\x00"]
CHOOSE_WORDS = "bao nhiêu tiền"


def titles(reply: Reply) -> str:
    return reply.text() + "\n" + "\n".join(c.label for c in reply.choices)


def says(name: str, reply: Reply) -> bool:
    return reply.lines[0].text == texts()(name)


@pytest.mark.parametrize("verb", VERBS)
def test_no_tap_however_hostile_breaks_the_desk(person: Person, verb: str) -> None:
    person.say("Đăng ký biểu diễn lân sư rồng")
    for arguments in ARGUMENTS:
        reply = person.tap(f"{verb}:{arguments}")
        assert reply.lines
        assert not says("error", reply), arguments


@given(payload=st.text(min_size=1, max_size=64), text=st.text(max_size=300))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_words_however_strange_break_the_desk(person: Person, payload: str, text: str) -> None:
    for reply in (person.tap(payload), person.say(text)):
        assert reply.lines
        assert not says("error", reply)


@pytest.mark.parametrize("pattern", ["e:{}", "e:{}:fee", "k:{}:0", "k:{}:-1", "t:{}:0:0", "r:{}:0"])
def test_what_is_for_the_staff_is_not_shown(person: Person, library: Library, pattern: str) -> None:
    hidden = [e for e in library.knowledge.entries.values() if e.kind is Kind.STAFF]
    assert len(hidden) > 1
    for entry in hidden:
        shown = titles(person.tap(pattern.format(entry.id)))
        assert entry.title not in shown
        assert entry.label not in shown
        for documents in entry.documents:
            assert documents.items[0].text not in shown


def test_the_staff_s_own_is_not_found_by_asking(person: Person, sessions: sessionmaker[Session]) -> None:
    shown = titles(person.say("Quy chế nội bộ tuyệt mật"))
    assert "tuyệt mật" not in shown
    assert talk_of(sessions, person).entry != "thu_noi_bo"


def test_browsing_goes_from_the_fields_to_an_entry_to_a_facet(person: Person) -> None:
    fields = person.tap("fs")
    assert fields.replaces
    field = next(c for c in fields.choices if c.label == "Việc thử")
    entries = person.tap(field.payload)
    assert entries.replaces
    entry = next(c for c in entries.choices if c.label == "Đăng ký lân sư rồng")
    opened = person.tap(entry.payload)
    assert not opened.replaces  # the list stays, to choose another
    fee = person.tap(next(c.payload for c in opened.choices if c.label == "Phí, lệ phí"))
    assert fee.replaces
    assert "123.000 đồng" in fee.text()
    back = next(c for c in fee.choices if c.label == "Tóm tắt")
    assert person.tap(back.payload).text() == opened.text()


def test_every_entry_of_the_menu_is_shown_on_some_page(person: Person, library: Library) -> None:
    for field in person.tap("fs").choices:
        if not field.payload.startswith("f:"):
            continue
        seen: list[str] = []
        payload, pages = field.payload, 0
        while payload:
            reply = person.tap(payload)
            seen += [c.payload for c in reply.choices if c.kind is ChoiceKind.OPTION]
            payload = next((c.payload for c in reply.choices if c.payload.startswith("f:")), "")
            pages += 1
            assert pages < 20
        assert len(seen) == len(set(seen))


def test_a_tapped_entry_becomes_what_is_talked_of(person: Person) -> None:
    person.tap("e:thu_lan")
    assert "123.000 đồng" in person.say("còn lệ phí?").text()


def test_another_question_forgets_what_was_talked_of(person: Person, sessions: sessionmaker[Session]) -> None:
    person.tap("e:thu_lan")
    person.tap("n")
    assert talk_of(sessions, person).entry == ""


@pytest.mark.parametrize("text", ["2", " 2 ", "2.", "2)", "2 ạ", "dạ 2", "chọn 2 nhé", "số 2", "mục thứ hai"])
def test_a_number_picks_a_choice(person: Person, text: str) -> None:
    menu = person.say("/start")
    assert person.say(text).text() == person.tap(menu.numbered()[1].payload).text()


@pytest.mark.parametrize("text", ["0", "99", "999"])
def test_a_number_that_was_not_offered_is_said_to_be_none(person: Person, text: str) -> None:
    count = len(person.say("/start").numbered())
    assert f"từ 1 đến {count}" in person.say(text).text()
    assert person.say("1").replaces  # the choices still stand


def test_a_number_before_anything_was_offered_is_said_to_pick_nothing(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    reply = person.say("2")
    assert "không còn ứng với lựa chọn nào" in reply.text()
    assert questions_of(sessions) == []
    assert person.say("1").text() == person.tap(reply.numbered()[0].payload).text()


@pytest.mark.parametrize("text", ["1 và 2", "1, 2"])
def test_several_answers_are_given_one_after_the_other_and_the_last_offers_choices(
    person: Person, text: str
) -> None:
    options = person.say(CHOOSE_WORDS).choices
    first, second = person.desk.handle(person.incoming(text=text))
    assert first.lines == person.tap(options[0].payload).lines
    assert second.text() == person.tap(options[1].payload).text()
    assert first.numbered() == ()
    assert second.numbered()


def test_both_means_two_answers_where_there_are_two() -> None:
    for texts_, count in ((["cả hai", "ca 2 a", "Cả hai."], 2), (["tất cả", "cả ba ạ"], 3)):
        talk = Talk(choices=[*(f"e:x{n}" for n in range(count)), "fs", "h"])
        for text in texts_:
            assert picked(talk, said(text)) == tuple(talk.choices[:count])
    assert picked(Talk(choices=["e:a", "e:b", "e:c", "e:d"]), said("tất cả")) == ()
    assert picked(Talk(choices=["t:a:0:0", "t:a:0:1", "e:a", "e:b"]), said("cả hai")) == ()


@pytest.mark.parametrize("text", ["cả hai", "1 và 99", "1, 2, 3, 4"])
def test_what_can_not_be_picked_together_is_asked_for_one_by_one(
    person: Person, sessions: sessionmaker[Session], text: str
) -> None:
    person.say("Đăng ký biểu diễn lân sư rồng")
    assert "Xin chọn một số từ 1 đến" in person.say(text).text()
    assert len(questions_of(sessions)) == 1


def test_whoever_has_enough_gets_no_answer_to_anything(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    person.say("Đăng ký biểu diễn lân sư rồng")
    for text in ("thôi", "Thoi a"):
        assert says("enough", person.say(text))
    assert len(questions_of(sessions)) == 1


def test_of_a_picture_only_its_words_are_answered_and_that_is_said(person: Person) -> None:
    picture = SentFile(id="p1", media_type="image/jpeg")
    [alone] = person.desk.handle(replace(person.incoming(), file=picture))
    assert says("only_words", alone)
    assert alone.choices
    [asked] = person.desk.handle(
        replace(person.incoming(text="lệ phí đăng ký biểu diễn lân sư rồng"), file=picture)
    )
    assert says("file_unseen", asked)
    assert "123.000 đồng" in asked.text()


def test_a_number_written_before_the_list_that_came_last_picks_nothing(person: Person) -> None:
    person.say("/start")
    later = replace(person.incoming(text="Đăng ký biểu diễn lân sư rồng"), at=START + timedelta(minutes=1))
    [shown] = person.desk.handle(later)
    [again] = person.desk.handle(person.incoming(text="2"))  # written at START, delivered late
    assert says("overtaken", again)
    assert [c.payload for c in again.numbered()] == [c.payload for c in shown.numbered()]
    [answer] = person.desk.handle(replace(person.incoming(text="2"), at=START + timedelta(minutes=2)))
    assert answer.text() == person.tap(shown.numbered()[1].payload).text()


@pytest.mark.parametrize(
    "text", ["/start", "/START", "/menu", "/help", "menu", "/start@XinLuonBot x", "", "  ", "/hoi", "/hoi "]
)
def test_a_command_or_nothing_at_all_gives_the_menu(
    person: Person, sessions: sessionmaker[Session], text: str
) -> None:
    reply = person.say(text)
    assert "Xin chào" in reply.text()
    assert questions_of(sessions) == []


@pytest.mark.parametrize("text", ["/hoi", "/ask", "/Hoi@XinLuonBot"])
def test_a_command_with_words_is_a_question(
    person: Person, sessions: sessionmaker[Session], text: str
) -> None:
    reply = person.say(f"{text} Đăng ký biểu diễn lân sư rồng")
    assert "123.000 đồng" in reply.text()
    assert [q.text for q in questions_of(sessions)] == ["Đăng ký biểu diễn lân sư rồng"]


def test_a_question_is_kept_with_its_decision(person: Person, sessions: sessionmaker[Session]) -> None:
    person.say("lệ phí đăng ký biểu diễn lân sư rồng, gọi 0912345678")
    [kept] = questions_of(sessions)
    assert (kept.channel, kept.outcome, kept.entry_id, kept.facet) == ("web", "answer", "thu_lan", "fee")
    assert kept.text.endswith("[số điện thoại]")
    assert kept.person != person.name


def test_a_vague_question_is_asked_back_and_its_choice_answers(person: Person) -> None:
    reply = person.say(CHOOSE_WORDS)
    options = [c for c in reply.choices if c.kind is ChoiceKind.OPTION]
    assert 2 <= len(options) <= 4
    answer = person.say("1")
    assert answer.text() == person.tap(options[0].payload).text()


@pytest.mark.parametrize(("length", "noted"), [(2000, False), (2001, True), (50_000, True)])
def test_a_long_text_is_cut_with_a_note(person: Person, length: int, noted: bool) -> None:
    reply = person.say("phí bán lẻ thuốc lá ".ljust(length, "x"))
    assert ("dài hơn 2.000 ký tự" in reply.text()) is noted


@pytest.mark.parametrize(
    "shape",
    [
        {"choices": None},
        {"ticks": {"a": "x"}},
        {"question": "x"},
        {"ticks": [1]},
        {"entry": 5},
        {"ticks": []},
    ],
)
def test_a_conversation_of_another_shape_is_begun_anew(shape: dict[str, Any]) -> None:
    assert Talk.from_dict(shape).choices == []


@pytest.mark.parametrize(
    ("said", "verb"),
    [
        ("kiem tra ho so truoc khi nop", "k"),
        ("Kiểm tra hồ sơ trước khi nộp", "k"),
        ("  THỜI  HẠN. ", "e"),
        ("hoi viec khac", "n"),
        ("huu ich", "v"),
    ],
)
def test_the_label_of_a_choice_picks_it(person: Person, said: str, verb: str) -> None:
    asked = person.say("Đăng ký biểu diễn lân sư rồng")
    labels = {fold(c.label).strip(" 👍👎"): c.payload for c in asked.numbered()}
    payload = labels[" ".join(fold(said).strip(" .").split())]
    assert payload.partition(":")[0] == verb
    assert person.say(said).lines == person.tap(payload).lines


def test_a_label_is_not_picked_by_a_part_of_it_nor_by_a_command(
    person: Person, sessions: sessionmaker[Session]
) -> None:
    person.say("Đăng ký biểu diễn lân sư rồng")
    person.say("kiem tra ho so truoc")
    assert len(questions_of(sessions)) == 2
    assert says("human", person.say("gap can bo"))
    assert len(questions_of(sessions)) == 2
    assert person.say("/menu").text() == person.tap("m").text()


def test_labels_that_differ_in_marks_alone_are_told_apart_by_them() -> None:
    choices = tuple(Choice(kind=ChoiceKind.OPTION, label=label, payload=label) for label in ("Bán", "Bàn"))
    talk = Talk()
    talk.offer([Reply(lines=(), choices=choices)], START)
    assert picked(talk, said("bàn")) == ("Bàn",)
    assert picked(talk, said("ban")) == ()
    assert picked(talk, said("")) == ()


def test_what_is_kept_of_labels_is_bounded() -> None:
    talk = Talk()
    choices = tuple(Choice(kind=ChoiceKind.TICK, label="a" * 5000, payload=f"p{n}") for n in range(100))
    talk.offer([Reply(lines=(), choices=choices)], START)
    assert len(talk.choices) == 100
    assert len(str(talk.as_dict()["labels"])) < 7000
    assert Talk.from_dict(talk.as_dict()) == talk
    assert len(ask_again(talk).numbered()) == 60


def said(text: str) -> Incoming:
    return Incoming(channel="web", account="web", key="1", chat="a", sender="a", at=START, text=text)


@pytest.mark.parametrize("said", ["toi muon mua dien thoai iphone", "mua dien thoai moi", "Mua điện thoại"])
def test_who_wants_to_buy_something_is_told_shortly_that_nothing_is_sold(said: str, person: Person) -> None:
    [line] = person.say(said).lines
    assert line.text.startswith("Dạ, cơ quan không bán hàng")


def test_what_another_office_does_leads_to_the_portal(person: Person) -> None:
    assert "dichvucong.gov.vn" in person.say("làm hộ chiếu ở đâu").lines[-1].text


@pytest.mark.parametrize(
    ("said", "offered"),
    [("con ruou tu nau thi sao", "ruou_thu_cong_cap_xa"), ("mua rượu ở đâu ngon", "tong_quan_ruou")],
)
def test_an_answer_that_speaks_of_a_permit_offers_it(said: str, offered: str, person: Person) -> None:
    person.say("cấp giấy phép bán lẻ rượu")
    first = person.say(said).choices[0]
    assert first.payload == f"e:{offered}"
    assert "rượu" in person.say("1").lines[0].text


def warnings_of(*replies: Reply) -> list[str]:
    return [line.text for reply in replies for line in reply.lines if line.style is Style.WARNING]


def test_what_warns_of_an_entry_is_said_once_and_again_only_with_the_side_it_belongs_to(
    person: Person, library: Library
) -> None:
    old = library.answerer.phrases("caveats.district_abolished_2025")
    first = person.say("phí bán lẻ thuốc lá")
    assert old in warnings_of(first)
    assert old not in warnings_of(person.say("mất bao lâu"))
    assert old in warnings_of(person.say("nộp ở đâu"))
    assert old in warnings_of(person.tap("e:thuoc_la_ban_le_cap:time"))  # it may take the first one's place
    person.tap("e:ruou_ban_le_cap_huyen")
    assert old in warnings_of(person.say("bán lẻ thuốc lá"))


def test_two_sides_picked_at_once_repeat_no_warning(person: Person) -> None:
    shown = person.say("bán lẻ rượu")
    labels = [choice.label for choice in shown.numbered()]
    picks = [labels.index(label) + 1 for label in ("Thời hạn", "Điều kiện, đối tượng")]
    replies = person.desk.handle(person.incoming(text=f"{picks[0]} và {picks[1]}"))
    assert len(replies) == 2
    told = warnings_of(*replies)
    assert len(told) == len(set(told))
    assert not set(told) & {w for w in warnings_of(shown) if "huyện" in w}
