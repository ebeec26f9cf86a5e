"""The report's files: the document's layout and parts, the workbook's cells, the pictures."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from bot.files.office_report import DOCX, report_files
from bot.files.office_report_docx import report_docx
from bot.files.office_report_png import MOST_FIELDS, report_png
from bot.files.office_report_xlsx import report_xlsx
from handlers.office_report.figures import Slice, Unanswered
from tests.report_figures import empty, report


def opened(content: bytes) -> Any:
    return Document(BytesIO(content))


@cache
def document() -> Any:
    return opened(report_docx(report()))


def paragraphs(found: Any) -> list[str]:
    return [paragraph.text for paragraph in found.paragraphs if paragraph.text]


def cells(table: Any) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def millimetres(length: int) -> int:
    return round(length / 36_000)


# --- Word


def test_the_page_has_the_size_and_margins_of_the_administrative_layout() -> None:
    [section] = document().sections
    assert (millimetres(section.page_width), millimetres(section.page_height)) == (210, 297)
    assert 20 <= millimetres(section.top_margin) <= 25
    assert 20 <= millimetres(section.bottom_margin) <= 25
    assert 30 <= millimetres(section.left_margin) <= 35
    assert 15 <= millimetres(section.right_margin) <= 20


def test_everything_is_in_times_new_roman_and_the_body_in_14() -> None:
    runs = [run for paragraph in document().paragraphs for run in paragraph.runs if run.text]
    assert {run.font.name for run in runs} == {"Times New Roman"}
    assert {run.font.size.pt for run in runs} <= {14, 13}
    for name in ("Normal", "Heading 1", "Heading 2", "Ô chữ", "Ô số"):
        style = document().styles[name]
        fonts = style.element.rPr.find(qn("w:rFonts")) if style.element.rPr is not None else None
        if fonts is not None:
            assert set(fonts.attrib.values()) == {"Times New Roman"}


def test_the_head_names_the_office_the_nation_and_leaves_number_and_day_open() -> None:
    head = cells(document().tables[0])
    assert head[0][0].split("\n")[:3] == ["SỞ CÔNG THƯƠNG", "TỈNH KIÊN GIANG", "VĂN PHÒNG"]
    assert head[0][1].split("\n")[:2] == [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
    ]
    assert head[1] == ["Số: ……/BC-VP", "……, ngày …… tháng 12 năm 2026"]
    assert paragraphs(document())[:3] == [
        "BÁO CÁO",
        "Kết quả hỏi đáp thủ tục hành chính và\nthực hiện nhiệm vụ tháng 11 năm 2026",
        "Kính gửi: Lãnh đạo Sở Công Thương tỉnh Kiên Giang.",
    ]


def test_the_parts_stand_in_order_and_the_text_ends_as_such_texts_do() -> None:
    headings = [p.text for p in document().paragraphs if p.style.name == "Heading 1"]
    assert [heading.split(".")[0] for heading in headings] == ["I", "II", "III", "IV", "V"]
    found = paragraphs(document())
    assert found.index(headings[3]) < found.index(headings[4]) < found.index("PHỤ LỤC")
    assert [text for text in found if text.endswith("./.")] == [
        "Trên đây là báo cáo kết quả tháng 11 năm 2026; cách tính số liệu ở Phụ lục kèm theo./."
    ]
    assert "……" in found  # the proposals are Văn phòng's


def test_who_gets_it_and_who_signs_it_close_the_letter() -> None:
    left, right = cells(document().tables[-1])[0]
    assert left.split("\n") == ["Nơi nhận:", "- Như trên;", "- Các phòng, đơn vị;", "- Lưu: VT, VP."]
    assert right.split("\n")[0] == "CHÁNH VĂN PHÒNG"
    assert right.split("\n")[-1] == "……"


def test_the_tables_are_numbered_and_hold_the_figures() -> None:
    captions = [text for text in paragraphs(document()) if text.startswith("Bảng ")]
    tables = document().tables[1:-1]
    assert [int(text.split()[1].rstrip(".")) for text in captions] == list(range(1, len(tables) + 1))
    by_caption = dict(zip((text.split(". ", 1)[1] for text in captions), map(cells, tables), strict=True))
    work = by_caption["Nhiệm vụ đúng hạn theo phòng, đơn vị"]
    assert work[1] == ["Phòng Quản lý Thương mại", "4", "4", "0", "0", "100%"]
    assert work[-1] == ["Cộng", "7", "6", "1", "0", "85,7%"]
    [notice] = by_caption["Thông báo đã gửi và xác nhận"][1:]
    assert notice == [
        "Nộp hồ sơ trực tuyến (375/SCT-VP)",
        "03/11/2026",
        "42",
        "38",
        "3",
        "1",
        "60",
        "55",
        "91,7%",
    ]


def test_headings_of_tables_are_repeated_and_rows_are_not_cut() -> None:
    for table in document().tables[1:-1]:
        first, *others = table.rows
        assert first._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in others)


def test_the_picture_says_in_words_what_it_shows() -> None:
    [shape] = document().inline_shapes
    assert shape._inline.docPr.get("descr").startswith("Biểu đồ cột: số câu hỏi theo ngày và theo giờ.")
    assert "40 câu vào ngày 03/11/2026" in shape._inline.docPr.get("descr")
    assert millimetres(shape.width) == 160


def test_pages_are_numbered_from_the_second_on() -> None:
    [section] = document().sections
    assert section.different_first_page_header_footer
    assert "PAGE" in "".join(section.header._element.itertext())
    assert "PAGE" not in "".join(section.first_page_header._element.itertext())


def test_the_annex_says_how_it_is_counted_and_seals_the_audit() -> None:
    found = paragraphs(document())
    annex = " ".join(found[found.index("PHỤ LỤC") :])
    assert "Câu trả lời chỉ nói chưa có thông tin" in annex
    assert "3f" * 32 in annex


def test_a_document_of_nothing_has_its_parts_but_no_figures() -> None:
    found = opened(report_docx(empty()))
    assert len(found.tables) == 2  # head and signature
    assert not found.inline_shapes
    assert not [text for text in paragraphs(found) if "%" in text]
    assert "Trong kỳ không có nhiệm vụ nào đến hạn." in paragraphs(found)


def test_what_people_typed_breaks_no_document() -> None:
    odd = Unanswered(text="\x00<w:p>& ]]> " + "dài " * 300 + "👍", count=1)
    figures = replace(report().questions, unanswered=(odd,))
    found = opened(report_docx(replace(report(), questions=figures)))
    [row] = [row for table in found.tables for row in cells(table) if row[1].startswith("<w:p>")]
    assert len(row[1]) <= 220


def test_fields_beyond_the_tenth_are_summed_up_in_word_and_listed_in_excel() -> None:
    fields = tuple(Slice(name=f"Lĩnh vực {n:02d}", count=20 - n, liked=1) for n in range(14))
    found = replace(report(), questions=replace(report().questions, fields=fields))
    rows = [row for table in opened(report_docx(found)).tables for row in cells(table)]
    [others] = [row for row in rows if row[0] == "Các lĩnh vực khác"]
    assert others[1] == str(10 + 9 + 8 + 7)
    sheet = load_workbook(BytesIO(report_xlsx(found)))["Lĩnh vực"]
    assert sheet.max_row == 15


def test_the_properties_of_each_paragraph_stand_in_the_order_that_word_asks_for() -> None:
    order = ["pStyle", "keepNext", "pBdr", "spacing", "ind", "jc"]
    for properties in document().element.iter(qn("w:pPr")):
        names = [child.tag.partition("}")[2] for child in properties]
        known = [order.index(name) for name in names if name in order]
        assert known == sorted(known), names


# --- Excel


def test_the_workbook_has_a_sheet_for_each_table_with_dates_and_shares_as_such() -> None:
    book = load_workbook(BytesIO(report_xlsx(report())))
    assert book.sheetnames[0] == "Số liệu chung"
    assert book.sheetnames[-1] == "Cách tính"
    days = book["Theo ngày"]
    assert (days["A2"].value.date(), days["A2"].number_format) == (date(2026, 11, 1), "dd/mm/yyyy")
    assert days["B4"].value == 40
    chief = {row[0].value: row[1] for row in book["Số liệu chung"].iter_rows(min_row=2)}
    assert chief["Lượt hỏi tiếp nhận"].value == 200
    share = chief["Tỷ lệ trả lời được"]
    assert share.value == pytest.approx(2 / 3)
    assert share.number_format == "0.0%"
    notices = book["Thông báo"]
    assert (notices["B2"].value.date(), notices["I2"].value) == (date(2026, 11, 3), pytest.approx(55 / 60))


def test_a_workbook_of_nothing_says_how_it_is_counted() -> None:
    book = load_workbook(BytesIO(report_xlsx(empty())))
    assert book.sheetnames == ["Cách tính"]


# --- pictures


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_card_is_as_wide_as_a_phone_shows_and_grows_with_what_it_holds() -> None:
    full, nothing = size(report_png(report())), size(report_png(empty()))
    assert full[0] == nothing[0] == 1080
    many = tuple(Slice(name=f"Lĩnh vực «$x$» {n}", count=9) for n in range(MOST_FIELDS + 5))
    more = size(report_png(replace(report(), questions=replace(report().questions, fields=many))))
    assert nothing[1] < full[1] < more[1]


def test_the_files_are_named_by_their_days() -> None:
    found = report_files(report())
    names = [file.name for file in found]
    assert names == [f"bao-cao-20261101-20261130.{kind}" for kind in ("png", "docx", "xlsx")]
    assert [file.picture for file in found] == [True, False, False]
    assert found[1].media_type == DOCX
