"""Notices in chat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.staff.notice_words import read_change, read_moment, title_and_body
from office.assignments import Priority
from office.clock import ZONE
from office.messages import SentFile
from office.notices import Notice, NoticeConfirmation, NoticeState
from office.refusal import Refused
from scheduler.notices import sending
from tests.unit.handlers.staff.work_office import Office

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)  # Monday 9:00
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TEXT = "Họp giao ban tháng 12\nMời các phòng dự họp lúc 8 giờ ngày 01/12/2026 tại phòng họp số 1."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


def row(office: Office, number: int = 1) -> Notice:
    with office.sessions() as session:
        return session.get_one(Notice, number)


def queue(office: Office, number: int = 1) -> None:
    """What the planner does."""
    with office.sessions.begin() as session:
        while sending.queue_some(session, office.notices, number, now=office.now):
            pass


def written(office: Office, *, to: str = "Tất cả") -> None:
    """Văn phòng has a draft to all groups in hand."""
    office.say("Văn", "/thongbao")
    office.say("Văn", TEXT)
    office.tap("Văn", to)


def approved(office: Office) -> None:
    written(office)
    office.tap("Văn", "Cần xác nhận")
    office.tap("Văn", "Trình duyệt")
    office.say("Lãnh", "/thongbao 1")
    office.tap("Lãnh", "Duyệt")
    queue(office)


def test_a_notice_is_written_step_by_step_and_can_be_changed_by_typing(office: Office) -> None:
    assert "dòng đầu là tiêu đề" in office.say("Văn", "/thongbao")
    assert "Gửi tới đâu" in office.say("Văn", TEXT)
    card = office.tap("Văn", "Tất cả")
    assert "Tiêu đề: Họp giao ban tháng 12" in card
    assert "1 cuộc trò chuyện" in card
    assert "QLTM" in card
    assert "375/SCT-VP ngày 29/03/2021" in office.say("Văn", "375/SCT-VP ngày 29/3/2021")
    assert "khẩn" in office.say("Văn", "khẩn")
    assert "Cần xác nhận" in office.say("Văn", "cần xác nhận")
    assert "Họp giao ban quý IV" in office.say("Văn", "Họp giao ban quý IV\nNội dung khác.")
    for stray in ("ừ gửi đi", "phí bán lẻ thuốc lá bao nhiêu", "dạ", "mai họp lúc mấy giờ?"):
        assert "chưa sửa và chưa gửi gì" in office.say("Văn", stray), stray
    assert "Tiêu đề: Họp giao ban năm" in office.say("Văn", "tiêu đề: Họp giao ban năm")
    assert "Nội dung khác." in office.say("Văn", "nội dung: Nội dung khác.")
    assert "Tiêu đề: Họp quý\n" in office.say("Văn", "Tiêu đề: Họp quý\n\nNội dung: Như đã báo.\nLúc 8 giờ.")
    assert row(office).body == "Như đã báo.\nLúc 8 giờ."
    office.say("Văn", "Họp giao ban năm\nNội dung khác.")
    found = row(office)
    assert found.title == "Họp giao ban năm"
    assert (found.state, found.priority, found.confirm) == (NoticeState.DRAFT, Priority.URGENT, True)
    assert (found.document, found.document_date) == ("375/SCT-VP", date(2021, 3, 29))
    assert found.body == "Nội dung khác."


def test_a_notice_may_end_with_a_question_but_a_question_alone_is_none(office: Office) -> None:
    office.say("Văn", "/thongbao")
    assert "dòng đầu là tiêu đề" in office.say("Văn", "gửi cho những ai?")
    assert "Gửi tới đâu" in office.say("Văn", "Hội thao tháng 12\nAnh/chị đăng ký môn nào?")
    assert row(office).body == "Anh/chị đăng ký môn nào?"


def test_recipients_can_be_said_in_words(office: Office) -> None:
    office.say("Văn", "/thongbao")
    office.say("Văn", TEXT)
    assert "Không rõ «phòng ma»" in office.say("Văn", "phòng ma")
    card = office.say("Văn", "qltm, lãnh đạo, Phạm Cường")
    assert "3 cuộc trò chuyện" in card
    assert row(office).audience == {"departments": [1], "roles": ["leader"], "members": [4]}


def test_only_who_is_not_the_author_may_approve(office: Office) -> None:
    written(office)
    assert "trình duyệt" in office.tap("Văn", "Trình duyệt").lower()
    assert any("duyệt" in text for text in office.told("Lãnh"))
    office.say("Văn", "/thongbao 1")
    assert office.replies is not None
    assert not [c for r in office.replies for c in r.choices if c.label == "Duyệt"]
    assert office.say("Văn", payload="s:tb:duyet:1")
    assert row(office).state is NoticeState.WAITING
    office.say("Lãnh", "/thongbao 1")
    assert "Đã duyệt" in office.tap("Lãnh", "Duyệt")
    queue(office)
    assert any("Họp giao ban" in text for text in office.told("nhóm"))


def test_a_number_under_which_something_else_waits_is_answered_with_what_does(office: Office) -> None:
    written(office)
    office.tap("Văn", "Trình duyệt")
    assert "Duyệt: tb duyet 1" in office.say("Lãnh", "duyet 1")
    assert "Đã duyệt" in office.say("Lãnh", "tb duyet 1")
    for _ in range(2):
        office.give()
    office.say("An", "giahan 2 20/12 lý do chờ số liệu")
    assert "nhiệm vụ số 2 (duyet 2)" in office.say("Lãnh", "duyet 1")
    office.say("An", "giahan 1 20/12 lý do chờ số liệu")
    assert "Đồng ý: duyet 1" in office.say("Lãnh", "tb duyet 1")
    assert "Đã gia hạn nhiệm vụ số 1" in office.say("Lãnh", "duyet 1")
    assert "tb duyet" not in office.say("An", "duyet 1")


def test_who_has_not_been_asked_yet_is_not_asked_once_it_is_decided(office: Office) -> None:
    written(office)
    office.tap("Văn", "Trình duyệt")
    office.say("Lãnh", "/thongbao 1")
    office.tap("Lãnh", "Duyệt")
    assert not any("trình duyệt" in text for text in office.told("Lãnh"))


def test_what_is_given_back_says_why_and_is_a_draft_again(office: Office) -> None:
    written(office)
    office.tap("Văn", "Trình duyệt")
    office.say("Lãnh", "/thongbao 1")
    assert "lý do" in office.tap("Lãnh", "Trả lại")
    assert "Đã trả lại" in office.say("Lãnh", "thiếu địa điểm")
    assert row(office).state is NoticeState.DRAFT
    assert any("thiếu địa điểm" in text for text in office.told("Văn"))


def test_readers_confirm_in_the_group_once_each(office: Office) -> None:
    approved(office)
    assert "đã đọc thông báo số 1" in office.say("An", payload="s:tb:doc:1", group="nhóm")
    assert "từ trước" in office.say("An", payload="s:tb:doc:1", group="nhóm")
    with office.sessions() as session:
        assert len(session.scalars(select(NoticeConfirmation)).all()) == 1
    card = office.say("Văn", "/thongbao 1")
    assert "Đã xác nhận: 1/3" in card
    assert "Trần Thị Bình" in card


def test_a_tap_under_former_words_does_not_count_for_the_corrected_ones(office: Office) -> None:
    approved(office)
    office.told("nhóm")
    office.say("Văn", "/thongbao 1")
    assert "nội dung mới" in office.tap("Văn", "Đính chính")
    assert "nội dung mới" in office.say("Văn", "dạ")  # goes to everyone who has read the notice
    assert "lý do" in office.say("Văn", "Họp giao ban tháng 12\nĐổi sang 14 giờ.")
    assert "chưa phải lý do" in office.say("Văn", "vâng")
    assert "đính chính" in office.say("Văn", "đổi giờ")
    assert "đã được đính chính" in office.say("An", payload="s:tb:doc:1", group="nhóm")
    assert "đã đọc thông báo số 1" in office.say("An", payload="s:tb:doc:1:2", group="nhóm")


def test_who_is_reminded_may_read_the_notice_again(office: Office) -> None:
    approved(office)
    assert "phòng họp số 1" in office.say("An", payload="s:tb:xem:1")
    assert "dành cho" in office.say("An", payload="s:tb:huy:1")


def test_pausing_asks_why_and_what_waits_stays(office: Office) -> None:
    approved(office)
    office.say("Văn", "/thongbao 1")
    assert "lý do" in office.tap("Văn", "Tạm dừng")
    assert "tạm dừng" in office.say("Văn", "chờ ý kiến lãnh đạo")
    assert office.told("nhóm") == []
    assert "gửi tiếp" in office.tap("Văn", "Gửi tiếp")
    assert any("Họp giao ban" in text for text in office.told("nhóm"))


def test_a_draft_is_thrown_away_without_a_reason(office: Office) -> None:
    written(office)
    assert "Đã huỷ" in office.tap("Văn", "Huỷ")
    assert row(office).state is NoticeState.CANCELLED


def test_a_file_is_attached_while_the_draft_is_in_hand(office: Office) -> None:
    written(office)
    file = SentFile(id="f", name="giay-moi.pdf", media_type="application/pdf", size=len(PDF), content=PDF)
    assert "giay-moi.pdf" in office.say("Văn", "", file=file)
    bad = SentFile(id="f", name="may.exe", size=2, content=b"MZ")
    assert "may.exe" not in office.say("Văn", "/thongbao 1")
    refused = office.say("Văn", "", file=bad)
    assert "PDF" in refused
    assert "Đã bỏ tệp" in (office.say("Văn", "/thongbao 1") and office.tap("Văn", "Bỏ tệp"))


def test_members_can_neither_write_nor_look(office: Office) -> None:
    assert "dành cho" in office.say("An", "/thongbao")
    assert "dành cho" in office.say("An", payload="s:tb:duyet:1")


def test_notices_are_written_privately(office: Office) -> None:
    assert "nhắn riêng" in office.say("Văn", "/thongbao", group="nhóm")


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("Mời họp\n8 giờ mai", "Mời họp", "8 giờ mai"),
        ("Mai nghỉ", "Mai nghỉ", ""),
        ("Câu một. " + "x " * 100, "Câu một.", ("Câu một. " + "x " * 100).strip()),
    ],
)
def test_the_first_line_is_the_title_where_it_can_be(text: str, title: str, body: str) -> None:
    assert title_and_body(text) == (title, body)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("8:00 ngày mai", datetime(2026, 12, 1, 8, 0, tzinfo=ZONE)),
        ("14h30", datetime(2026, 11, 30, 14, 30, tzinfo=ZONE)),
        ("lúc 7 giờ 02/12", datetime(2026, 12, 2, 7, 0, tzinfo=ZONE)),
        ("8:00", datetime(2026, 12, 1, 8, 0, tzinfo=ZONE)),
    ],
)
def test_moments_are_read(text: str, moment: datetime) -> None:
    assert read_moment(text, NOW) == moment


def test_a_past_moment_is_refused() -> None:
    with pytest.raises(Refused, match="đã qua"):
        read_moment("8:00 29/11/2026", NOW)


@pytest.mark.parametrize(
    "text",
    ["Mời các phòng dự họp", "Họp lúc 8:00 ngày mai", "Thực hiện Công văn 375/SCT-VP ngày 29/3/2021 của Sở"],
)
def test_a_sentence_is_a_new_text_and_no_change_of_one_thing(text: str) -> None:
    assert read_change(text, NOW).nothing


def test_an_hour_alone_is_when_to_send() -> None:
    assert read_change("gửi lúc 8:00 ngày mai", NOW).send_at == datetime(2026, 12, 1, 8, 0, tzinfo=ZONE)
