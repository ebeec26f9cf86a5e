"""What members write in their own words, without knowing any command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.staff.said import Phrase, day_in, phrase_of
from office import codes, membership
from office.assignments import AssignmentState, Extension
from office.notices import NoticeConfirmation
from office.people import CodePurpose
from scheduler.notices import sending
from tests.unit.handlers.staff.work_office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("da doc", Phrase(word="doc")),
        ("Đã đọc ạ.", Phrase(word="doc")),
        ("Em đã đọc thông báo số 5 rồi ạ", Phrase(word="doc", number=5)),
        ("đã nhận thông báo", Phrase(word="doc")),
        ("da nhan", Phrase(word="nhan")),
        ("Dạ em đã nhận việc ạ", Phrase(word="nhan")),
        ("nhan viec 2", Phrase(word="nhan", number=2)),
        ("da nhan viec so 2", Phrase(word="nhan", number=2)),
        ("Đã nhận nhiệm vụ số #2.", Phrase(word="nhan", number=2)),
        ("đã xong", Phrase(word="xong")),
        ("xong viec 2", Phrase(word="xong", number=2)),
        ("xong viec 2 375/SCT-VP", Phrase(word="xong", number=2, rest="375/SCT-VP")),
        ("em hoàn thành việc 2 https://x.vn/A", Phrase(word="xong", number=2, rest="https://x.vn/A")),
        ("xin gia hạn", Phrase(word="giahan")),
        ("xin gia hạn việc 2", Phrase(word="giahan", number=2)),
        (
            "xin gia han viec 2 den 05/12 ly do chờ số",
            Phrase(word="giahan", number=2, rest="05/12 ly do chờ số"),
        ),
        ("gia hạn 2 lý do ốm", Phrase(word="giahan", number=2, rest="lý do ốm")),
    ],
)
def test_a_whole_phrase_is_understood(text: str, phrase: Phrase) -> None:
    found = phrase_of(text)
    assert found is not None
    assert (found.word, found.number) == (phrase.word, phrase.number)
    assert day_in(found.rest) == phrase.rest


@pytest.mark.parametrize(
    "text",
    ["", "em", "việc 2", "nhận hồ sơ ở đâu", "đã nhận hồ sơ", "đã nhận chưa?", "đã đọc luật chưa", "xong 2?",
     "gia hạn giấy phép bán rượu", "gia hạn 2 lần được không", "hoàn thành 2 bước hồ sơ",
     "nhận việc 2 thế nào", "thủ tục xin gia hạn", "xong việc thì nộp ở đâu"],
)  # fmt: skip
def test_other_words_are_left_to_the_questions(text: str) -> None:
    assert phrase_of(text) is None


@pytest.mark.parametrize("text", ["đến ngày 05/12", "den 05/12", "xin gia hạn đến hết ngày 05/12", "05/12"])
def test_the_words_before_a_day_are_forgiven(text: str) -> None:
    assert day_in(text) == "05/12"


# --- work


@pytest.mark.parametrize("text", ["da nhan", "Đã nhận việc ạ", "nhan viec 1", "nhan", "/nhan việc số 1"])
@pytest.mark.parametrize("group", ["", "nhóm"])
def test_work_is_taken_note_of_in_ones_own_words(office: Office, text: str, group: str) -> None:
    assert office.give() == 1
    assert "Nguyễn Văn An đã nhận" in office.say("An", text, group=group)
    assert "không có việc nào chưa nhận" in office.say("An", "đã nhận ạ", group=group)


def test_of_several_one_is_chosen(office: Office) -> None:
    first, second = office.give("qltm; Việc một; 15/12"), office.give("qltm; Việc hai; 16/12")
    assert "có 2 việc" in office.say("An", "đã nhận việc")
    assert f"Nhiệm vụ số {second}" in office.tap("An", "Việc hai")
    assert f"Nhiệm vụ số {first}" in office.say("An", "đã nhận việc")
    assert "có 2 việc" in office.say("An", "em xong rồi ạ")
    assert "minh chứng" in office.tap("An", "Việc một")
    office.say("An", "thôi")
    for day in range(17, 22):
        office.give(f"qltm; Việc {day}; {day}/12")
    assert "gõ kèm số, ví dụ: xong 7" in office.say("An", "xong")  # of seven, six are offered


def test_a_report_and_a_request_forgive_the_words_around_their_number(office: Office) -> None:
    office.give("qltm; Việc một; 15/12")
    office.give("qltm; Việc hai; 16/12")
    assert "Đã ghi nhận" in office.say("An", "xong viec 1 375/SCT-VP")
    assert office.row(1).state is AssignmentState.REPORTED
    assert "đến 22/12/2026" in office.say("An", "xin gia han viec 2 den 22/12 ly do chờ số liệu")
    with office.sessions() as session:
        made = session.scalars(select(Extension)).one()
    assert (made.assignment_id, made.asked_due, made.reason) == (2, date(2026, 12, 22), "chờ số liệu")


def test_asked_for_the_day_one_may_answer_in_a_sentence(office: Office) -> None:
    office.give()
    assert "đến ngày nào" in office.say("An", "xin gia hạn")
    assert "đến 22/12/2026" in office.say("An", "xin gia hạn đến ngày 22/12 lý do chờ số liệu")


def test_words_that_are_awaited_are_no_phrase(office: Office) -> None:
    """A reason, a title or a proof may say that something is done."""
    office.give()
    office.say("An", "xong 1 12/BC")
    assert "lý do" in office.say("Văn", "tralai 1")
    assert "Đã trả lại" in office.say("Văn", "đã xong")


def test_a_citizen_s_words_mean_nothing_of_the_kind(office: Office) -> None:
    office.give()
    for text in ("đã nhận", "da doc", "nhan viec 1", "giao qltm; Việc; 15/12"):
        assert office.hear("người lạ", text) is None


# --- giving


def test_work_is_given_without_the_slash_where_two_semicolons_say_what_is_meant(office: Office) -> None:
    assert "Xem lại trước khi giao" in office.say("Văn", "giao QLTM; Báo cáo; 15/12")
    assert office.hear("Văn", "thôi") is not None
    assert office.hear("Văn", "giao hàng; phí bao nhiêu") is None
    assert "/giao QLTM;" in office.say("Văn", "/trogiup")


# --- notices


def send(office: Office, title: str) -> None:
    """Văn phòng sends a notice that is to be confirmed to all groups."""
    office.say("Văn", "/thongbao")
    office.say("Văn", f"{title}\nLúc 8 giờ.")
    for label in ("Tất cả", "Cần xác nhận", "Trình duyệt"):
        office.tap("Văn", label)
    number = 1 if title == "Họp một" else 2
    office.say("Lãnh", f"tb duyet {number}")
    with office.sessions.begin() as session:
        while sending.queue_some(session, office.notices, number, now=office.now):
            pass


@pytest.mark.parametrize("group", ["", "nhóm"])
def test_the_one_notice_unread_is_meant(office: Office, group: str) -> None:
    assert "không còn thông báo nào" in office.say("An", "đã đọc", group=group)
    send(office, "Họp một")
    assert "Nguyễn Văn An" in office.say("An", "da doc", group=group)
    assert "không còn thông báo nào" in office.say("An", "Em đã đọc rồi ạ", group=group)
    assert "không còn thông báo nào" in office.say("Cường", "đã đọc")  # it wasn't sent to their department
    with office.sessions() as session:
        assert len(session.scalars(select(NoticeConfirmation)).all()) == 1


def test_of_several_unread_notices_one_is_chosen(office: Office) -> None:
    send(office, "Họp một")
    send(office, "Họp hai")
    assert "có 2 thông báo" in office.say("An", "đã đọc")
    assert "số 1" in office.tap("An", "Họp một")
    assert "số 2" in office.say("An", "đã đọc thông báo")
    assert "số 2" in office.say("An", "đã đọc thông báo 2 ạ")


# --- codes and strangers


def code(office: Office) -> str:
    with office.sessions.begin() as session:
        return codes.make_code(
            session, CodePurpose.TIE, member_id=1, created_by=None, now=office.now, hash_key=b"k" * 16
        )


def test_a_code_needs_no_slash_whoever_types_it(office: Office) -> None:
    assert "Nguyễn Văn An" in office.say("mới", f"ma {code(office)}")
    assert "Nguyễn Văn An" in office.say("nữa", f"Mã {code(office).lower()}")
    assert "Mã không đúng" in office.say("ai đó", "mã CQFA 4ZAT")
    assert "Đừng gõ mã trong nhóm" in office.say("ai đó", "ma CQFA-4ZAT", group="nhóm")
    assert office.hear("ai đó", "mã số thuế là gì") is None
    assert office.hear("ai đó", "ma hang xuat") is None


@pytest.mark.parametrize("text", ["nhan 2", "tb doc 2", "Đã nhận 2", "/nhan 2", "/viec"])
def test_who_is_not_tied_hears_so_in_a_group_without_an_invitation_to_type_a_code_there(
    office: Office, text: str
) -> None:
    said = office.say("người lạ", text, group="nhóm")
    assert said.startswith("Tài khoản này chưa gắn với công chức, viên chức nào.")
    assert "nhắn riêng cho bot" in said
    assert "/ma" not in said


def test_a_command_is_understood_without_its_slash_where_it_stands_alone(office: Office) -> None:
    for text, shown in (
        ("kenh", "Nơi anh/chị nhận"),
        ("kênh Zalo OA", "Không có tài khoản này"),
        ("viec", "Việc của"),
        ("toi", "Nguyễn Văn An"),
    ):
        assert shown in office.say("An", text), text
    assert "Giao cho phòng" in office.say("Văn", "/giao Báo cáo")
    assert "Không rõ «kenh»" in office.say("Văn", "kenh")  # words are awaited
    for text in ("kênh phân phối rượu là gì", "thông báo", "báo cáo"):
        assert office.hear("An", text) is None, text  # no command, or not An's


def test_where_there_is_one_work_its_number_may_be_left_out(office: Office) -> None:
    office.give()
    assert "đến 20/12/2026" in office.say("An", "xin gia hạn đến ngày 20/12 lý do ốm")
    assert "Đã ghi nhận" in office.say("An", "xong 412/SCT-QLTM")
    office.give()
    office.give()
    assert "Việc nào ạ" in office.say("An", "xong 413/SCT-QLTM")
    assert "chưa phải lý do" in office.say("An", "gia hạn 2 đến 20/12 thì nộp ở đâu")
    assert office.hear("An", "gia hạn giấy phép đến 20/12 được không") is None


def test_a_code_alone_is_a_code_and_no_question(office: Office) -> None:
    with office.sessions.begin() as session:
        who = membership.add_member(session, "Đỗ Mới", department_id=None, actor=None, now=office.now)
        code = codes.make_code(
            session, CodePurpose.TIE, member_id=who.id, created_by=None, now=office.now, hash_key=b"k" * 16
        )
    assert "Đỗ Mới" in office.say("lạ", code.lower())
    assert "không đúng" in office.say("lạ", "ABCD-EF23")
    assert "không đúng" in office.say("An", "ABCD-EF23 đổi")


def test_a_reason_may_follow_the_day_without_a_mark(office: Office) -> None:
    number = office.give()
    assert "đến 20/12/2026" in office.say("An", f"xin gia han viec {number} den 20/12 vi cho so lieu")
    with office.sessions() as session:
        assert session.scalars(select(Extension)).one().reason == "cho so lieu"
