"""Lists of assignments from Excel or CSV: what can be given, and what to mend, row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.files.import_rows import RowProblem, RowReader, as_text
from bot.files.tables import HEADING_ROWS, MAX_ROWS, Row, Value, read_tables
from bot.files.texts import words
from bot.files.workbook import DATE_FORMAT, Column, add_sheet, saved
from office.assignments import Assignment, AssignmentState, Priority
from office.messages import Line, Style
from office.people import plain
from office.refusal import Refused
from scheduler.work import Draft

_CHUNK = 500  # keys in one query
_SHOWN = 10  # problems written out in one message
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "title": (
        "noi dung", "nhiem vu", "noi dung nhiem vu", "ten nhiem vu", "noi dung cong viec", "cong viec",
        "noi dung thuc hien", "viec",
    ),
    "department": (
        "phong", "don vi", "phong don vi", "phong ban", "don vi thuc hien", "phong thuc hien",
        "don vi chu tri", "phong don vi thuc hien", "phong chu tri",
    ),
    "members": (
        "nguoi thuc hien", "nguoi phu trach", "can bo thuc hien", "cong chuc thuc hien",
        "nguoi chiu trach nhiem", "chuyen vien",
    ),
    "due": (
        "han", "thoi han", "han xu ly", "han hoan thanh", "thoi han hoan thanh", "ngay den han", "han cuoi",
        "thoi han thuc hien",
    ),
    "document": ("van ban", "so van ban", "so ky hieu", "so hieu", "so ky hieu van ban", "van ban giao"),
    "document_date": ("ngay van ban", "ngay ban hanh", "ngay ban hanh van ban"),
    "priority": ("muc do", "do khan", "muc do khan"),
    "express_reason": ("ly do hoa toc", "ly do"),
    "given_by": ("nguoi giao", "lanh dao giao", "don vi giao", "nguoi giao viec"),
    "description": ("ghi chu", "mo ta", "chi tiet"),
}  # fmt: skip
_FIELDS = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_UNUSED = frozenset({"stt", "tt", "so thu tu"})  # no need to say so


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would give. A row with a problem gives no draft; neither does one given before.

    `rows`: the row of each draft. `warnings`: what was left out without harm.
    """

    name: str
    drafts: tuple[Draft, ...]
    rows: tuple[int, ...]
    problems: tuple[RowProblem, ...]
    warnings: tuple[str, ...]


def read_assignments(content: bytes, name: str, session: Session, today: date) -> Preview:
    """Read a list of work, at most 5 MB and 5,000 rows; stores nothing. Raises Refused for a useless file.

    `origin_key` of a draft is made of what it says, so that the same list never gives the same work twice.
    """
    table = _table(content, name)
    reader = RowReader(session, today, table.columns, table.names)
    drafts: list[tuple[int, Draft]] = []
    first: dict[str, int] = {}
    warnings = list(table.warnings)
    for row in table.rows:
        draft = reader.draft(row)
        if draft is None or draft.origin_key is None:
            continue
        earlier = first.setdefault(draft.origin_key, row.number)
        if earlier != row.number:
            warnings.append(words()("imports.twice", row=row.number, first=earlier))
        else:
            drafts.append((row.number, draft))
    known = _known(session, list(first))
    new = []
    for number, draft in drafts:
        given = known.get(draft.origin_key or "")
        if given is None:
            new.append((number, draft))
        else:
            said = words()("imports.known", row=number, id=given[0], state=given[1].label)
            warnings.append(said)
    return Preview(
        name=name,
        drafts=tuple(draft for _, draft in new),
        rows=tuple(number for number, _ in new),
        problems=tuple(reader.problems),
        warnings=tuple(warnings),
    )


def as_lines(preview: Preview) -> tuple[Line, ...]:
    """The preview for chat: how much can be given, the first problems and warnings."""
    text = words()
    count = len(preview.drafts)
    ready = text("imports.ready", count=count, name=preview.name)
    lines = [Line(ready if count else text("imports.ready_none", name=preview.name), Style.TITLE)]
    if preview.problems:
        lines.append(Line(text("imports.problems", count=len(preview.problems)), Style.WARNING))
    for problem in preview.problems[:_SHOWN]:
        said = text(
            "imports.problem",
            row=problem.row,
            column=problem.column,
            message=problem.message,
            mend=problem.mend,
        )
        lines.append(Line(said, Style.ITEM))
    if len(preview.problems) > _SHOWN:
        lines.append(Line(text("imports.more", count=len(preview.problems) - _SHOWN)))
    lines += [Line(warning, Style.SOURCE) for warning in preview.warnings[:_SHOWN]]
    if len(preview.warnings) > _SHOWN:
        lines.append(Line(text("imports.more", count=len(preview.warnings) - _SHOWN), Style.SOURCE))
    return tuple(lines)


# --- the table in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    rows: tuple[Row, ...]
    columns: Mapping[str, int]  # field → column
    names: Mapping[str, str]  # field → its heading as written
    warnings: tuple[str, ...]


def _table(content: bytes, name: str) -> _Table:
    best: tuple[int, tuple[Row, ...], int] | None = None
    for rows in read_tables(content, name):
        for at, row in enumerate(rows[:HEADING_ROWS]):
            fields = {_FIELDS.get(_heading(value)) for value in row.values} - {None}
            if len(fields) >= 2 and "title" in fields and (best is None or len(fields) > best[0]):
                best = (len(fields), rows, at)
    if best is None:
        raise Refused(words()("refused.no_heading"), words()("refused.no_heading_mend"))
    _, rows, at = best
    table = _headed(rows[at], rows[at + 1 :])
    missing = [_label(key) for key in ("due",) if key not in table.columns]
    if not {"department", "members"} & set(table.columns):
        missing.append(f" {words()('imports.or')} ".join((_label("department"), _label("members"))))
    if missing:
        said = words()("refused.no_column", columns=", ".join(missing))
        raise Refused(said, words()("refused.no_heading_mend"))
    if len(table.rows) > MAX_ROWS:
        raise Refused(words()("refused.rows", most=MAX_ROWS), words()("refused.rows_mend"))
    if not table.rows:
        raise Refused(words()("refused.no_rows"), words()("refused.empty_mend"))
    return table


def _headed(head: Row, rows: tuple[Row, ...]) -> _Table:
    columns: dict[str, int] = {}
    names: dict[str, str] = {}
    warnings = []
    for at, value in enumerate(head.values):
        written = " ".join(as_text(value).split())[:60]
        key = _FIELDS.get(_heading(value))
        if key is not None and key not in columns:
            columns[key], names[key] = at, written
        elif key is not None:
            warnings.append(words()("imports.double_column", used=names[key], heading=written))
        elif written and _heading(value) not in _UNUSED:
            warnings.append(words()("imports.unknown_column", heading=written))
    return _Table(rows=rows, columns=columns, names=names, warnings=tuple(warnings))


def _heading(value: Value) -> str:
    return plain(re.sub(r"\(.*?\)", " ", as_text(value), flags=re.DOTALL))


def _label(key: str) -> str:
    return words().list(f"template.columns.{key}")[0]


def _known(session: Session, keys: Sequence[str]) -> dict[str, tuple[int, AssignmentState]]:
    """Which of the origin keys have been given, as which assignment."""
    found: dict[str, tuple[int, AssignmentState]] = {}
    for start in range(0, len(keys), _CHUNK):
        query = select(Assignment.origin_key, Assignment.id, Assignment.state).where(
            Assignment.origin_key.in_(keys[start : start + _CHUNK])
        )
        for key, assignment_id, state in session.execute(query):
            found[str(key)] = (assignment_id, state)
    return found


# --- the template


def template_xlsx() -> bytes:
    """An empty list to fill in, with a sheet that says how."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    text = words()
    book = Workbook()
    book.remove(book.worksheets[0])
    fields = tuple(_HEADINGS)
    columns = [Column(heading=_label(key), width=_WIDTHS.get(key, 20)) for key in fields]
    add_sheet(book, text("template.sheet"), columns, ())
    guide = [Column(heading=text(f"template.{key}"), width=w) for key, w in _GUIDE_WIDTHS.items()]
    add_sheet(book, text("template.guide"), guide, (text.list(f"template.columns.{key}") for key in fields))
    sheet = book.worksheets[0]
    sheet.auto_filter.ref = None
    for key in ("due", "document_date"):
        for row in range(2, _TEMPLATE_ROWS + 2):
            sheet.cell(row, fields.index(key) + 1).number_format = DATE_FORMAT
    names = ",".join(priority.label for priority in Priority)
    choices = DataValidation(type="list", formula1=f'"{names}"', allow_blank=True, showErrorMessage=False)
    letter = get_column_letter(fields.index("priority") + 1)
    choices.add(f"{letter}2:{letter}{_TEMPLATE_ROWS + 1}")
    sheet.add_data_validation(choices)
    return saved(book)


_WIDTHS = {"title": 60, "department": 30, "members": 34, "express_reason": 30, "description": 40}
_GUIDE_WIDTHS = {"column": 20, "how": 70, "example": 50}
_TEMPLATE_ROWS = 300  # prepared for dates
