"""`xinluon audit`: whether the audit is whole, and the audit as a file."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from office import audit, membership
from office.database import make_engine, session_factory
from office.people import Role
from tests.acceptance.program import command
from tests.databases import fresh_sqlite

EARLY, LATE = datetime(2026, 3, 31, 17, 30, tzinfo=UTC), datetime(2026, 5, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Three deeds: two on 1 April (in Việt Nam), one on 1 May."""
    engine = make_engine(fresh_sqlite(tmp_path / "var"))
    with session_factory(engine).begin() as session:
        who = membership.add_member(session, "Lê Thị Ánh", department_id=None, actor=None, now=EARLY)
        membership.give_role(session, who.id, Role.ADMIN, actor=None, reason="=lần đầu", now=EARLY)
        audit.record(session, "test.other", at=LATE, actor=who.id, subject="assignment", subject_id=7)
    engine.dispose()
    return tmp_path


def forge(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "var" / "xinluon.db")) as connection:
        connection.execute(statement)
        connection.commit()


def seal_of(folder: Path) -> str:
    done = command("audit", "verify", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    found = re.search(r"^Mã niêm phong: ([0-9a-f]{64})$", done.stdout, re.MULTILINE)
    assert found
    return found[1]


def test_a_whole_audit_is_said_to_be_whole_with_its_seal(office: Path) -> None:
    seal = seal_of(office)
    again = command("audit", "verify", "--expect", f"{seal[:8]} {seal[8:20].upper()}", folder=office)
    assert again.returncode == 0
    assert "Nhật ký nguyên vẹn: 3 dòng." in again.stdout
    assert "Mã đã ghi lại là của dòng số 3" in again.stdout


def test_a_forged_audit_ends_with_the_row_and_what_to_do(office: Path) -> None:
    forge(office, "UPDATE audit SET reason = 'khác' WHERE serial = 2")
    done = command("audit", "verify", folder=office)
    assert done.returncode == 1
    assert "Nhật ký KHÔNG nguyên vẹn: dòng số 2 đã bị sửa" in done.stdout
    assert "Từ dòng số 2 trở đi không tin được; 1 dòng trước đó vẫn đúng." in done.stdout
    assert "Việc cần làm:" in done.stdout
    told = json.loads(command("audit", "verify", "--json", folder=office).stdout)
    assert (told["whole"], told["broken_at"], told["head"]) == (False, 2, None)


def test_an_audit_cut_off_and_made_to_look_whole_is_found_by_the_noted_seal(office: Path) -> None:
    seal = seal_of(office)
    forge(office, "DELETE FROM audit WHERE serial = 3")
    forge(office, "UPDATE audit_head SET serial = 2, hash = (SELECT hash FROM audit WHERE serial = 2)")
    assert command("audit", "verify", folder=office).returncode == 0
    done = command("audit", "verify", "--expect", seal, folder=office)
    assert done.returncode == 1
    assert "không có dòng nào mang mã niêm phong đã ghi lại" in done.stdout


def test_what_cannot_be_a_seal_is_refused(office: Path) -> None:
    done = command("audit", "verify", "--expect", "0" * 15, folder=office)
    assert (done.returncode, done.stdout) == (2, "")
    assert "không phải mã niêm phong" in done.stderr


def test_the_audit_is_written_as_a_workbook_with_days_as_days(office: Path) -> None:
    done = command("audit", "export", "nk.xlsx", folder=office)
    assert (done.returncode, done.stdout) == (0, "Đã ghi 3 dòng nhật ký vào nk.xlsx.\n")
    sheet = load_workbook(BytesIO((office / "nk.xlsx").read_bytes())).active
    assert sheet is not None
    head, first, second, third = sheet.iter_rows(values_only=True)
    assert head[:6] == ("Số", "Ngày", "Giờ", "Người làm", "Việc", "Đối tượng")
    assert first[:6] == (
        1, datetime(2026, 4, 1), "00:30:00", "chương trình", "thêm người", "công chức, viên chức",  # noqa: DTZ001
    )  # fmt: skip
    assert (second[4], second[9]) == ("giao vai trò", "=lần đầu")
    assert third[3:7] == ("Lê Thị Ánh", "test.other", "nhiệm vụ", 7)


def test_a_period_is_of_days_in_viet_nam(office: Path) -> None:
    said = command(
        "audit", "export", "a.csv", "--since", "01/04/2026", "--until", "2026-04-30", folder=office
    )
    assert said.stdout == "Đã ghi 2 dòng nhật ký vào a.csv.\n"
    lines = list(csv.reader(StringIO((office / "a.csv").read_text("utf-8-sig"))))
    assert [line[1] for line in lines[1:]] == ["01/04/2026", "01/04/2026"]
    assert lines[2][9] == "'=lần đầu"  # no formula for a spreadsheet
    march = command("audit", "export", "b.csv", "--until", "31/03/2026", folder=office)
    assert "Đã ghi 0 dòng" in march.stdout


def test_the_chain_can_be_computed_anew_from_the_lines(office: Path) -> None:
    assert command("audit", "export", "a.jsonl", folder=office).returncode == 0
    previous = "0" * 64
    for line in (office / "a.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        noted = row.pop("hash")
        written = json.dumps(list(row.values()), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(f"{previous}{written}".encode()).hexdigest()
        assert previous == noted
    assert previous == seal_of(office)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.pdf"], "phải kết thúc bằng .xlsx, .csv hoặc .jsonl"),
        (["khong/co/a.csv"], "không ghi được tệp khong/co/a.csv"),
        (["a.csv", "--since", "2026-05-01", "--until", "2026-04-01"], "ngày đầu kỳ ở sau ngày cuối kỳ"),
    ],
)
def test_a_wrong_call_is_one_line_of_what_is_wrong(office: Path, arguments: list[str], said: str) -> None:
    done = command("audit", "export", *arguments, folder=office)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
