"""For the tests of files: an office of two departments in a real SQLite file, and files to import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from sqlalchemy.orm import Session

from bot.files.imports import Preview, read_assignments
from office.assignments import Assignment, AssignmentState, Priority, Responsible
from office.clock import ZONE
from office.database import make_engine, session_factory
from office.people import Department, Member
from tests.databases import fresh_sqlite

TRADE, ENERGY = 1, 2
AN, BINH, CHI, AN_OF_ENERGY = 1, 2, 3, 4
TODAY = date(2026, 11, 16)
HEADINGS = ("Nội dung", "Phòng", "Người thực hiện", "Hạn")
MADE = datetime(2026, 11, 2, 1, tzinfo=UTC)


@contextmanager
def opened(folder: Path) -> Iterator[Session]:
    """A session on a new office; nothing is committed."""
    engine = make_engine(fresh_sqlite(folder))
    with session_factory(engine)() as session:
        session.add_all(
            [
                Department(id=TRADE, key="quan-ly-thuong-mai", name="Phòng Quản lý Thương mại"),
                Department(id=ENERGY, key="quan-ly-nang-luong", name="Phòng Quản lý Năng lượng"),
            ]
        )
        session.flush()
        for key, name, department_id in (
            (AN, "Nguyễn Văn An", TRADE),
            (BINH, "Trần Thị Bình", TRADE),
            (CHI, "Lê Văn Chí", ENERGY),
            (AN_OF_ENERGY, "Phạm Thị An", ENERGY),
        ):
            session.add(Member(id=key, name=name, department_id=department_id, joined_at=MADE))
        session.flush()
        yield session
    engine.dispose()


def work(
    session: Session, *, members: tuple[int, ...] = (AN,), named: bool = True, **more: Any
) -> Assignment:
    """An assignment of the trade department, due on 20/11/2026 unless told otherwise."""
    values: dict[str, Any] = {
        "title": "Báo cáo tháng",
        "department_id": TRADE,
        "priority": Priority.ORDINARY,
        "assigned_on": date(2026, 11, 2),
        "due_on": date(2026, 11, 20),
        "ladder": {},
        "state": AssignmentState.OPEN,
        "created_at": MADE,
    } | more
    row = Assignment(**{"first_due_on": values["due_on"], **values})
    session.add(row)
    session.flush()
    session.add_all(Responsible(assignment_id=row.id, member_id=m, named=named) for m in members)
    session.flush()
    return row


def at(day: date, hour: int = 9) -> datetime:
    """A moment of a day in Việt Nam."""
    return datetime.combine(day, time(hour), ZONE)


# --- files


def xlsx(*rows: tuple[Any, ...]) -> bytes:
    """A workbook of one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with the XML of its first sheet changed, which must make a difference."""
    with ZipFile(BytesIO(content)) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = change(sheet)
    assert parts["xl/worksheets/sheet1.xml"] != sheet
    return zipped(parts)


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip of some files."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def preview(
    session: Session, content: bytes | str, name: str = "viec.csv", *, today: date = TODAY
) -> Preview:
    """What a file would give."""
    raw = content.encode() if isinstance(content, str) else content
    return read_assignments(raw, name, session, today)
