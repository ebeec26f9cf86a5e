"""Lists of work that clerks send: what they may say, and what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from bot.files.imports import as_lines, template_xlsx
from bot.files.workbook import assignments_xlsx
from office.assignments import AssignmentState, Priority
from office.refusal import Refused
from scheduler.work import Draft
from tests.unit.bot.files_office import (
    AN,
    AN_OF_ENERGY,
    BINH,
    ENERGY,
    HEADINGS,
    TODAY,
    TRADE,
    opened,
    preview,
    work,
    xlsx,
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(tmp_path) as session:
        yield session


def one(session: Session, text: str) -> Draft:
    found = preview(session, text)
    assert not found.problems
    assert len(found.drafts) == 1
    return found.drafts[0]


def problem(session: Session, headings: str, row: str) -> tuple[int, str, str, str]:
    found = preview(session, f"{headings}\n{row}\n")
    assert not found.drafts
    (only,) = found.problems
    return only.row, only.column, only.message, only.mend


# --- what a list may look like


def test_a_whole_row_becomes_a_draft(session: Session) -> None:
    particulars = ("375/SCT-VP", "05/11/2026", "Khẩn", "Giám đốc", "theo mẫu")
    content = xlsx(
        (*HEADINGS, "Số văn bản", "Ngày văn bản", "Mức độ", "Người giao", "Ghi chú"),
        ("Rà soát  chợ", "QLTM", "An; trần thị bình", date(2026, 11, 30), *particulars),
    )
    (draft,) = preview(session, content, "viec.xlsx").drafts
    assert draft == Draft(
        title="Rà soát chợ",
        department_id=TRADE,
        member_ids=(AN, BINH),
        due_on=date(2026, 11, 30),
        document="375/SCT-VP",
        document_date=date(2026, 11, 5),
        given_by="Giám đốc",
        description="theo mẫu",
        priority=Priority.URGENT,
        origin_key=draft.origin_key,
    )
    assert draft.origin_key is not None
    assert len(draft.origin_key) <= 200


@pytest.mark.parametrize(
    "headings",
    [
        "Nội dung,Phòng,Hạn",
        "NOI DUNG,PHONG,HAN",
        "Nhiệm vụ,Đơn vị,Thời hạn",
        "nội dung (*),Phòng/đơn vị,Thời hạn (dd/mm/yyyy)",
        "No\u0302\u0323i dung,Pho\u0300ng,Ha\u0323n",
        '"Nội\ndung","Phòng, đơn vị","Hạn hoàn thành"',
    ],
)
def test_headings_are_known_with_and_without_marks(session: Session, headings: str) -> None:
    assert one(session, f"{headings}\nBáo cáo,QLTM,30/11/2026\n").title == "Báo cáo"


def test_a_title_above_and_empty_rows_between_keep_the_row_numbers(session: Session) -> None:
    content = xlsx(
        ("DANH SÁCH NHIỆM VỤ",),
        (),
        HEADINGS,
        ("Việc một", "QLTM", None, "30/11/2026"),
        (None, "", "  "),
        ("Việc hai", "QLNL", None, "30/11/2026"),
    )
    found = preview(session, content, "viec.xlsx")
    assert found.rows == (4, 6)
    assert [d.department_id for d in found.drafts] == [TRADE, ENERGY]


@pytest.mark.parametrize(
    ("written", "due_on", "working_days"),
    [
        ("30/11/2026", date(2026, 11, 30), None),
        ("1/12/2026", date(2026, 12, 1), None),
        ("30-11-2026", date(2026, 11, 30), None),
        ("30.11.2026", date(2026, 11, 30), None),
        ("2026-11-30", date(2026, 11, 30), None),
        ("hết ngày 30/11/2026", date(2026, 11, 30), None),
        ("16/11/2026", TODAY, None),
        ("10 ngày làm việc", None, 10),
        ("10  Ngay lam viec", None, 10),
        ("05 ngày LV", None, 5),
    ],
)
def test_deadlines_as_clerks_write_them(
    session: Session, written: str, due_on: date | None, working_days: int | None
) -> None:
    draft = one(session, f"Nội dung,Phòng,Hạn\nBáo cáo,QLTM,{written}\n")
    assert (draft.due_on, draft.working_days) == (due_on, working_days)


@pytest.mark.parametrize(
    ("written", "priority"),
    [("", Priority.ORDINARY), ("Thường", Priority.ORDINARY), ("KHẨN", Priority.URGENT)]
    + [(word, Priority.EXPRESS) for word in ("hoả tốc", "hỏa tốc", "Hoa toc", "hoa\u0309 tốc")],
)
def test_priorities_of_either_spelling(session: Session, written: str, priority: Priority) -> None:
    draft = one(
        session,
        f"Nội dung,Phòng,Hạn,Mức độ,Lý do hoả tốc\nBáo cáo,QLTM,30/11/2026,{written},UBND tỉnh yêu cầu\n",
    )
    assert draft.priority is priority
    assert bool(draft.express_reason) == (priority is Priority.EXPRESS)


# --- people


def test_a_department_tells_two_people_apart(session: Session) -> None:
    assert one(session, "Nội dung,Phòng,Người thực hiện,Hạn\nX,QLNL,An,30/11/2026\n").member_ids == (
        AN_OF_ENERGY,
    )


def test_forms_of_address_are_no_part_of_a_name(session: Session) -> None:
    text = (
        'Nội dung,Người thực hiện,Hạn\nX,"Đ/c Nguyễn Văn An, bà Trần Thị Bình, An nguyen van an",30/11/2026\n'
    )
    found = preview(session, text)
    assert [p.message for p in found.problems] == ["Không có ai tên «An nguyen van an»."]
    text = 'Nội dung,Người thực hiện,Hạn\nX,"Đ/c Nguyễn Văn An, bà Trần Thị Bình",30/11/2026\n'
    assert one(session, text).member_ids == (AN, BINH)


# --- what is wrong in a row


@pytest.mark.parametrize(
    ("row", "column", "message", "mend"),
    [
        (",QLTM,,30/11/2026", "Nội dung", "Chưa có nội dung", "việc phải làm"),
        ("X,,,30/11/2026", "Người thực hiện", "Chưa rõ phòng hay người", "họ tên"),
        ("X,Phòng Lạ,,30/11/2026", "Phòng", "«Phòng Lạ»", "Phòng Quản lý Thương mại"),
        ("X,Quản lý,,30/11/2026", "Phòng", "«Quản lý»", "Phòng Quản lý Năng lượng"),
        ("X,,An,30/11/2026", "Người thực hiện", "2 người tên «An»", "đủ họ tên"),
        ("X,,Nguyễn Thị Không,30/11/2026", "Người thực hiện", "Không có ai", "/themnguoi"),
        ("X,QLTM,,", "Hạn", "Chưa có thời hạn", "10 ngày làm việc"),
        ("X,QLTM,,31/11/2026", "Hạn", "«31/11/2026»", "30/11/2026"),
        ("X,QLTM,,30/11", "Hạn", "«30/11»", "ngày/tháng/năm"),
        ("X,QLTM,,10 ngày", "Hạn", "«10 ngày»", "10 ngày làm việc"),
        ("X,QLTM,,46000", "Hạn", "«46000»", "ngày/tháng/năm"),
        ("X,QLTM,,0 ngày làm việc", "Hạn", "«0 ngày làm việc»", "10 ngày làm việc"),
        ("X,QLTM,,15/11/2026", "Hạn", "15/11/2026 đã qua", "Sửa lại"),
        ("X,QLTM,,30/11/2206", "Hạn", "quá xa", "ngày/tháng/năm"),
        ("X,QLTM,,99999 ngày làm việc", "Hạn", "quá xa", "ngày/tháng/năm"),
        ("#REF!,QLTM,,30/11/2026", "Nội dung", "lỗi công thức (#REF!)", "Sửa công thức"),
        ("X,#N/A,,30/11/2026", "Phòng", "lỗi công thức (#N/A)", "Sửa công thức"),
        (f"{'dài ' * 130},QLTM,,30/11/2026", "Nội dung", "500 ký tự", "Ghi chú"),
    ],
)
def test_a_wrong_cell_is_named_with_what_to_do(
    session: Session, row: str, column: str, message: str, mend: str
) -> None:
    found = problem(session, ",".join(HEADINGS), row)
    assert found[:2] == (2, column)
    assert message in found[2]
    assert mend in found[3]


@pytest.mark.parametrize(
    ("heading", "value", "message"),
    [
        ("Ngày ban hành", "32/01/2026", "Không hiểu ngày «32/01/2026»."),
        ("Ngày ban hành", "17/11/2026", "Ngày văn bản 17/11/2026 sau hôm nay."),
        ("Mức độ", "rất gấp", "Không có mức độ «rất gấp»."),
        ("Mức độ", "hoả tốc", "Nhiệm vụ hoả tốc được nhắc cả ngoài giờ nên cần nêu lý do."),
    ],
)
def test_wrong_particulars_are_named_under_the_heading_as_written(
    session: Session, heading: str, value: str, message: str
) -> None:
    found = problem(session, f"Nội dung,Phòng,Hạn,{heading}", f"X,QLTM,30/11/2026,{value}")
    assert found[:3] == (2, heading, message)


def test_all_that_is_wrong_in_a_row_is_told_and_other_rows_stand(session: Session) -> None:
    found = preview(session, "Nội dung,Phòng,Hạn\n,Lạ,hôm nào\nĐúng,QLTM,30/11/2026\n")
    assert [p.column for p in found.problems] == ["Nội dung", "Phòng", "Hạn"]
    assert [d.title for d in found.drafts] == ["Đúng"]


def test_columns_that_are_not_used_are_told(session: Session) -> None:
    found = preview(session, "STT,Nội dung,Phòng,Hạn,Kinh phí,Thời hạn\n1,X,QLTM,30/11/2026,5,01/12/2026\n")
    assert found.warnings == (
        "Cột «Kinh phí» không dùng đến.",
        "Có hai cột cùng nghĩa; đã dùng «Hạn», bỏ qua «Thời hạn».",
    )
    assert found.drafts[0].due_on == date(2026, 11, 30)


# --- the same work is given once


def given_again(session: Session, draft: Draft) -> None:
    work(session, title=draft.title, origin_key=draft.origin_key, state=AssignmentState.CANCELLED)


def test_the_same_file_gives_nothing_the_second_time(session: Session) -> None:
    text = "Nội dung,Phòng,Hạn\nX,QLTM,10 ngày làm việc\nY,QLTM,30/11/2026\n"
    first = preview(session, text)
    for draft in first.drafts:
        given_again(session, draft)
    again = preview(session, text, today=TODAY + timedelta(days=2))
    assert again.drafts == ()
    assert not again.problems
    assert "Dòng 2 đã được giao từ trước" in again.warnings[0]
    assert "đã huỷ" in again.warnings[0]


def test_the_format_of_a_file_and_its_notes_do_not_make_other_work(session: Session) -> None:
    (first,) = preview(session, "Nội dung,Phòng,Hạn,Ghi chú\nBáo  cáo,QLTM,30/11/2026,a\n").drafts
    content = xlsx(HEADINGS, ("báo cáo", "Phòng Quản lý Thương mại", None, date(2026, 11, 30)))
    (again,) = preview(session, content, "v.xlsx").drafts
    assert first.origin_key == again.origin_key


@pytest.mark.parametrize(
    "row", ["Báo cáo,QLNL,30/11/2026", "Báo cáo,QLTM,01/12/2026", "Bao cao,QLTM,30/11/2026"]
)
def test_other_work_has_another_key(session: Session, row: str) -> None:
    one_key = one(session, "Nội dung,Phòng,Hạn\nBáo cáo,QLTM,30/11/2026\n").origin_key
    assert one(session, f"Nội dung,Phòng,Hạn\n{row}\n").origin_key != one_key


def test_a_row_that_stands_twice_is_given_once(session: Session) -> None:
    found = preview(session, "Nội dung,Phòng,Hạn\nX,QLTM,30/11/2026\nx,QLTM,30/11/2026\n")
    assert found.rows == (2,)
    assert found.warnings == ("Dòng 3 trùng dòng 2, chỉ giao một lần.",)


# --- what is said, the template, the way back


def test_the_preview_tells_how_much_can_be_given_and_the_first_problems(session: Session) -> None:
    rows = "".join(f"Việc {n},Lạ,30/11/2026\n" for n in range(12))
    found = preview(session, f"Nội dung,Phòng,Hạn,Kinh phí\nTốt,QLTM,30/11/2026,1\n{rows}")
    lines = [line.text for line in as_lines(found)]
    assert lines[0] == "Đọc được 1 nhiệm vụ từ tệp viec.csv."
    assert lines[1] == "Có 12 chỗ cần sửa:"
    assert lines[2].startswith("Dòng 3, cột Phòng: Không rõ phòng «Lạ». Ghi một phòng")
    assert lines[-2] == "và 2 chỗ nữa."
    assert lines[-1] == "Cột «Kinh phí» không dùng đến."


def test_the_template_is_an_empty_list_with_a_guide(session: Session) -> None:
    with pytest.raises(Refused, match="không có nhiệm vụ"):
        preview(session, template_xlsx(), "mau.xlsx")
    book: Any = load_workbook(BytesIO(template_xlsx()))
    assert book.sheetnames == ["Nhiệm vụ", "Hướng dẫn"]
    assert [cell.value for cell in book["Nhiệm vụ"][1]][:4] == list(HEADINGS)
    assert book["Hướng dẫn"].max_row == book["Nhiệm vụ"].max_column + 1
    assert book["Nhiệm vụ"].data_validations.dataValidation[0].formula1 == '"thường,khẩn,hoả tốc"'


def test_a_filled_template_is_read_whole(session: Session) -> None:
    book: Any = load_workbook(BytesIO(template_xlsx()))
    sheet, guide = book["Nhiệm vụ"], book["Hướng dẫn"]
    for number, (_, _, example) in enumerate(guide.iter_rows(min_row=2, values_only=True), 1):
        sheet.cell(2, number).value = example
    file = BytesIO()
    book.save(file)
    found = preview(session, file.getvalue(), "mau.xlsx")
    assert not found.problems
    assert not found.warnings
    (draft,) = found.drafts
    assert (draft.member_ids, draft.working_days, draft.given_by) == ((AN, BINH), 10, "Giám đốc Sở")


def test_what_was_exported_can_be_imported(session: Session) -> None:
    row = work(session, title="=Rà soát", due_on=date(2026, 11, 30), document="375/SCT-VP")
    (draft,) = preview(session, assignments_xlsx(session, [row]), "ra.xlsx").drafts
    assert (draft.title, draft.department_id, draft.member_ids) == ("=Rà soát", TRADE, (AN,))
    assert (draft.due_on, draft.document) == (row.due_on, row.document)
