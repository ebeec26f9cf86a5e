"""A notice's report as a workbook, and lists of recipients that come in."""

from __future__ import annotations

from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bot.files import recipients
from bot.files.notice_workbook import notice_xlsx
from office.database import make_engine, session_factory
from office.deliveries import Status
from office.refusal import Refused
from scheduler.courier import Failed
from scheduler.notices import reading
from scheduler.notices.audience import Audience
from scheduler.notices.report import report
from scheduler.quiet import QuietHours
from tests.databases import fresh_sqlite
from tests.integration.scheduler.conftest import Clock, Weekdays
from tests.integration.scheduler.notice_office import NoticeOffice


@pytest.fixture
def office(tmp_path: Path) -> NoticeOffice:
    quiet = QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=Weekdays())
    return NoticeOffice(session_factory(make_engine(fresh_sqlite(tmp_path))), Clock(), quiet)


def table(sheet: Any) -> list[dict[str, Any]]:
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_report_goes_out_with_real_dates_filters_and_everyones_answer(office: NoticeOffice) -> None:
    everybody = tuple(office.people[name].id for name in ("An", "Bình"))
    number = office.out(title="=Họp", confirm=True, audience=Audience(all_groups=True, members=everybody))
    office.courier.outcomes.append(Failed(reason="nhóm khoá"))
    office.carry()
    with office.sessions.begin() as session:
        reading.confirm(
            session, number, office.people["An"], channel="telegram", account="42", chat="1",
            now=office.clock.now(),
        )  # fmt: skip
        found = report(session, number)
    book = load_workbook(BytesIO(notice_xlsx(found)))
    assert book.sheetnames == ["Tổng hợp", "Nơi nhận", "Xác nhận đã đọc"]
    chats = table(book["Nơi nhận"])
    assert [row["Tình trạng"] for row in chats] == [Status.FAILED.label] + [Status.SENT.label] * 3
    assert (chats[0]["Lý do"], chats[0]["Việc cần làm"]) == ("nhóm khoá", Status.FAILED.next_action)
    assert chats[1]["Ngày gửi"] == datetime(2026, 11, 24)  # noqa: DTZ001 - as Excel has it
    assert (book["Nơi nhận"].freeze_panes, bool(book["Nơi nhận"].auto_filter.ref)) == ("A2", True)
    answers = {row["Họ và tên"]: row["Xác nhận"] for row in table(book["Xác nhận đã đọc"])}
    assert answers == {
        "An": "đã đọc", "Bình": "chưa xác nhận", "Trưởng": "chưa xác nhận", "Cường": "chưa xác nhận",
    }  # fmt: skip
    assert {row["Mục"]: row["Nội dung"] for row in table(book["Tổng hợp"])}["Tiêu đề"] == "=Họp"


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_list_of_recipients_is_read_with_its_errors_by_row(office: NoticeOffice) -> None:
    content = sheet(
        ("Danh sách nhận thông báo",),
        ("STT", "Họ và tên", "Loại", "Phòng", "Ghi nhớ"),
        (1, "An", None, "Quản lý thương mại", None),
        (2, "Phòng Công nghiệp", "phòng", None, None),
        (3, "Không có ai", "người", None, None),
    )
    with office.sessions() as session:
        found = recipients.read_recipients(content, "ds.xlsx", session)
    assert found.audience == Audience(departments=(office.qlcn,), members=(office.people["An"].id,))
    [problem] = found.problems
    assert (problem.row, problem.column, found.rows) == (5, "Họ và tên", 2)
    said = [line.text for line in recipients.as_lines(found)]
    assert said[0] == "Đọc được 2 nơi nhận từ tệp ds.xlsx."
    assert said[2].startswith("Dòng 5, cột Họ và tên: Không có ai tên «Không có ai».")
    assert "«Ghi nhớ»" in said[-1]


def test_a_file_without_names_is_refused_and_the_template_is_accepted(office: NoticeOffice) -> None:
    with office.sessions() as session:
        with pytest.raises(Refused, match="tiêu đề"):
            recipients.read_recipients(sheet(("a", "b"), (1, 2)), "ds.xlsx", session)
        with pytest.raises(Refused, match="không có nơi nhận"):
            recipients.read_recipients(recipients.template_xlsx(), "mau.xlsx", session)
        csv = "Tên;Loại\nlãnh đạo cơ quan;vai trò\n".encode()
        assert recipients.read_recipients(csv, "ds.csv", session).audience.roles
