"""What stands on buttons, typed: every button of the staff has words, and they do the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from handlers.staff.request import Replies, StaffRequest, say
from handlers.staff.typed import code_of, payload_of
from office.assignments import AssignmentState, Decision, Extension
from office.deliveries import Delivery, Status
from office.groups import Group, GroupState
from office.messages import Reply
from office.notices import NoticeConfirmation
from office.wire import replies_from_json
from scheduler.notices import sending
from tests.unit.handlers.staff.work_office import Office

CODES = {
    "s:nhan:12": "nhan 12",
    "s:xong:12": "xong 12",
    "s:giahan:12": "giahan 12",
    "s:xem:12": "xem 12",
    "s:xacnhan:12": "xacnhan 12",
    "s:tralai:12": "tralai 12",
    "s:duyet:7": "dongy 7",
    "s:tuchoi:7": "khongdongy 7",
    "s:ngaykhac:7": "ngaykhac 7",
    "s:nhom:5:2": "nhom 5 2",
    "s:nhom:5:0": "nhom 5 0",
    "s:nhom:5:tuchoi": "nhom 5 tuchoi",
    "s:tin:toi:31": "tin toi 31",
    "s:tin:lai:31": "tin lai 31",
    "s:tb:doc:5": "tb doc 5",
    "s:tb:doc:5:2": "tb doc 5 2",
    "s:tb:toi:5:p3": "tb toi 5 p3",
    "s:tb:duyet:5": "tb duyet 5",
    "s:tb:moi:0": "tb moi 0",
    "s:hd:duyet:8": "hd duyet 8",
    "s:hd:gan:8:mua_ban-lai.1": "hd gan 8 mua_ban-lai.1",
}
WITHOUT = {
    "viec": "the next page of a list that has just been asked for",
    "giao": "whether to give what has just been looked over; words for it are yes and no",
    "kenh": "where to be written to, out of a list that has just been asked for",
    "nhap": "whether to give what stands in a table; words for it are yes and no",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


def codes_told(office: Office, chat: str) -> dict[str, str]:
    """Label → words of the buttons in the messages to a chat."""
    with office.sessions() as session:
        rows = session.scalars(select(Delivery).where(Delivery.chat == chat).order_by(Delivery.id))
        replies: list[Reply] = [reply for row in rows for reply in replies_from_json(row.body)]
    return {c.label: code_of(c.payload) or "" for reply in replies for c in reply.choices}


@pytest.mark.parametrize(("payload", "code"), CODES.items())
def test_words_stand_for_a_button_both_ways(payload: str, code: str) -> None:
    assert code_of(payload) == code
    assert payload_of(code) == payload


@pytest.mark.parametrize(
    "payload", ["m", "e:nhan:12", "s:viec:toi:10:", "s:giao:co", "s:nhap:thoi", "s:xem:", "s", "s:dongy:7"]
)
def test_what_cannot_be_typed_at_any_time_has_no_words(payload: str) -> None:
    assert code_of(payload) is None


@pytest.mark.parametrize(
    ("said", "payload"),
    [
        ("Nhận 12", "s:nhan:12"),
        ("NHAN  12", "s:nhan:12"),
        ("Đã nhận 12", "s:nhan:12"),
        ("Hoàn thành 12", "s:xong:12"),
        ("xin gia hạn 12", "s:giahan:12"),
        ("Gia hạn 12", "s:giahan:12"),
        ("chi tiết 12", "s:xem:12"),
        ("Xác nhận 12", "s:xacnhan:12"),
        ("Trả lại 12", "s:tralai:12"),
        ("Đồng ý 7", "s:duyet:7"),
        ("Không đồng ý 7", "s:tuchoi:7"),
        ("Ngày khác 7", "s:ngaykhac:7"),
        ("Đã đọc 5", "s:tb:doc:5"),
        ("đọc 5 2", "s:tb:doc:5:2"),
        ("nhóm 5 từ chối", None),
        ("tb đọc 5", "s:tb:doc:5"),
    ],
)
def test_marks_case_and_the_buttons_own_words_are_forgiven(said: str, payload: str | None) -> None:
    assert payload_of(said) == payload


@pytest.mark.parametrize(
    "said",
    ["", "12", "nhan", "nhan mười hai", "xem 12 ngay", "nhận 12 giấy phép", "duyet 12", "tb doc",
     "phí bán lẻ rượu", "nhan 1234567890", "viec 12", "giao 12", "nhan:12", "nhan ١٢"],
)  # fmt: skip
def test_other_words_are_no_code(said: str) -> None:
    assert payload_of(said) is None


@given(st.lists(st.text("abcdehinot:0123456789 ._-", max_size=8), max_size=5).map(":".join))
def test_a_code_always_means_its_own_button(rest: str) -> None:
    code = code_of(f"s:{rest}")
    assert code is None or payload_of(code) == f"s:{rest}"


def test_every_button_of_the_staff_has_words_or_a_reason_for_none(office: Office) -> None:
    typed = {payload.split(":")[1] for payload in CODES}
    assert typed | WITHOUT.keys() == set(office.router.taps)
    assert not typed & WITHOUT.keys()


@pytest.mark.parametrize("payload", sorted(CODES))
def test_typed_words_come_to_what_the_button_comes_to(
    office: Office, monkeypatch: pytest.MonkeyPatch, payload: str
) -> None:
    """Those that are commands as well do the same there, as the tests below show."""
    came: list[tuple[str, ...]] = []

    def tapped(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
        came.append(arguments)
        return say("đã tới")

    verb, *arguments = payload.split(":")[1:]
    monkeypatch.setitem(office.router._taps, verb, tapped)
    monkeypatch.setattr(office.router, "_commands", {})
    assert office.say("Văn", CODES[payload]) == "đã tới"
    assert office.say("An", f"/{CODES[payload].upper()}", group="nhóm") == "đã tới"
    assert came == [tuple(arguments)] * 2
    assert office.hear("người lạ", CODES[payload]) is None


def test_work_is_taken_reported_and_confirmed_in_typed_words_alone(office: Office) -> None:
    number = office.give()
    assert "Nguyễn Văn An đã nhận" in office.say("An", f"Đã nhận {number}", group="nhóm")
    assert f"Nhiệm vụ số {number}" in office.say("An", f"xem {number}")
    assert "minh chứng" in office.say("An", f"hoàn thành {number}")
    assert "Đã ghi nhận" in office.say("An", "12/BC-QLTM")
    codes = codes_told(office, "Văn")
    assert codes["Trả lại"] == f"tralai {number}"
    assert "lý do" in office.say("Văn", codes["Trả lại"])
    assert "Đã trả lại" in office.say("Văn", "thiếu số liệu")
    office.say("An", f"xong {number} 13/BC-QLTM")
    assert "Đã trả lại" in office.say("Văn", f"tralai {number} lý do vẫn thiếu")
    office.say("An", f"xong {number} 14/BC-QLTM")
    assert "Đã xác nhận" in office.say("Văn", codes["Xác nhận"])
    assert office.row(number).state is AssignmentState.DONE


def test_a_request_for_more_time_is_decided_by_its_own_number(office: Office) -> None:
    """«duyet 1» means the assignment's number, as the command does; what is told carries the request's."""
    first, second = office.give("qltm; Việc một; 15/12"), office.give("qltm; Việc hai; 15/12")
    office.say("An", f"gia hạn {second}")
    office.say("An", "22/12 lý do chờ số liệu")
    codes = codes_told(office, "Văn")
    with office.sessions() as session:
        request = session.scalars(select(Extension)).one()
    assert request.id == first  # so that one number could be taken for the other
    assert codes["Đồng ý"] == f"dongy {request.id}"
    assert "không có đề nghị" in office.say("Văn", f"duyet {first}")
    assert "lý do" in office.say("Văn", codes["Không đồng ý"])
    assert "Đã dừng" in office.say("Văn", "thôi")
    assert "ngày nào" in office.say("Văn", codes["Ngày khác"])
    assert "Đã dừng" in office.say("Văn", "thôi")
    assert f"nhiệm vụ số {second} đến hết 22/12" in office.say("Văn", codes["Đồng ý"])
    with office.sessions() as session:
        assert session.get_one(Extension, request.id).decision is Decision.APPROVED
    assert office.row(first).due_on == date(2026, 12, 15)


def test_a_command_that_takes_a_number_needs_no_slash_before_one(office: Office) -> None:
    number = office.give()
    office.say("An", f"giahan {number} 22/12 lý do chờ số liệu")
    assert "đến hết 18/12/2026" in office.say("Văn", f"duyệt {number} 18/12")
    assert office.hear("Văn", "duyệt hồ sơ mất bao lâu") is None


def test_a_notice_is_confirmed_in_typed_words(office: Office) -> None:
    office.say("Văn", "/thongbao")
    office.say("Văn", "Họp giao ban\nLúc 8 giờ.")
    for label in ("Tất cả", "Cần xác nhận", "Trình duyệt"):
        office.tap("Văn", label)
    office.say("Lãnh", "tb duyet 1")
    with office.sessions.begin() as session:
        while sending.queue_some(session, office.notices, 1, now=office.now):
            pass
    assert codes_told(office, "nhóm")["Đã đọc"] == "tb doc 1"
    assert "Nguyễn Văn An" in office.say("An", "tb doc 1", group="nhóm")
    assert "Trần Thị Bình" in office.say("Bình", "Đã đọc 1", group="nhóm")
    with office.sessions() as session:
        assert len(session.scalars(select(NoticeConfirmation)).all()) == 2


def test_a_new_group_is_given_to_a_department_in_typed_words(office: Office) -> None:
    assert office.hear("An", "xin chào", group="nhóm mới") == ()
    codes = codes_told(office, "Văn")
    code = codes["Phòng Quản lý công nghiệp"]
    assert re.fullmatch(r"nhom \d+ 2", code)
    assert "Phòng Quản lý công nghiệp" in office.say("Văn", code)
    with office.sessions() as session:
        group = session.scalars(select(Group).where(Group.chat == "nhóm mới")).one()
    assert (group.state, group.department_id) == (GroupState.APPROVED, 2)


def test_a_message_in_doubt_is_settled_in_typed_words(office: Office) -> None:
    office.give()
    with office.sessions.begin() as session:
        first = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert first
        first.status, number = Status.UNCERTAIN, first.id
    office.say("Văn", "/tin")
    assert "đã ghi là đã tới" in office.say("Văn", f"tin tới {number}")


def test_typed_words_do_nothing_in_a_group_that_is_not_approved(office: Office) -> None:
    number = office.give()
    assert office.hear("An", f"nhan {number}", group="nhóm lạ") == ()
    assert office.hear("An", f"đã nhận {number}", group="nhóm lạ") == ()
    assert "Đã nhận 0/" in office.say("Văn", f"xem {number}")
