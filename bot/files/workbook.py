"""Excel workbooks that go out: the list of assignments, the on-time shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.files.texts import clean, words
from office import people
from office.assignments import Assignment, Responsible
from office.clock import ZONE
from office.people import Member
from scheduler import statistics
from scheduler.statistics import Share, Statistics

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DATE_FORMAT = "dd/mm/yyyy"
_SHARE_FORMAT = "0.0%"
_MOST_CHARACTERS = 32_767  # of a cell, says Excel
RISKY = ("=", "+", "-", "@")  # what a spreadsheet takes for a formula when such a text is edited or re-read
_HEAD_COLOR = "1B5E7F"
_CHUNK = 500  # ids in one query

CellValue = str | int | float | date | None


class Percentage(float):
    """A share that is shown as one, whatever its column shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a sheet: its heading, its width in characters, how its numbers are shown."""

    heading: str
    width: float
    number_format: str = ""


def assignments_xlsx(session: Session, rows: Iterable[Assignment]) -> bytes:
    """The assignments in their order, a row each."""
    from openpyxl import Workbook

    rows = tuple(rows)
    book = Workbook(write_only=True)
    text = words()
    columns = tuple(
        Column(
            heading=text(f"assignments.{key}"),
            width=width,
            number_format=DATE_FORMAT if key in _DATES else "",
        )
        for key, width in _ASSIGNMENT_COLUMNS.items()
    )
    add_sheet(book, text("assignments.sheet"), columns, _assignment_rows(session, rows))
    return saved(book)


_ASSIGNMENT_COLUMNS = {
    "number": 7, "title": 60, "document": 20, "document_date": 15, "given_by": 22, "department": 30,
    "members": 34, "due": 13, "first_due": 13, "priority": 11, "state": 22, "finished": 17,
    "acknowledged": 10,
}  # fmt: skip
_DATES = frozenset({"document_date", "due", "first_due", "finished"})


def _assignment_rows(session: Session, rows: Sequence[Assignment]) -> Iterable[Sequence[CellValue]]:
    departments = {d.id: d.name for d in people.departments(session)}
    roster = _rosters(session, [row.id for row in rows])
    for row in rows:
        members = roster[row.id]
        received = sum(acknowledged for _, acknowledged in members)
        finished = row.finished_at.astimezone(ZONE).date() if row.finished_at else None
        yield (
            row.id,
            row.title,
            row.document,
            row.document_date,
            row.given_by,
            departments.get(row.department_id or 0, ""),
            ", ".join(name for name, _ in members),
            row.due_on,
            row.first_due_on,
            row.priority.label,
            row.state.label,
            finished,
            f"{received}/{len(members)}" if members else "",
        )


def _rosters(session: Session, ids: Sequence[int]) -> defaultdict[int, list[tuple[str, bool]]]:
    """Names of who answers for each assignment and whether they have acknowledged it."""
    found: defaultdict[int, list[tuple[str, bool]]] = defaultdict(list)
    for start in range(0, len(ids), _CHUNK):
        query = (
            select(Responsible.assignment_id, Member.name, Responsible.acknowledged_at)
            .join(Member, Member.id == Responsible.member_id)
            .where(
                Responsible.assignment_id.in_(ids[start : start + _CHUNK]), Responsible.released_at.is_(None)
            )
            .order_by(Responsible.assignment_id, Member.name, Member.id)
        )
        for assignment_id, name, acknowledged_at in session.execute(query):
            found[assignment_id].append((name, acknowledged_at is not None))
    return found


def statistics_xlsx(found: Statistics) -> bytes:
    """The shares of departments and members, a sheet each where there are any, and how they are counted."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for key, heading, some in (
        ("departments", "department", found.departments),
        ("members", "member", found.members),
    ):
        if some:
            _share_sheet(
                book, words()(f"statistics.{key}"), words()(f"statistics.{heading}"), some, found.total
            )
    period = statistics.words()("title", since=f"{found.since:%d/%m/%Y}", until=f"{found.until:%d/%m/%Y}")
    how = (period, statistics.one_line(found.total), *statistics.words().list("how"))
    name = words()("statistics.how")
    add_sheet(book, name, (Column(heading=name, width=110),), ((line,) for line in how))
    return saved(book)


def _share_sheet(book: Workbook, name: str, heading: str, some: Sequence[Share], total: Share) -> None:
    text = words()
    columns = (
        Column(heading=heading, width=44),
        Column(heading=text("statistics.share"), width=15, number_format=_SHARE_FORMAT),
        *(Column(heading=text(f"statistics.{key}"), width=16) for key in _COUNTS),
        Column(heading=text("statistics.mean_late"), width=24, number_format="0.0"),
    )
    lines = [_share_row(share, share.name) for share in some]
    add_sheet(book, name, columns, [*lines, _share_row(total, text("statistics.all"))], last_is_total=True)


_COUNTS = ("total", "on_time", "late", "open_late", "extended")


def _share_row(share: Share, name: str) -> tuple[CellValue, ...]:
    counts = (share.total, share.on_time, share.late, share.open_late, share.extended)
    return (name, share.share, *counts, share.mean_late_days)


# --- sheets


def add_sheet(
    book: Workbook,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[CellValue]],
    *,
    last_is_total: bool = False,
) -> None:
    """Add a sheet with a frozen heading, a filter and widths. A total at the end stays out of the filter."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet: Any = book.create_sheet(name)  # the type stubs lack most of a write-only sheet
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.append([_heading(sheet, column) for column in columns])
    styles = [_Styles(sheet, column) for column in columns]
    last = 1
    for row in rows:
        sheet.append([style.cell(value) for style, value in zip(styles, row, strict=True)])
        last += 1
    filtered = max(last - last_is_total, 1)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{filtered}"


def saved(book: Workbook) -> bytes:
    """The workbook as a file."""
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _heading(sheet: Any, column: Column) -> Cell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    cell: Cell = WriteOnlyCell(sheet, column.heading)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor=_HEAD_COLOR)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    return cell


class _Styles:
    """Makes a column's cells. Styles are made once: making them for each cell takes many times as long."""

    def __init__(self, sheet: Any, column: Column) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment

        self._sheet = sheet
        self._make: Callable[[Any], Any] = WriteOnlyCell
        self._number: Any = self._make(sheet)
        self._text: Any = self._make(sheet)
        self._quoted: Any = self._make(sheet)
        self._number.alignment = Alignment(vertical="top")
        self._text.alignment = self._quoted.alignment = Alignment(vertical="top", wrap_text=True)
        self._quoted.quotePrefix = True
        self._number.number_format = column.number_format or "General"
        self._share: Any = self._make(sheet)
        self._share.alignment = Alignment(vertical="top")
        self._share.number_format = _SHARE_FORMAT

    def cell(self, value: CellValue) -> Any:
        """A cell; None for nothing."""
        if isinstance(value, datetime):
            raise TypeError("a cell takes a day of Việt Nam, not a moment")
        if value is None or value == "":
            return None
        cell = self._make(self._sheet)
        if isinstance(value, str):
            text = clean(value)[:_MOST_CHARACTERS]
            cell.value = text
            cell.data_type = "s"  # also of «=1+1» and «#N/A»
            like = self._quoted if text.lstrip().startswith(RISKY) else self._text
        else:
            cell.value = value
            like = self._share if isinstance(value, Percentage) else self._number
        cell._style = like._style  # shared: nobody changes a cell that has been handed out
        return cell
