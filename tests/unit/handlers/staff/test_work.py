"""What a civil servant does with work, in words and taps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from office.assignments import AssignmentState, Extension, ProofKind, Report
from office.clock import ZONE
from office.deliveries import Occurrence
from office.messages import SentFile
from scheduler.ration import SETS_DEADLINE
from tests.unit.handlers.staff.work_office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


@pytest.mark.parametrize("words", ["nhan {}", "/nhan {}", "Nhận {}", "/nhan@XinLuonBot {}", "NHẬN #{}"])
def test_acknowledging_in_any_spelling_counts_once_a_person(office: Office, words: str) -> None:
    number = office.give()
    for _ in range(2):
        assert "Đã nhận 1/3: Nguyễn Văn An" in office.say("An", words.format(number))


def test_who_has_taken_note_is_offered_what_comes_next_alone(office: Office) -> None:
    number = office.give()
    said = office.say("An", f"nhan {number}")
    assert f"Trả lời: xong {number} 412/SCT · giahan {number} 22/12 lý do …" in said
    assert office.replies
    assert [c.label for c in office.replies[0].choices] == ["Hoàn thành", "Xin gia hạn", "Chi tiết"]
    office.say("Bình", f"/nhan {number}", group="nhóm")
    assert "Đã nhận" in [c.label for reply in office.replies for c in reply.choices]  # for the others


def test_a_citizens_words_are_left_to_the_citizens(office: Office) -> None:
    assert office.hear("Dân", "nhan 12") is None
    assert office.hear("Dân", "nhan con nuoi can giay gi") is None
    assert office.hear("An", "phí bán lẻ thuốc lá") is None
    assert "/ma" in office.say("Dân", "/viec")


def test_a_tap_in_the_group_shows_the_roster_in_place(office: Office) -> None:
    number = office.give()
    text = office.say("Bình", payload=f"s:nhan:{number}", group="nhóm")
    assert "Đã nhận 1/3: Trần Thị Bình" in text
    assert office.replies
    assert office.replies[0].replaces
    assert "Lê Văn Trưởng" in text


def test_news_of_a_deadline_is_known_by_its_name_where_messages_are_rationed(office: Office) -> None:
    number = office.give()
    office.say("Văn", f"/doihan {number} 20/12 lý do lùi họp")
    office.say("An", f"giahan {number} 25/12 lý do chờ số liệu")
    office.say("Văn", f"/duyet {number}")
    with office.sessions() as session:
        named = session.scalars(select(Occurrence.rung).where(Occurrence.source_id == number)).all()
    news = {name for name in named if name.startswith("work.") and not name.startswith("work.asked")}
    assert "work.new" in news
    assert len(news) == 3
    assert all(name.startswith(SETS_DEADLINE) for name in news)


def test_what_is_long_overdue_is_shown_a_day_to_ask_for_that_is_still_to_come(office: Office) -> None:
    number = office.give()
    office.now = datetime(2026, 12, 28, 9, 0, tzinfo=ZONE)
    assert f"giahan {number} 04/01 lý do …" in office.say("An", f"xem {number}")
    office.say("An", f"giahan {number} 04/01 lý do chờ số liệu")
    with office.sessions() as session:
        assert session.scalars(select(Extension.asked_due)).all() == [date(2027, 1, 4)]


def test_somebody_else_cannot_act(office: Office) -> None:
    number = office.give()
    for words in (f"nhan {number}", f"xong {number} 1/SCT", f"giahan {number} 20/12 lý do x"):
        assert "không giao cho anh/chị" in office.say("Cường", words)
    assert office.row(number).state is AssignmentState.OPEN


def test_a_stand_in_acts_for_who_is_away(office: Office) -> None:
    number = office.give("Nguyễn Văn An; Soạn kế hoạch; 15/12")
    assert "không giao" in office.say("Bình", f"nhan {number}")
    office.say("An", "/nghi 30/11 05/12 thay Trần Thị Bình lý do nghỉ phép")
    assert "Đã nhận 1/1" in office.say("Bình", f"nhan {number}")


@pytest.mark.parametrize(
    ("proof", "kind"),
    [("375/SCT-VP", ProofKind.DOCUMENT), ("https://sct.vn/a", ProofKind.LINK)],
)
def test_done_needs_proof_and_keeps_its_kind(office: Office, proof: str, kind: ProofKind) -> None:
    number = office.give()
    assert "minh chứng" in office.say("An", f"xong {number}")
    assert office.row(number).state is AssignmentState.OPEN
    assert "Đã ghi nhận" in office.say("An", proof)
    with office.sessions() as session:
        [report] = session.scalars(select(Report))
    assert (report.proof_kind, report.proof) == (kind, proof)
    assert "375" in "".join(office.told("Văn")) or kind is ProofKind.LINK


def test_a_file_is_proof_when_it_was_asked_for(office: Office) -> None:
    number = office.give()
    office.say("An", f"xong {number}")
    assert "Đã ghi nhận" in office.say("An", file=SentFile(id="f", name="bao-cao.pdf"))
    with office.sessions() as session:
        [report] = session.scalars(select(Report))
    assert (report.proof_kind, report.proof) == (ProofKind.FILE, "bao-cao.pdf")
    assert "chưa rõ tệp" in office.say("Bình", file=SentFile(id="f", name="anh.png"))


def test_a_guided_conversation_can_be_left(office: Office) -> None:
    number = office.give()
    office.say("An", f"xong {number}")
    assert "Đã dừng" in office.say("An", "thôi")
    assert office.hear("An", "375/SCT-VP") is None
    assert office.row(number).state is AssignmentState.OPEN


def test_reported_twice_or_finished_is_answered_politely(office: Office) -> None:
    number = office.give()
    office.say("An", f"xong {number} 1/SCT")
    assert "chờ Văn phòng" in office.say("Bình", f"xong {number} 2/SCT")
    assert "chờ Văn phòng" in office.say("Bình", f"xong {number}")
    office.say("Văn", f"/xacnhan {number}")
    assert "đã hoàn thành" in office.say("Bình", f"nhan {number}")
    assert "đã hoàn thành" in office.say("Bình", payload=f"s:giahan:{number}")


@pytest.mark.parametrize(
    "words",
    [
        ["giahan {} 20/12 lý do chờ số liệu"],
        ["giahan {}", "20/12 lý do chờ số liệu"],
        ["giahan {} 20/12", "chờ số liệu"],
        ["giahan {}", "20/12 chờ số liệu"],
    ],
)
def test_more_time_is_asked_for_at_once_or_step_by_step(office: Office, words: list[str]) -> None:
    number = office.give()
    for text in words:
        answer = office.say("An", text.format(number))
    assert "Đã gửi Văn phòng" in answer
    [asked] = office.told("Văn")
    assert "chờ số liệu" in asked
    assert "20/12/2026" in asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("giahan {} 10/12 lý do x", "không sau hạn"),
        ("giahan {} 29/11/2026 lý do x", "không còn ở phía trước"),
        ("giahan {} 31/2 lý do x", "không phải ngày"),
        ("giahan {} 20/12/2032 lý do x", "quá xa"),
        ("giahan x", "số của nhiệm vụ"),
        ("giahan 99999999999999999999 20/12 lý do x", "số của nhiệm vụ"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_why(office: Office, words: str, said: str) -> None:
    number = office.give()
    assert said in office.say("An", words.format(number))


def test_a_second_request_waits_for_the_first(office: Office) -> None:
    number = office.give()
    office.say("An", f"giahan {number} 20/12 lý do x")
    assert "đang chờ Văn phòng" in office.say("Bình", f"giahan {number} 25/12 lý do y")


def test_the_letter_quotes_the_request(office: Office) -> None:
    number = office.give("qltm; Báo cáo tháng; 15/12; 375/SCT-VP ngày 29/3/2021")
    assert "chưa có đề nghị" in office.say("An", f"/vanban {number}")
    office.say("An", f"giahan {number} 20/12 lý do chờ số liệu")
    letter = office.say("An", f"/vanban {number}")
    for words in ("Độc lập - Tự do - Hạnh phúc", "375/SCT-VP ngày 29/3/2021", "chờ số liệu", "20/12/2026"):
        assert words.replace("29/3", "29/03") in letter
    assert office.replies
    [file] = office.replies[0].files
    assert "Nơi nhận" in file.content.decode()
    assert "Thực hiện Công văn số 375/SCT-VP" in letter
    assert "TRƯỞNG PHÒNG, ĐƠN VỊ" not in letter


def test_the_letter_of_a_request_that_was_granted_names_the_granted_day_alone(office: Office) -> None:
    number = office.give("qltm; Báo cáo tháng; 15/12; 12/KH-UBND")
    office.say("An", f"giahan {number} 20/12 lý do chờ số liệu")
    office.say("Văn", f"/duyet {number} 18/12")
    letter = office.say("An", f"/vanban {number}")
    assert "Thực hiện Kế hoạch số 12/KH-UBND, " in letter
    assert "đến hết ngày 18/12/2026" in letter
    assert "20/12" not in letter


def test_lists_are_by_urgency_and_for_whom_they_are(office: Office) -> None:
    office.give("qltm; Việc sau; 30/12")
    office.give("qltm; Việc trước; 02/12")
    office.give("qlcn; Việc phòng khác; 03/12")
    mine = office.say("An", "viec")
    assert mine.index("Việc trước") < mine.index("Việc sau")
    assert "Việc phòng khác" not in mine
    assert "còn 2 ngày làm việc" in mine
    assert "Việc sau" not in office.say("An", "viec tuần")
    assert "Việc trước" in office.say("Trưởng", "/viec phòng")
    assert "Việc này dành cho" in office.say("An", "/viec phong")
    assert "Việc này dành cho" in office.say("Trưởng", "/viec phong qlcn")
    assert "Việc phòng khác" in office.say("Văn", "/viec het")
    assert "Việc phòng khác" in office.say("Lãnh", "/viec phong qlcn")
    assert "không giao" in office.say("Cường", "/viec 1")


def test_a_long_list_has_pages(office: Office) -> None:
    for number in range(12):
        office.give(f"qltm; Việc thứ {number}; 15/12")
    assert "(12)" in office.say("An", "viec")
    assert "Việc thứ 11" in office.tap("An", "Xem thêm")


def test_help_lists_what_ones_roles_allow(office: Office) -> None:
    assert "/giao" not in office.say("An", "/trogiup")
    assert "/nhanquyen" not in office.say("An", "/trogiup")
    assert "xong 12" in office.say("An", "/trogiup")
    assert "/giao" in office.say("Văn", "/trogiup")


def test_what_is_refused_has_changed_nothing_and_keeps_the_conversation(office: Office) -> None:
    number = office.give()
    office.say("An", f"giahan {number}")
    assert "không sau hạn" in office.say("An", "10/12 lý do x")
    assert "Đã gửi" in office.say("An", "20/12 lý do x")
    assert office.row(number).due_on == date(2026, 12, 15)


@pytest.mark.parametrize(
    "payload", ["s:", "s:lạ:1", "s:nhan:x", "s:nhan:-1", "s:xem:999999999999999999", "s:viec"]
)
def test_taps_that_make_no_sense_are_answered(office: Office, payload: str) -> None:
    assert office.say("An", payload=payload)


def test_in_a_group_it_is_said_how_the_words_that_are_awaited_reach_the_bot(office: Office) -> None:
    number = office.give()
    for text in (f"xong {number}", "dạ"):
        assert "trả lời ngay tin này hoặc nhắc tên bot" in office.say("An", text, group="nhóm")
    assert "nhắc tên bot" not in office.say("An", "412/SCT", group="nhóm")
    assert "nhắc tên bot" not in office.say("Bình", "giahan 1")
