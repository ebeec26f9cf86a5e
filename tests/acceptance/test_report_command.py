"""`xinluon report`, as IT runs it."""

from __future__ import annotations

from pathlib import Path

from docx import Document
from openpyxl import load_workbook

from tests.acceptance.program import command


def test_the_report_of_a_month_is_printed_and_written_as_files(tmp_path: Path) -> None:
    names = ("b.docx", "b.xlsx", "b.png")
    options = [part for name in names for part in (f"--{name[2:]}", name)]
    done = command("report", "--month", "2026-10", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Báo cáo tháng 10 năm 2026")
    assert "Đã ghi b.docx." in done.stdout
    assert "BÁO CÁO" in [p.text for p in Document(str(tmp_path / "b.docx")).paragraphs]
    assert load_workbook(tmp_path / "b.xlsx").sheetnames == ["Cách tính"]
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_a_month_is_read_as_people_write_it(tmp_path: Path) -> None:
    said = command("report", "--month", "11/2025", folder=tmp_path).stdout
    assert said.startswith("Báo cáo tháng 11 năm 2025")
    assert command("report", "--month", "2025-11", folder=tmp_path).stdout == said


def test_a_wrong_month_and_a_wrong_ending_are_refused_in_one_line(tmp_path: Path) -> None:
    done = command("report", "--month", "13/2026", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "viết dạng 2026-11" in done.stderr
    done = command("report", "--docx", "b.doc", folder=tmp_path)
    assert done.returncode == 2
    assert "phải kết thúc bằng .docx" in done.stderr
