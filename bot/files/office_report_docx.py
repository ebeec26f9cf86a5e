"""The report as a Word document in the administrative form; what only Văn phòng knows is left open: «……»."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING

from bot.files import letter
from bot.files.letter import CENTRE, IN_TABLE, TEXT, Letter, Look, rule, write
from bot.files.office_report_png import moments_png
from bot.files.office_report_words import words
from handlers.office_report.figures import OfficeReport, Questions, Ratio
from handlers.office_report.indicators import number
from handlers.office_report.tables import Cell, Kind, Table, cell_text, tables
from handlers.office_report.wording import how, intro, not_over, sentences

if TYPE_CHECKING:
    from docx.table import _Cell

_LEFT, _RIGHT = 67.0, 95.0  # millimetres; the columns of the head
_CAPTION = Look(align="center", size=13, italic=True, before=8, after=4, with_next=True)
MOST_FIELDS = 10
_MOST = 220  # characters of a cell: a question may be long
_ROMAN = ("I", "II", "III", "IV", "V")
_SECTIONS: dict[str, tuple[str, ...]] = {
    "guidance": ("guidance",),
    "work": ("departments",),
    "notices": ("notices",),
}


def report_docx(report: OfficeReport) -> bytes:
    """The document, to be numbered, dated and signed."""
    return _Writer(report).written()


class _Writer:
    """Writes one report; counts its tables and sections."""

    def __init__(self, report: OfficeReport) -> None:
        self._report = report
        self._subject = words()("head.subject", span=report.span.name)
        self._tables = {table.key: table for table in tables(report)}
        self._said = sentences(report)
        self._shown = self._sections = 0
        made_at = datetime.combine(report.made_on, time())
        self._letter = Letter(title=self._subject, author=report.office, made_at=made_at)

    def written(self) -> bytes:
        """The parts in order."""
        self._head()
        self._letter.paragraph(
            words()("head.to", office=self._report.office), replace(CENTRE, before=6, after=6)
        )
        self._letter.paragraph(intro(self._report))
        if not_over(self._report):
            self._letter.paragraph(not_over(self._report))
        self._questions()
        self._section("guidance", self._said.guidance)
        if "guidance" in self._tables:
            self._letter.paragraph(words()("evidence"))
        self._section("work", self._said.work)
        self._section("notices", self._said.notices)
        self._section("proposals", (words()("proposals"),))
        self._letter.paragraph(words()("closing", span=self._report.span.name), replace(TEXT, with_next=True))
        self._signature()
        self._annex()
        return self._letter.saved()

    # --- the head

    def _head(self) -> None:
        say, office = words(), self._report.office
        [(left, right), (number_at, place_at)] = [
            row.cells for row in self._letter.side_by_side((_LEFT, _RIGHT), 2).rows
        ]
        write(left.paragraphs[0], _in_two(office.upper()), replace(CENTRE, size=12))
        write(left.add_paragraph(), say("head.unit"), replace(CENTRE, size=12, bold=True))
        rule(left.add_paragraph(), length=18, width=_LEFT)
        write(right.paragraphs[0], say("head.nation"), replace(CENTRE, size=12, bold=True))
        write(right.add_paragraph(), say("head.motto"), replace(CENTRE, size=13, bold=True))
        rule(right.add_paragraph(), length=58, width=_RIGHT)
        write(number_at.paragraphs[0], say("head.number"), replace(CENTRE, size=13, before=4))
        month, year = self._report.made_on.month, self._report.made_on.year
        placed = say("head.place", month=f"{month:02d}" if month < 3 else month, year=year)
        write(place_at.paragraphs[0], placed, replace(CENTRE, size=13, italic=True, before=4))
        self._letter.paragraph(say("head.kind"), replace(CENTRE, bold=True, before=18))
        self._letter.paragraph(_in_two(self._subject, most=60), replace(CENTRE, bold=True))
        rule(self._letter.document.add_paragraph(), length=50, width=letter.TEXT_WIDTH)

    # --- the parts

    def _questions(self) -> None:
        self._heading("questions")
        say, total = words(), self._report.questions.total
        parts = (
            ("totals", self._said.questions, ("indicators", "results")),
            ("fields", (), ("fields", "facets", "channels")),
            ("moments", self._said.moments, ()),
            ("unanswered", self._said.unanswered, ("unanswered",)),
        )
        if not total:
            self._write(self._said.questions, ("indicators",))
            return
        for order, (name, said, keys) in enumerate(parts, start=1):
            self._letter.heading(f"{order}. {say(f'parts.{name}')}", 2)
            self._write(said, keys)
            if name == "moments":
                self._picture(self._report.questions)

    def _section(self, name: str, said: tuple[str, ...]) -> None:
        self._heading(name)
        self._write(said, _SECTIONS.get(name, ()))

    def _heading(self, name: str) -> None:
        self._letter.heading(f"{_ROMAN[self._sections]}. {words()(f'sections.{name}')}", 1)
        self._sections += 1

    def _write(self, said: tuple[str, ...], keys: tuple[str, ...]) -> None:
        for text in said:
            self._letter.paragraph(text)
        for key in keys:
            if key in self._tables:
                self._table(self._tables[key])

    def _table(self, table: Table) -> None:
        self._shown += 1
        self._letter.paragraph(words()("table", number=self._shown, title=table.title), _CAPTION)
        self._letter.grid(
            [column.heading for column in table.columns],
            [column.width for column in table.columns],
            [[_text(cell) for cell in row] for row in _chief(table)],
            left={n for n, column in enumerate(table.columns) if column.kind is Kind.TEXT and n < 2},
            last_bold=table.total,
        )

    def _picture(self, questions: Questions) -> None:
        say = words()
        day, most = max(questions.days, key=lambda one: one[1])
        hour = max(range(24), key=lambda h: questions.hours[h])
        says = say("moments_alt", most=number(most), day=f"{day:%d/%m/%Y}", hour=hour)
        self._letter.picture(moments_png(questions), says=says)
        caption = say("figure", number=1, title=say("moments"))
        self._letter.paragraph(caption, replace(_CAPTION, before=2, with_next=False))

    # --- the end

    def _signature(self) -> None:
        say = words()
        self._letter.paragraph("", replace(TEXT, before=0, size=6, with_next=True))
        left, right = self._letter.side_by_side((80.0, 80.0), 1).rows[0].cells
        write(left.paragraphs[0], say("sign.to"), Look(size=12, bold=True, italic=True))
        for who in say.list("sign.who"):
            write(left.add_paragraph(), f"- {who}", Look(size=11))
        write(right.paragraphs[0], say("sign.office"), replace(CENTRE, bold=True))
        _space(right, 4)
        write(right.add_paragraph(), say("sign.name"), replace(CENTRE, bold=True))

    def _annex(self) -> None:
        say, made_on = words(), self._report.made_on
        self._letter.new_page()
        self._letter.paragraph(say("annex.title"), replace(CENTRE, bold=True))
        self._letter.paragraph(say("annex.subject"), replace(CENTRE, bold=True))
        of = say("annex.of", month=made_on.month, year=made_on.year)
        self._letter.paragraph(of, replace(CENTRE, size=13, italic=True, after=6))
        for order, text in enumerate(how(self._report), start=1):
            self._letter.paragraph(f"{order}. {text}", replace(TEXT, size=13, before=4))


def _in_two(text: str, most: int = 24) -> str:
    """A text too long for its line, broken nearest to the middle."""
    if len(text) <= most:
        return text
    spaces = [place for place, char in enumerate(text) if char == " "]
    if not spaces:
        return text
    middle = min(spaces, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _chief(table: Table) -> Sequence[Sequence[Cell]]:
    """Of the fields the most asked, the others summed up; all of them are in the workbook."""
    rows = table.rows
    if table.key != "fields" or len(rows) <= MOST_FIELDS + 1:
        return rows
    others = rows[MOST_FIELDS:]
    return [
        *rows[:MOST_FIELDS],
        [words()("other_fields"), *(_sum(row[n] for row in others) for n in range(1, 5))],
    ]


def _sum(cells: Iterable[Cell]) -> Cell:
    found = list(cells)
    ratios = [cell for cell in found if isinstance(cell, Ratio)]
    if ratios:
        return Ratio(sum(ratio.part for ratio in ratios), ratios[0].whole)
    return sum(cell for cell in found if isinstance(cell, int))


def _space(cell: _Cell, lines: int) -> None:
    """Room for a signature and a seal."""
    for _ in range(lines):
        write(cell.add_paragraph(), "", replace(CENTRE, size=IN_TABLE))


def _text(cell: Cell) -> str:
    return textwrap.shorten(cell_text(cell), _MOST, placeholder="…")
