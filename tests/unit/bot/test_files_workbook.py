"""Workbooks that go out, read back with openpyxl."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from bot.files.workbook import assignments_xlsx, statistics_xlsx
from office.assignments import AssignmentState, Priority, Responsible
from scheduler.statistics import Share, Statistics
from tests.unit.bot.files_office import AN, BINH, opened, work


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(tmp_path) as session:
        yield session


def read(content: bytes) -> Any:
    return load_workbook(BytesIO(content))


def day_or_value(cell: Any) -> Any:
    return cell.value.date() if cell.is_date else cell.value


def test_an_assignment_fills_its_row(session: Session) -> None:
    row = work(
        session,
        members=(BINH, AN),
        document="375/SCT-VP",
        document_date=date(2026, 11, 1),
        given_by="Giám đốc",
        first_due_on=date(2026, 11, 10),
        priority=Priority.EXPRESS,
        state=AssignmentState.DONE,
        finished_at=datetime(2026, 11, 19, 18, tzinfo=UTC),  # the 20th in Việt Nam
    )
    acknowledged = session.get(Responsible, (row.id, AN))
    assert acknowledged is not None
    acknowledged.acknowledged_at = datetime(2026, 11, 3, tzinfo=UTC)
    session.flush()
    sheet = read(assignments_xlsx(session, [row])).active
    found = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert {key: day_or_value(cell) for key, cell in found.items()} == {
        "Số": row.id,
        "Nội dung": "Báo cáo tháng",
        "Văn bản": "375/SCT-VP",
        "Ngày văn bản": date(2026, 11, 1),
        "Người giao": "Giám đốc",
        "Phòng": "Phòng Quản lý Thương mại",
        "Người thực hiện": "Nguyễn Văn An, Trần Thị Bình",
        "Hạn": date(2026, 11, 20),
        "Hạn ban đầu": date(2026, 11, 10),
        "Mức độ": "hoả tốc",
        "Tình trạng": "đã hoàn thành",
        "Ngày hoàn thành": date(2026, 11, 20),
        "Đã nhận": "1/2",
    }
    assert found["Hạn"].number_format == "dd/mm/yyyy"
    assert found["Hạn"].is_date


def test_the_heading_stays_and_filters(session: Session) -> None:
    sheet = read(assignments_xlsx(session, [work(session), work(session)])).active
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:M3"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["A"].width
    assert sheet["A1"].font.bold


@pytest.mark.parametrize(
    "title", ["=1+1", "+84 77", "-5", "@SUM(A1)", " =2", "#N/A", '=HYPERLINK("http://x")']
)
def test_text_never_becomes_a_formula(session: Session, title: str) -> None:
    cell = read(assignments_xlsx(session, [work(session, title=title)])).active["B2"]
    assert cell.data_type == "s"
    assert cell.value == title
    assert cell.quotePrefix is not title.startswith("#")


def test_characters_that_excel_refuses_are_left_out(session: Session) -> None:
    row = work(session, title="Báo\x00 cáo\x0b tháng", description="")
    assert read(assignments_xlsx(session, [row])).active["B2"].value == "Báo cáo tháng"


def test_who_has_handed_over_is_no_longer_listed(session: Session) -> None:
    row = work(session, members=(AN, BINH))
    released = session.get(Responsible, (row.id, AN))
    assert released is not None
    released.released_at = datetime(2026, 11, 5, tzinfo=UTC)
    session.flush()
    sheet = read(assignments_xlsx(session, [row])).active
    assert (sheet["G2"].value, sheet["M2"].value) == ("Trần Thị Bình", "0/1")


def test_no_assignments_give_a_sheet_with_headings(session: Session) -> None:
    sheet = read(assignments_xlsx(session, [])).active
    assert sheet.max_row == 1
    assert sheet.auto_filter.ref == "A1:M1"


def share(name: str, total: int, on_time: int) -> Share:
    return Share(
        name=name,
        key_id=1,
        total=total,
        on_time=on_time,
        late=total - on_time,
        open_late=0,
        extended=1,
        mean_late_days=1.5 if total else None,
    )


def test_the_shares_are_numbers_with_a_total_outside_the_filter() -> None:
    total = share("", 4, 3)
    found = Statistics(
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        departments=(share("Văn phòng", 4, 3), share("Thanh tra", 0, 0)),
        members=(share("Nguyễn Văn An", 4, 3),),
        total=total,
    )
    book = read(statistics_xlsx(found))
    assert book.sheetnames == ["Theo phòng, đơn vị", "Theo người thực hiện", "Cách tính"]
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1] == ["Văn phòng", 0.75, 4, 3, 1, 0, 1, 1.5]
    assert rows[2] == ["Thanh tra", None, 0, 0, 0, 0, 1, None]
    assert rows[3][0] == "Tổng cộng"
    assert sheet.auto_filter.ref == "A1:H3"
    assert sheet["B2"].number_format == "0.0%"
    assert "01/11/2026" in book["Cách tính"]["A2"].value


def test_no_departments_give_no_sheet_of_them() -> None:
    found = Statistics(
        since=date(2026, 11, 1),
        until=date(2026, 11, 30),
        departments=(),
        members=(share("An", 1, 1),),
        total=share("", 1, 1),
    )
    assert read(statistics_xlsx(found)).sheetnames == ["Theo người thực hiện", "Cách tính"]
