"""The calendar on the terminal, as a clerk asks for it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.program import command


def test_a_month_is_printed_with_its_special_days(tmp_path: Path) -> None:
    done = command("calendar", "2026-02", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Tháng 2 năm 2026" in done.stdout
    assert "15 ngày làm việc, 120 giờ." in done.stdout
    assert "T3 17/02 nghỉ: Tết Nguyên đán (mùng Một)" in done.stdout


def test_a_year_that_nobody_confirmed_is_flagged(tmp_path: Path) -> None:
    assert "chưa được xác nhận" in command("calendar", "02/2027", folder=tmp_path).stdout
    data = json.loads(command("calendar", "2027-02", "--json", folder=tmp_path).stdout)
    assert data["warning"]
    assert len(data["days"]) == 28


def test_a_deadline_is_explained(tmp_path: Path) -> None:
    done = command("deadline", "10/02/2026", "10", folder=tmp_path)
    assert "thứ Hai 16/02/2026 nghỉ: Tết Nguyên đán" in done.stdout
    assert done.stdout.splitlines()[-1] == "Hạn 10 ngày làm việc: hết ngày 03/03/2026."
    assert json.loads(command("deadline", "2026-02-10", "10", "--json", folder=tmp_path).stdout)["due"] == (
        "2026-03-03"
    )


def test_bad_words_are_answered_with_how_to_write_them(tmp_path: Path) -> None:
    for arguments in (("calendar", "thang-hai"), ("calendar", "2026-13"), ("deadline", "30/02/2026", "3")):
        done = command(*arguments, folder=tmp_path)
        assert done.returncode == 2
        assert "viết dạng" in done.stderr
