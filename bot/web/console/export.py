"""Excel files of the console's lists: days and moments as such, under Vietnamese headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from bot.files.workbook import DATE_FORMAT, Column, add_sheet, saved
from bot.files.workbook import CellValue as Plain
from office.clock import ZONE

MOMENT_FORMAT = f"{DATE_FORMAT} hh:mm"
_LONGEST_NAME = 31  # of a sheet, says Excel
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))

CellValue = str | int | float | date | datetime | None


def workbook(name: str, columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[CellValue]]) -> bytes:
    """A workbook of one sheet; `columns`: heading and width."""
    from openpyxl import Workbook

    rows = list(rows)
    book = Workbook(write_only=True)
    made = [
        Column(heading=heading, width=width, number_format=_format_of(row[at] for row in rows))
        for at, (heading, width) in enumerate(columns)
    ]
    sheet = name.translate(_FORBIDDEN)[:_LONGEST_NAME].strip() or "Danh sách"
    add_sheet(book, sheet, made, ([_plain(value) for value in row] for row in rows))
    return saved(book)


def _format_of(values: Iterable[CellValue]) -> str:
    """How a column's numbers are shown: by the first value that it has."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, datetime):
        return MOMENT_FORMAT
    return DATE_FORMAT if isinstance(first, date) else ""


def _plain(value: CellValue) -> Plain:
    """A moment as Excel counts it: days since 1900, in Việt Nam's time."""
    from openpyxl.utils.datetime import to_excel

    if isinstance(value, datetime):
        days: float = to_excel(value.astimezone(ZONE).replace(tzinfo=None))  # type: ignore[no-untyped-call]
        return days
    return value
