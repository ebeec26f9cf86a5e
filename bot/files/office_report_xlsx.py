"""The report as a workbook: a sheet for each table, and how it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.files.office_report_words import words
from bot.files.workbook import DATE_FORMAT, CellValue, Column, Percentage, add_sheet, saved
from handlers.office_report.figures import OfficeReport, Ratio
from handlers.office_report.tables import Cell, Kind, tables
from handlers.office_report.wording import how, not_over, sentences

if TYPE_CHECKING:
    from openpyxl import Workbook

_FORMATS = {
    Kind.TEXT: "",
    Kind.COUNT: "#,##0",
    Kind.SHARE: "0.0%",
    Kind.DAY: DATE_FORMAT,
    Kind.FIGURE: "#,##0",
}
_LEAST_WIDTH = 10.0


def report_xlsx(report: OfficeReport) -> bytes:
    """The workbook: dates are dates, shares are numbers. An empty report has only the last sheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for table in tables(report):
        columns = [
            Column(
                heading=c.heading,
                width=max(float(c.width), _LEAST_WIDTH),
                number_format=_FORMATS[c.kind],
            )
            for c in table.columns
        ]
        rows = ([_value(cell) for cell in row] for row in table.rows)
        add_sheet(book, words()(f"sheets.{table.key}"), columns, rows, last_is_total=table.total)
    _how_sheet(book, report)
    return saved(book)


def _value(cell: Cell) -> CellValue:
    if not isinstance(cell, Ratio):
        return cell
    return None if cell.value is None else Percentage(cell.value)


def _how_sheet(book: Workbook, report: OfficeReport) -> None:
    """The days, the report in sentences, then how it is counted."""
    said = sentences(report)
    period = f"{report.office}: {report.span.name} ({report.span.counted})"
    lines = [period, *filter(None, [not_over(report)])]
    for part in (said.questions, said.moments, said.unanswered, said.guidance, said.work, said.notices):
        lines += part
    name = words()("sheets.how")
    add_sheet(book, name, (Column(heading=name, width=110),), ((line,) for line in (*lines, *how(report))))
