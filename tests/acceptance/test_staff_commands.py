"""What IT does for the staff from the command line: work from and into files, codes, the check."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from office import codes
from office.clock import ZONE
from office.database import make_engine, session_factory, upgrade
from office.settings import Settings, hash_key
from tests.acceptance.program import command
from tests.integration.scheduler.conftest import Clock
from tests.integration.scheduler.office import Bureau

DUE = datetime.now(ZONE).date() + timedelta(days=20)
TABLE = f"""Nội dung;Phòng;Người thực hiện;Hạn;Mức độ
Báo cáo tháng;Phòng Công nghiệp;;{DUE:%d/%m/%Y};
Rà soát thủ tục;;An; 10 ngày làm việc;khẩn
Việc của phòng lạ;Phòng Không có;;{DUE:%d/%m/%Y};
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with an office's database and a table of work."""
    engine = make_engine(f"sqlite:///{tmp_path}/var/xinluon.db")
    upgrade(engine)
    Bureau(session_factory(engine), Clock(datetime.now(UTC)))
    engine.dispose()
    (tmp_path / "viec.csv").write_text(TABLE, "utf-8")
    return tmp_path


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "var" / "xinluon.db")) as connection:
        return connection.execute(query).fetchall()


# --- work


def test_a_table_is_shown_row_by_row_and_gives_nothing_yet(office: Path) -> None:
    done = command("work", "import", "viec.csv", folder=office)
    assert done.returncode == 1  # a row is to be mended
    assert "Dòng 2: Báo cáo tháng\n    thực hiện: Phòng Công nghiệp" in done.stdout
    assert "Dòng 3: Rà soát thủ tục\n    thực hiện: An" in done.stdout
    assert "Dòng 4, cột Phòng: Không rõ phòng «Phòng Không có»." in done.stdout
    assert "Chưa giao việc nào: thêm --apply để giao." in done.stdout
    assert rows(office, "SELECT count(*) FROM assignments") == [(0,)]


def test_applied_it_gives_the_good_rows_once_and_tells_the_responsible(office: Path) -> None:
    first = command("work", "import", "viec.csv", "--apply", folder=office)
    assert first.returncode == 1
    assert "Đã giao 2 nhiệm vụ (số 1 đến 2)." in first.stdout
    given = rows(office, "SELECT title, priority, created_by FROM assignments ORDER BY id")
    assert given == [("Báo cáo tháng", "ordinary", None), ("Rà soát thủ tục", "urgent", None)]
    told = rows(office, "SELECT DISTINCT chat FROM deliveries ORDER BY chat")
    assert told == [("-2",), ("1",), ("4",)]  # the department's group, An, Cường
    deeds = rows(office, "SELECT actor_id FROM audit WHERE action = 'assignment.create'")
    assert deeds == [(None,), (None,)]
    again = command("work", "import", "viec.csv", "--apply", folder=office)
    assert "Không có nhiệm vụ nào được giao." in again.stdout
    assert "Dòng 2 đã được giao từ trước, là nhiệm vụ số 1" in again.stdout
    assert rows(office, "SELECT count(*) FROM assignments") == [(2,)]


def test_a_table_without_a_fault_ends_well(office: Path) -> None:
    (office / "tot.csv").write_text(TABLE[: TABLE.index("Việc của phòng lạ")], "utf-8")
    assert command("work", "import", "tot.csv", folder=office).returncode == 0
    done = command("work", "import", "tot.csv", "--apply", folder=office)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("khong-co.csv", None, "không đọc được tệp khong-co.csv: không có tệp này"),
        ("trong.csv", b"", "Tệp này trống."),
        ("la.pdf", b"%PDF-1.7", "Chỉ nhận tệp Excel (.xlsx) hoặc CSV."),
        ("bang.csv", b"A;B\n1;2\n", "Không thấy dòng tiêu đề của bảng."),
    ],
)
def test_a_file_of_no_use_is_one_line_that_says_why(
    office: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (office / name).write_bytes(content)
    done = command("work", "import", name, "--apply", folder=office)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_departments_of_the_configuration_are_known_before_the_first_start(tmp_path: Path) -> None:
    config = {"office": {"departments": [{"name": "Phòng Công nghiệp"}]}}
    (tmp_path / "config.yaml").write_text(json.dumps(config), "utf-8")
    (tmp_path / "viec.csv").write_text(
        f"Nội dung;Phòng;Hạn\nBáo cáo;Phòng Công nghiệp;{DUE:%d/%m/%Y}\n", "utf-8"
    )
    done = command("work", "import", "viec.csv", folder=tmp_path)
    assert done.returncode == 0
    assert "thực hiện: Phòng Công nghiệp" in done.stdout


def test_open_work_or_all_of_it_is_written_as_a_workbook(office: Path) -> None:
    command("work", "import", "viec.csv", "--apply", folder=office)
    with closing(sqlite3.connect(office / "var" / "xinluon.db")) as connection:
        connection.execute("UPDATE assignments SET state = 'cancelled' WHERE id = 1")
        connection.commit()
    assert "Đã ghi 1 nhiệm vụ vào mo.xlsx." in command("work", "export", "mo.xlsx", folder=office).stdout
    assert "Đã ghi 2 nhiệm vụ" in command("work", "export", "het.xlsx", "--all", folder=office).stdout
    sheet = load_workbook(office / "het.xlsx").active
    assert sheet is not None
    assert {row[1] for row in sheet.iter_rows(min_row=2, values_only=True)} == {
        "Báo cáo tháng",
        "Rà soát thủ tục",
    }
    wrong = command("work", "export", "het.csv", folder=office)
    assert (wrong.returncode, "phải kết thúc bằng «.xlsx»" in wrong.stderr) == (2, True)
    nowhere = command("work", "export", "khong/co/het.xlsx", folder=office)
    assert (nowhere.returncode, "không ghi được tệp" in nowhere.stderr) == (2, True)


def test_statistics_are_told_and_written_as_picture_workbook_and_json(office: Path) -> None:
    command("work", "import", "viec.csv", "--apply", folder=office)
    due = DUE - timedelta(days=30)
    with closing(sqlite3.connect(office / "var" / "xinluon.db")) as connection:
        connection.execute("UPDATE assignments SET due_on = ? WHERE id = 1", (due.isoformat(),))
        connection.commit()
    since = f"{due - timedelta(days=1):%d/%m/%Y}"
    done = command("work", "statistics", "--from", since, "--png", "a.png", "--xlsx", "b.xlsx", folder=office)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 quá hạn chưa xong" in done.stdout
    assert (office / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "Theo phòng, đơn vị" in load_workbook(office / "b.xlsx").sheetnames
    tree = json.loads(command("work", "statistics", "--json", "--from", since, folder=office).stdout)
    assert (tree["total"]["open_late"], tree["total"]["share"]) == (1, 0.0)
    turned = command("work", "statistics", "--from", "2026-05-01", "--to", "2026-04-01", folder=office)
    assert turned.returncode == 2


# --- people


def test_a_code_for_a_member_ties_that_member(office: Path) -> None:
    done = command("people", "code", "bình", folder=office)
    assert done.returncode == 0
    code = re.search(r"/ma ([A-Z0-9]{4}-[A-Z0-9]{4})", done.stdout)
    assert code, done.stdout
    engine = make_engine(f"sqlite:///{office}/var/xinluon.db")
    with session_factory(engine).begin() as session:
        who = codes.use_code(
            session,
            code[1],
            channel="telegram",
            account="42",
            sender="99",
            chat="99",
            name="",
            now=datetime.now(UTC),
            hash_key=hash_key(Settings(), office / "var"),
        )
    engine.dispose()
    assert who.name == "Bình"


def test_a_name_of_nobody_or_of_several_is_asked_back(office: Path) -> None:
    nobody = command("people", "code", "Không Có", folder=office)
    assert (nobody.returncode, nobody.stderr) == (2, "Lỗi: không có ai tên «Không Có»\n")
    with closing(sqlite3.connect(office / "var" / "xinluon.db")) as connection:
        connection.execute("UPDATE members SET name = 'An' WHERE name = 'Cường'")
        connection.commit()
    several = command("people", "code", "An", folder=office)
    assert several.returncode == 2
    assert "#1 An (Phòng Quản lý thương mại)" in several.stderr
    assert "#4 An (Phòng Công nghiệp)" in several.stderr
    assert "Mã của An" in command("people", "code", "#4", folder=office).stdout


def test_a_claim_code_is_given_only_while_there_is_no_admin(tmp_path: Path, office: Path) -> None:
    assert "Cơ quan đã có quản trị: Trị." in command("people", "admin", folder=office).stdout
    fresh = tmp_path / "moi"
    fresh.mkdir()
    done = command("people", "admin", folder=fresh)
    assert done.returncode == 0
    assert re.search(r"/nhanquyen [A-Z0-9]{4}-[A-Z0-9]{4} ", done.stdout)


# --- check


def test_check_reports_calendar_and_reminder_files_and_unconfirmed_years(tmp_path: Path) -> None:
    clean = json.loads(command("check", "--json", folder=tmp_path).stdout)
    assert any(str(DUE.year + 1) in p["message"] and not p["error"] for p in clean)
    for folder in ("lich", "nhac"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config.yaml").write_text("calendar: {folders: [lich]}\nreminders: {folders: [nhac]}\n")
    (tmp_path / "lich" / "a.yaml").write_text(
        "year: 2027\ndays:\n  - {date: 2027-01-01, name: Tết}\n", "utf-8"
    )
    (tmp_path / "nhac" / "b.yaml").write_text(
        "reminders:\n  - {key: x, title: X, schedule: khi nào đó}\n", "utf-8"
    )
    done = command("check", folder=tmp_path)
    assert done.returncode == 1
    assert "LỖI lich/a.yaml:3:" in done.stdout
    assert re.search(r"LỖI nhac/b\.yaml:2: không hiểu lịch|LỖI nhac/b\.yaml:2: lịch", done.stdout)
    assert "Traceback" not in done.stderr
