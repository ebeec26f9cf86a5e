"""Lists of recipients from Excel or CSV: whom they name, and what to mend, row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.files.import_rows import RowProblem, as_text
from bot.files.notice_workbook import words
from bot.files.tables import HEADING_ROWS, MAX_ROWS, Row, Value, read_tables
from bot.files.workbook import Column, add_sheet, saved
from office.messages import Line, Style
from office.people import plain
from office.refusal import Refused
from scheduler.notices.audience import Audience
from scheduler.notices.recipients import RecipientRow, audience_from_rows

_SHOWN = 10  # problems written out in one message
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "ten", "noi nhan", "ho ten", "ho va ten", "ten nhom", "nhom", "ten nguoi nhan", "nguoi nhan",
        "don vi nhan", "ten noi nhan",
    ),
    "kind": ("loai", "loai noi nhan", "kieu"),
    "department": ("phong", "don vi", "phong don vi", "phong ban"),
}  # fmt: skip
_FIELDS = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_UNUSED = frozenset({"stt", "tt", "so thu tu", "ghi chu"})  # no need to say so
_WIDTHS = {"name": 44, "kind": 20, "department": 34}
_GUIDE_WIDTHS = {"column": 14, "how": 90, "example": 34}
_TEMPLATE_ROWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientPreview:
    """Whom a file names. `rows`: how many rows name somebody; `warnings`: what was left out without harm."""

    name: str
    audience: Audience
    rows: int
    problems: tuple[RowProblem, ...]
    warnings: tuple[str, ...]


def read_recipients(content: bytes, name: str, session: Session) -> RecipientPreview:
    """Read a list of recipients, at most 5 MB and 5,000 rows; stores nothing. Raises Refused."""
    head, rows = _table(content, name)
    columns = _columns(head)
    audience, found = audience_from_rows(session, [_row(row, columns) for row in rows])
    problems = tuple(
        RowProblem(
            row=one.row, column=_heading_of(head, columns, one.field), message=one.message, mend=one.mend
        )
        for one in found
    )
    return RecipientPreview(
        name=name,
        audience=audience,
        rows=len(rows) - len(problems),
        problems=problems,
        warnings=tuple(_warnings(head, columns)),
    )


def as_lines(preview: RecipientPreview) -> tuple[Line, ...]:
    """The preview in words: how many rows could be read, the first problems and warnings."""
    text = words()
    lines = [Line(text("recipients.ready", count=preview.rows, name=preview.name), Style.TITLE)]
    if preview.problems:
        lines.append(Line(text("recipients.problems", count=len(preview.problems)), Style.WARNING))
    for one in preview.problems[:_SHOWN]:
        said = text("recipients.problem", row=one.row, column=one.column, message=one.message, mend=one.mend)
        lines.append(Line(said, Style.ITEM))
    if len(preview.problems) > _SHOWN:
        lines.append(Line(text("recipients.more", count=len(preview.problems) - _SHOWN)))
    lines += [Line(warning, Style.SOURCE) for warning in preview.warnings[:_SHOWN]]
    return tuple(lines)


def template_xlsx() -> bytes:
    """An empty list to fill in, with a sheet that says how."""
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

    from scheduler.notices.desk import words as notice_words

    text = words()
    book = Workbook()
    book.remove(book.worksheets[0])
    add_sheet(
        book,
        text("recipients.sheet"),
        [Column(heading=_label(field), width=_WIDTHS[field]) for field in _HEADINGS],
        (),
    )
    guide = [Column(heading=text(f"recipients.{key}"), width=width) for key, width in _GUIDE_WIDTHS.items()]
    rows = [text.list(f"recipients.columns.{field}") for field in _HEADINGS]
    add_sheet(book, text("recipients.guide"), guide, rows)
    sheet = book.worksheets[0]
    sheet.auto_filter.ref = None
    kinds = ",".join(notice_words().list("recipients.kinds"))
    choices = DataValidation(type="list", formula1=f'"{kinds}"', allow_blank=True, showErrorMessage=False)
    choices.add(f"B2:B{_TEMPLATE_ROWS + 1}")
    sheet.add_data_validation(choices)
    return saved(book)


def _table(content: bytes, name: str) -> tuple[Row, tuple[Row, ...]]:
    """The heading that names the most columns, and the rows below it."""
    best: tuple[int, Row, tuple[Row, ...]] | None = None
    for rows in read_tables(content, name):
        for at, row in enumerate(rows[:HEADING_ROWS]):
            columns = _columns(row)
            if "name" in columns and (best is None or len(columns) > best[0]):
                best = (len(columns), row, rows[at + 1 :])
    if best is None:
        raise Refused(words()("recipients.no_heading"), words()("recipients.no_heading_mend"))
    _, head, below = best
    if not below:
        raise Refused(words()("recipients.no_rows"), words()("recipients.no_rows_mend"))
    if len(below) > MAX_ROWS:
        raise Refused(words()("recipients.many_rows", most=MAX_ROWS), words()("recipients.many_rows_mend"))
    return head, below


def _columns(head: Row) -> dict[str, int]:
    """Where each field stands; the first heading of a field counts."""
    found: dict[str, int] = {}
    for at, value in enumerate(head.values):
        field = _FIELDS.get(_heading(value))
        if field is not None:
            found.setdefault(field, at)
    return found


def _row(row: Row, columns: Mapping[str, int]) -> RecipientRow:
    def cell(field: str) -> str:
        return as_text(row.get(columns[field])) if field in columns else ""

    return RecipientRow(
        number=row.number, name=cell("name"), kind=cell("kind"), department=cell("department")
    )


def _warnings(head: Row, columns: Mapping[str, int]) -> list[str]:
    used = set(columns.values())
    return [
        words()("recipients.unknown_column", heading=as_text(value)[:60])
        for at, value in enumerate(head.values)
        if at not in used and _heading(value) and _heading(value) not in _UNUSED
    ]


def _heading_of(head: Row, columns: Mapping[str, int], field: str) -> str:
    return as_text(head.get(columns[field])) if field in columns else _label(field)


def _heading(value: Value) -> str:
    return plain(re.sub(r"\(.*?\)", " ", as_text(value), flags=re.DOTALL))


def _label(field: str) -> str:
    return words().list(f"recipients.columns.{field}")[0]
