"""Files that clerks send: of many makes, damaged, too large."""

from __future__ import annotations

import re
import time as clock
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy.orm import Session

from bot.files.imports import as_lines, read_assignments
from bot.files.tables import MAX_BYTES, MAX_ROWS
from office.refusal import Refused
from tests.unit.bot.files_office import HEADINGS, TODAY, opened, preview, repacked, xlsx, zipped


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(tmp_path) as session:
        yield session


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_of_any_separator_and_line_end(
    session: Session, separator: str, encoding: str, line_end: str
) -> None:
    lines = (HEADINGS, ("Báo cáo, thống kê; tổng hợp", "QLTM", "", "30/11/2026"))
    text = line_end.join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    (draft,) = preview(session, text.encode(encoding)).drafts
    assert draft.title == "Báo cáo, thống kê; tổng hợp"


def test_excels_separator_line_is_followed_and_counted(session: Session) -> None:
    found = preview(session, "sep=;\nNội dung;Phòng;Hạn\nBáo cáo;QLTM;30/11/2026\nX;QLTM;hôm nào\n")
    assert found.rows == (3,)
    assert found.problems[0].row == 4


def test_the_sheet_with_the_list_is_found_and_hidden_ones_are_not(session: Session) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(("Bìa",))
    hidden = book.create_sheet("Ẩn")
    hidden.append((*HEADINGS, "Ghi chú"))
    hidden.append(("Việc ẩn", "QLTM", None, "30/11/2026"))
    hidden.sheet_state = "hidden"
    shown = book.create_sheet("Danh sách")
    shown.append(HEADINGS)
    shown.append(("Việc thật", "QLTM", None, "30/11/2026"))
    file = BytesIO()
    book.save(file)
    assert [d.title for d in preview(session, file.getvalue(), "v.xlsx").drafts] == ["Việc thật"]


def test_the_last_known_value_of_a_formula_counts(session: Session) -> None:
    content = repacked(
        xlsx(HEADINGS, ("=A9", "QLTM", None, "30/11/2026")),
        lambda sheet: re.sub(rb'<c r="A2">.*?</c>', b'<c r="A2" t="str"><f>A9</f><v>Tinh</v></c>', sheet),
    )
    assert [d.title for d in preview(session, content, "v.xlsx").drafts] == ["Tinh"]


# --- files that are refused


@pytest.mark.parametrize(
    ("content", "name", "message", "mend"),
    [
        (b"", "v.csv", "trống", "mẫu"),
        (b"  \n", "v.csv", "trống", "mẫu"),
        (b"x" * (MAX_BYTES + 1), "v.csv", "5 MB", "chia"),
        (b"%PDF-1.7", "v.pdf", "Chỉ nhận", "Lưu thành"),
        (b"\xd0\xcf\x11\xe0 old", "v.xls", "đời cũ", "mật khẩu"),
        (b"PK\x03\x04 broken", "v.xlsx", "hỏng", "lưu lại"),
        ("Nội dung,Phòng\nBáo cáo".encode("cp1258", "replace"), "v.csv", "UTF-8", "CSV UTF-8"),
        (b"a,b\n1,2\n", "v.csv", "tiêu đề", "Nội dung"),
        ("Nội dung,Phòng\nX,Y\n".encode(), "v.csv", "thiếu cột: Hạn", "Nội dung"),
        ("Nội dung,Hạn\nX,Y\n".encode(), "v.csv", "Phòng hoặc Người thực hiện", "Nội dung"),
        ("Nội dung,Phòng,Hạn\n,,\n".encode(), "v.csv", "không có nhiệm vụ", "mẫu"),
        ("Nội dung,Phòng,Hạn\n".encode() + b"x" * 200_000, "v.csv", "CSV", ".xlsx"),
        ("Nội dung,Phòng,Hạn\n".encode() + b"x,q,d\n" * (MAX_ROWS + 1), "v.csv", "5000 dòng", "Chia"),
    ],
)
def test_a_useless_file_is_refused_with_what_to_do(
    session: Session, content: bytes, name: str, message: str, mend: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_assignments(content, name, session, TODAY)
    assert message in refused.value.message
    assert mend in refused.value.mend


def test_a_zip_that_unpacks_to_too_much_is_refused_at_once(session: Session) -> None:
    content = zipped({"xl/sharedStrings.xml": b"\0" * 60_000_000})
    assert len(content) < 100_000
    start = clock.process_time()
    with pytest.raises(Refused, match="quá nhiều dữ liệu"):
        read_assignments(content, "v.xlsx", session, TODAY)
    assert clock.process_time() - start < 1


def test_entities_that_multiply_are_refused_at_once(session: Session) -> None:
    entities = [b'<!ENTITY a0 "lol">']
    entities += [b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)]
    doctype = b"<!DOCTYPE worksheet [" + b"".join(entities) + b"]>"
    content = repacked(xlsx(HEADINGS), lambda sheet: doctype + sheet.replace("Nội dung".encode(), b"&a9;"))
    start = clock.process_time()
    with pytest.raises(Refused, match="hỏng"):
        read_assignments(content, "v.xlsx", session, TODAY)
    assert clock.process_time() - start < 5


def test_a_zip_that_is_no_workbook_is_refused(session: Session) -> None:
    with pytest.raises(Refused, match="hỏng"):
        read_assignments(zipped({"word/document.xml": b"<a/>"}), "v.xlsx", session, TODAY)


def with_row(number: int) -> bytes:
    """A workbook whose last row claims to stand far below."""
    said = str(number).encode()
    return repacked(
        xlsx(HEADINGS, ("X", "QLTM", None, "30/11/2026")),
        lambda sheet: re.sub(rb'r="([A-D]?)2"', rb'r="\g<1>' + said + b'"', sheet),
    )


def test_rows_far_below_are_read_and_beyond_excels_last_are_not_waited_for(session: Session) -> None:
    start = clock.process_time()
    assert preview(session, with_row(1_048_576), "v.xlsx").rows == (1_048_576,)
    with pytest.raises(Refused, match="không có nhiệm vụ"):
        preview(session, with_row(99_999_999_999), "v.xlsx")
    assert clock.process_time() - start < 20


def test_a_full_list_is_read_in_seconds(session: Session) -> None:
    rows = [(f"Việc {n}", "QLTM", f"Người Lạ {n}; Bình", "30/11/2026") for n in range(MAX_ROWS)]
    start = clock.process_time()
    found = preview(session, xlsx(HEADINGS, *rows), "v.xlsx")
    assert len(found.problems) == MAX_ROWS
    assert clock.process_time() - start < 30


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: ("Nội dung,Phòng,Hạn\n" + t).encode()))
def test_whatever_is_sent_gives_a_preview_or_a_refusal(session: Session, content: bytes) -> None:
    for name in ("v.csv", "v.xlsx"):
        assert said_of(session, content, name)


WHOLE = xlsx(HEADINGS, ("Việc", "QLTM", None, "30/11/2026"))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(4, len(WHOLE) - 1), st.integers(1, 255))
def test_a_damaged_workbook_gives_a_preview_or_a_refusal(session: Session, at: int, change: int) -> None:
    content = WHOLE[:at] + bytes([WHOLE[at] ^ change]) + WHOLE[at + 1 :]
    assert said_of(session, content, "v.xlsx")


def said_of(session: Session, content: bytes, name: str) -> str:
    try:
        return as_lines(read_assignments(content, name, session, TODAY))[0].text
    except Refused as refused:
        return refused.mend
