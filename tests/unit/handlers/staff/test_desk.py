"""What Văn phòng does with work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from handlers.staff.corrections import agreed
from office.assignments import Assignment, AssignmentState, Priority, Responsible
from office.audit import Deed
from office.deliveries import Delivery, Status
from office.groups import Group
from office.messages import SentFile
from office.people import plain
from office.reminders import Origin, Reminder
from tests.unit.handlers.staff.work_office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.engine.dispose()


@pytest.mark.parametrize(
    "line",
    [
        "qltm; Báo cáo tháng 11; 15/12; 375/SCT-VP ngày 29/3/2021; khẩn; giao bởi Giám đốc Sở",
        "Báo cáo tháng 11; hạn 15/12/2026; Phòng Quản lý thương mại; khan; "
        "cv 375/SCT-VP 29/3/2021; người giao Giám đốc Sở",
        "QLTM; Bao cao thang 11; 15/12; 375/SCT-VP ngay 29/3/2021; khan; giao boi Giam doc So",
        "QLTM; Bao cao thang 11; han 15/12; theo cong van so 375/SCT-VP ngay 29/3/2021; khan; "
        "nguoi giao Giam doc So",
    ],
)
def test_one_line_gives_work_in_any_order(office: Office, line: str) -> None:
    number = office.give(line)
    row = office.row(number)
    assert (plain(row.title), row.due_on) == ("bao cao thang 11", date(2026, 12, 15))
    assert row.priority is Priority.URGENT
    assert (row.document, row.document_date) == ("375/SCT-VP", date(2021, 3, 29))
    assert plain(row.given_by) == "giam doc so"
    assert row.department_id == 1


def test_a_deadline_in_working_days_is_counted_and_shown(office: Office) -> None:
    preview = office.say("Văn", "/giao qltm; Rà soát thủ tục; 10 ngày làm việc")
    assert "thứ Hai 14/12/2026" in preview
    office.tap("Văn", "Giao việc này")
    assert office.row(1).working_days == 10


def test_what_is_missing_is_asked_for_step_by_step(office: Office) -> None:
    assert "Nội dung" in office.say("Văn", "/giao")
    assert "phòng hay người" in office.say("Văn", "Báo cáo tháng 11")
    assert "Không rõ" in office.say("Văn", "phòng ma")
    assert "Thời hạn" in office.say("Văn", "Nguyễn Văn An, Trần Thị Bình")
    assert "không phải thời hạn" in office.say("Văn", "bao giờ xong thì xong")
    assert "Xem lại" in office.say("Văn", "15/12")
    assert "khẩn" in office.say("Văn", "khẩn")
    assert "Nội dung: Báo cáo quý IV" in office.say("Văn", "Nội dung: Báo cáo quý IV")
    assert "Đã giao việc" in office.say("Văn", "có")
    with office.sessions() as session:
        named = session.scalars(select(Responsible).where(Responsible.named)).all()
    assert len(named) == 2
    assert office.row(1).priority is Priority.URGENT


def test_a_stray_text_changes_nothing_in_work_that_waits_to_be_given(office: Office) -> None:
    office.say("Văn", "/giao qltm; Báo cáo tháng 12; 15/12; khẩn")
    for stray in ("khoan", "ừm để xem", "phí bán lẻ thuốc lá bao nhiêu", "An ơi", "?", "dạ", "99", "dung la",
                  "nội dung thế nào", "số điện thoại của phòng", "hạn là bao giờ", "sửa"):  # fmt: skip
        assert "chưa sửa gì" in office.say("Văn", stray), stray
    assert "Đã giao việc" in office.tap("Văn", "Giao việc này")
    row = office.row(1)
    assert (row.title, row.due_on) == ("Báo cáo tháng 12", date(2026, 12, 15))
    assert row.priority is Priority.URGENT


def test_a_clear_change_is_taken_and_shown(office: Office) -> None:
    for change, shown in (
        ("nội dung: Báo cáo quý IV", "Nội dung: Báo cáo quý IV\n"),
        ("Sửa nội dung thành Báo cáo quý IV", "Nội dung: Báo cáo quý IV\n"),
        ("hạn 20/12", "hết Chủ nhật 20/12/2026"),
        ("doi han thanh 21/12", "21/12/2026"),
        ("thời hạn: trước 21/12", "21/12/2026"),
        ("5 ngày làm việc", "07/12/2026"),
        ("giao cho QLCN", "Giao cho: Phòng Quản lý công nghiệp\n"),
        ("giao cho Nguyễn Văn An", "Giao cho: Nguyễn Văn An\n"),
        ("nguyen van an, tran thi binh", "Giao cho: Nguyễn Văn An, Trần Thị Bình\n"),
        ("văn bản 12/SCT-VP", "Văn bản: 12/SCT-VP\n"),
        ("mức độ: thường", "Mức độ: thường"),
        ("giao bởi Giám đốc Sở", "Giao bởi: Giám đốc Sở"),
        ("hạn 21/12; khẩn; nội dung: Báo cáo quý IV", "Nội dung: Báo cáo quý IV\n"),
        ("qlcn; Báo cáo quý IV; 21/12", "Nội dung: Báo cáo quý IV\n"),
    ):
        office.say("Văn", "/giao qltm; Báo cáo tháng 12; 10 ngày làm việc; 375/SCT-VP ngày 29/3/2021; khẩn")
        assert shown in office.say("Văn", change) + "\n", change


def test_yes_and_no_may_be_said_in_words(office: Office) -> None:
    yes = ("có", "Đồng ý ạ", "ừ", "ok em", "đúng", "Đúng rồi ạ.", "giao luôn", "vâng ạ", "được")
    assert [agreed(text) for text in yes] == [True] * len(yes)
    assert [agreed(text) for text in ("không", "không giao ạ", "bỏ", "huỷ")] == [False] * 4
    for text in ("đúng rồi ạ", "không ạ", "thôi", "dừng", "dung"):
        office.say("Văn", "/giao qltm; Báo cáo tháng 12; 15/12")
        said = office.say("Văn", text)
        assert ("Đã giao việc" in said) == (text == "đúng rồi ạ")
    with office.sessions() as session:
        assert len(session.scalars(select(Assignment)).all()) == 1


def test_the_button_under_an_older_preview_gives_nothing_newer(office: Office) -> None:
    office.say("Văn", "/giao qltm; Báo cáo tháng 12; 15/12")
    assert office.replies
    older = office.replies[0].choices[0].payload
    office.say("Văn", "hạn 16/12")
    again = office.say("Văn", payload=older)
    assert "đã được sửa" in again
    assert "16/12/2026" in again
    assert "Đã giao việc" in office.tap("Văn", "Giao việc này")
    assert office.row(1).due_on == date(2026, 12, 16)


def test_a_day_that_has_passed_or_is_off_is_said(office: Office) -> None:
    assert "không còn ở phía trước" in office.say("Văn", "/giao qltm; Việc; 29/11/2026")
    assert "ngày nghỉ" in office.say("Văn", "/giao qltm; Việc; 19/12")
    assert "chưa được xác nhận" in office.say("Văn", "/giao qltm; Việc; 20/01/2027")


def test_express_needs_a_reason_and_then_passes_quiet_hours(office: Office) -> None:
    assert "Lý do" in office.say("Văn", "/giao qltm; Ứng phó bão; 01/12; hoả tốc")
    assert "Xem lại" in office.say("Văn", "bão số 9 đổ bộ")
    office.tap("Văn", "Giao việc này")
    with office.sessions() as session:
        rows = session.scalars(select(Delivery)).all()
        deed = session.scalars(select(Deed).where(Deed.action == "assignment.create")).one()
    assert rows
    assert all(row.passes_quiet and row.urgency == 0 for row in rows)
    assert deed.reason == "bão số 9 đổ bộ"


def test_a_tap_on_an_old_preview_gives_nothing_twice(office: Office) -> None:
    office.say("Văn", "/giao qltm; Việc; 15/12")
    office.tap("Văn", "Giao việc này")
    assert "đã giao hoặc đã quá lâu" in office.say("Văn", payload="s:giao:co")
    with office.sessions() as session:
        assert len(session.scalars(select(Assignment)).all()) == 1


def test_a_report_is_confirmed_or_returned_with_a_reason(office: Office) -> None:
    number = office.give()
    office.say("An", f"xong {number} 1/SCT")
    assert "lý do" in office.say("Văn", payload=f"s:tralai:{number}")
    assert "Đã trả lại" in office.say("Văn", "thiếu chữ ký")
    assert "thiếu chữ ký" in office.told("An")[-1]
    assert office.row(number).state is AssignmentState.OPEN
    office.say("An", f"xong {number} 2/SCT")
    assert "Đã xác nhận" in office.say("Văn", f"/xacnhan {number}")
    row = office.row(number)
    assert row.state is AssignmentState.DONE
    assert row.finished_at
    assert row.next_rung_at is None
    assert "không có báo cáo" in office.say(
        "Văn", f"/tralai {number} lý do x"
    ) or "đã hoàn thành" in office.say("Văn", f"/tralai {number} lý do x")


def test_nobody_confirms_their_own_report(office: Office) -> None:
    office.give("Hồ Văn Phòng; Việc của Văn phòng; 15/12")
    office.say("Văn", "xong 1 1/VP")
    assert "không tự xác nhận" in office.say("Văn", "/xacnhan 1")


def test_requests_are_approved_changed_or_refused(office: Office) -> None:
    for number, answer, due in (
        (1, "/duyet 1", date(2026, 12, 20)),
        (2, "/duyet 2 18/12", date(2026, 12, 18)),
        (3, "/tuchoi 3 lý do việc gấp", date(2026, 12, 15)),
    ):
        office.give()
        office.say("An", f"giahan {number} 20/12 lý do chờ số liệu")
        office.told("An")
        office.say("Văn", answer)
        assert office.row(number).due_on == due
        assert office.told("An")
        assert "không có đề nghị" in office.say("Văn", f"/duyet {number}")


def test_another_day_is_asked_for_after_a_tap(office: Office) -> None:
    office.give()
    office.say("An", "giahan 1 20/12 lý do chờ số liệu")
    assert "nhiệm vụ số 1 đến ngày nào" in office.say("Văn", payload="s:ngaykhac:1")
    assert "18/12/2026" in office.say("Văn", "18/12")
    assert "đã được trả lời" in office.say("Văn", payload="s:duyet:1")


def test_members_may_not_decide(office: Office) -> None:
    office.give()
    office.say("An", "giahan 1 20/12 lý do x")
    office.say("An", "xong 1 1/SCT")
    for payload in ("s:duyet:1", "s:tuchoi:1", "s:ngaykhac:1", "s:xacnhan:1", "s:tralai:1"):
        assert "Việc này dành cho" in office.say("Bình", payload=payload)


def test_work_is_called_off_changed_and_handed_over(office: Office) -> None:
    number = office.give()
    assert "Đã sửa" in office.say("Văn", f"/sua {number} Báo cáo quý IV")
    assert office.row(number).title == "Báo cáo quý IV"
    assert "Cần nêu lý do" in office.say("Văn", f"/huy {number}")
    assert "Đã huỷ" in office.say("Văn", f"/huy {number} lý do giao nhầm")
    assert "giao nhầm" in office.told("An")[-1]
    office.give()
    assert "Đã chuyển 1 việc" in office.say(
        "Trưởng", "/chuyen Nguyễn Văn An cho Trần Thị Bình lý do nghỉ dài"
    )
    assert "bàn giao" in office.told("Bình")[-1]
    assert "không có việc" in office.say("An", "viec")
    assert "việc của phòng mình" in office.say("Trưởng", "/chuyen Phạm Cường cho Nguyễn Văn An lý do x")


# --- tables, figures, reminders


def test_a_table_is_looked_over_first_and_given_once(office: Office) -> None:
    file = SentFile(id="f", name="viec.csv", content=b"Mot Hai")
    assert "mẫu" in office.say("Văn", "/nhap")
    for expected in ("Đã giao 2 việc", "Đã giao 0 việc"):
        office.say("Văn", file=file)
        assert expected in office.tap("Văn", "Giao 2 việc")
    assert "chưa rõ tệp" in office.say("An", file=file)
    # A table put right takes the place of the one before, whose button gives nothing any more.
    office.say("Văn", file=SentFile(id="g", name="viec.csv", content=b"Ba Bon"))
    assert office.replies
    older = office.replies[0].choices[0].payload
    assert "3 việc" in office.say("Văn", file=SentFile(id="h", name="viec.csv", content=b"Ba Bon Nam"))
    assert "bảng khác" in office.say("Văn", payload=older)
    assert "Đã giao 3 việc" in office.say("Văn", "đồng ý ạ")
    # One of which nothing can be given does so too.
    office.say("Văn", file=SentFile(id="i", name="viec.csv", content=b"Sau Bay"))
    assert "0 việc" in office.say("Văn", file=SentFile(id="j", name="viec.csv", content=b""))
    assert office.hear("Văn", "đồng ý ạ") is None


def test_figures_are_for_whom_they_are(office: Office) -> None:
    assert "đúng hạn" in office.say("Văn", "/thongke tháng 11")
    assert office.replies
    assert [file.name[-4:] for file in office.replies[0].files] == [".png", "xlsx"]
    office.say("An", "/thongke quý 4")
    assert office.replies
    assert office.replies[0].files[0].content.decode() == "Nguyễn Văn An"
    assert "Không rõ khoảng" in office.say("Văn", "/thongke hồi nào")


def test_reminders_are_listed_added_reworded_and_switched(office: Office) -> None:
    assert "Đã thêm" in office.say(
        "Văn", "/nhac them thứ Sáu 15:00, trước; qltm, trưởng phòng; Nộp báo cáo tuần."
    )
    with office.sessions() as session:
        row = session.scalars(select(Reminder)).one()
    assert (row.schedule, row.shift, row.origin) == ("thứ Sáu 15:00", "before", Origin.CHAT)
    assert row.audience == {"groups": "none", "departments": ["qltm"], "roles": ["head"]}
    assert row.next_at
    key = row.key
    assert "thứ Sáu 15:00" in office.say("An", "/nhac")
    assert "Việc này dành cho" in office.say("An", f"/nhac tat {key} lý do x")
    assert "lý do" in office.say("Văn", f"/nhac tat {key}")
    assert "Đã tắt" in office.say("Văn", f"/nhac tat {key} lý do hết việc")
    assert "Đã bật" in office.say("Văn", f"/nhac bat {key}")
    assert "Nộp trước 16 giờ" in office.say("Văn", f"/nhac loi {key} 1 Nộp trước 16 giờ.")
    assert "Đã đổi lịch" in office.say("Văn", f"/nhac gio {key} thứ Năm 9:00")
    assert "Không hiểu lịch" in office.say("Văn", f"/nhac gio {key} hôm nào đó 9:00")
    assert "Không có quy tắc" in office.say("Văn", "/nhac la-lam")
    assert "Không rõ phòng" in office.say("Văn", "/nhac them thứ Sáu 15:00; phòng ma; Nội dung")
    assert "theo tệp" in office.say("Văn", f"/nhac goc {key}")
    with office.sessions() as session:
        deeds = [d.action for d in session.scalars(select(Deed)) if d.subject == "reminder"]
        assert session.scalars(select(Reminder)).one().origin is Origin.FILE
    verbs = [deed.removeprefix("reminder.") for deed in deeds]
    assert verbs == ["add", "off", "on", "wording", "schedule", "original"]


def test_messages_in_doubt_are_settled_with_one_tap(office: Office) -> None:
    office.say("Văn", "/giao qltm; Việc; 15/12")
    office.tap("Văn", "Giao việc này")
    with office.sessions.begin() as session:
        first, second, *_ = session.scalars(select(Delivery).order_by(Delivery.id))
        first.status, second.status = Status.UNCERTAIN, Status.FAILED
        second.reason = "Bot đã bị chặn."
        ids = (first.id, second.id)
        session.execute(update(Group).values(title=""))  # some platforms tell none
    shown = office.say("Văn", "/tin")
    assert ", chưa có tên (…nhóm):" in shown
    assert "Bot đã bị chặn. Xem lý do" in shown
    assert "đã ghi là đã tới" in office.say("Văn", payload=f"s:tin:toi:{ids[0]}")
    assert "sẽ được gửi lại" in office.say("Văn", payload=f"s:tin:lai:{ids[1]}")
    assert "đã được xử lý rồi" in office.say("Văn", payload=f"s:tin:lai:{ids[0]}")
    assert "Việc này dành cho" in office.say("An", "/tin")
    with office.sessions() as session:
        statuses = [session.get_one(Delivery, number).status for number in ids]
    assert statuses == [Status.SENT, Status.QUEUED]


def test_a_deadline_is_moved_both_ways_with_a_reason_and_everyone_is_told(office: Office) -> None:
    number = office.give("qltm; Báo cáo tháng 11; 15/12")
    assert "lý do" in office.say("Văn", f"/doihan {number} 10/12")
    assert office.row(number).due_on == date(2026, 12, 15)
    assert "thứ Năm 10/12/2026" in office.say("Văn", f"/doihan {number} 10/12 lý do lãnh đạo yêu cầu sớm")
    assert "Hạn hiện nay đã là 10/12/2026" in office.say("Văn", f"/doihan {number} 10/12 lý do nhầm")
    assert "ngày nghỉ" in office.say("Văn", f"/doihan {number} 19/12 lý do chờ số liệu")
    row = office.row(number)
    assert (row.due_on, row.first_due_on) == (date(2026, 12, 19), date(2026, 12, 15))
    with office.sessions() as session:
        deeds = session.scalars(
            select(Deed).where(Deed.action == "assignment.change").order_by(Deed.id)
        ).all()
        told = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert [deed.after for deed in deeds] == [{"due_on": "2026-12-10"}, {"due_on": "2026-12-19"}]
    assert told is not None
    assert "đổi hạn từ 10/12/2026 thành hết 19/12/2026" in str(told.body)
