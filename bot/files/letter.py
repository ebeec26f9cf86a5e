"""Pieces of a Word document in the administrative layout of Nghị định 30/2020/NĐ-CP: page, head, tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from bot.files.texts import clean

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Row
    from docx.text.paragraph import Paragraph

FONT = "Times New Roman"
BODY, IN_TABLE = 14.0, 12.0  # points
TEXT_WIDTH = 160.0  # millimetres between the margins of an A4 page
_IN_CELLS = {True: "Ô chữ", False: "Ô số"}  # styles
_MARGINS = {"top_margin": 20, "bottom_margin": 20, "left_margin": 30, "right_margin": 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a paragraph looks: sizes in points, `indent` of its first line in millimetres."""

    align: Literal["left", "center", "right", "justify"] = "left"
    size: float = BODY
    bold: bool = False
    italic: bool = False
    before: float = 0.0
    after: float = 0.0
    indent: float = 0.0
    lines: float = 1.0  # their distance
    with_next: bool = False  # on the same page


TEXT = Look(align="justify", before=6.0, indent=10.0, lines=1.1)
CENTRE = Look(align="center")


class Letter:
    """A document that is written from the top."""

    def __init__(self, *, title: str, author: str, made_at: datetime) -> None:
        from docx import Document as new

        self.document: Document = new()
        _set_up_page(self.document)
        _set_up_fonts(self.document)
        self._in_cells = _add_cell_styles(self.document)
        _number_pages(self.document)
        known = self.document.core_properties
        known.title, known.author, known.last_modified_by = clean(title), clean(author), clean(author)
        known.language, known.comments = "vi-VN", ""
        known.created = known.modified = made_at.replace(tzinfo=None)

    def saved(self) -> bytes:
        """As a file."""
        file = BytesIO()
        self.document.save(file)
        return file.getvalue()

    def paragraph(self, text: str, look: Look = TEXT) -> Paragraph:
        """A paragraph of the body."""
        made = self.document.add_paragraph()
        write(made, text, look)
        return made

    def heading(self, text: str, level: int) -> None:
        """A heading, which Word's navigation shows too."""
        made = self.document.add_paragraph(style=f"Heading {level}")
        before = 12.0 if level == 1 else 6.0
        write(made, text, replace(TEXT, align="left", bold=True, with_next=True, before=before))

    def side_by_side(self, widths: Sequence[float], rows: int) -> Table:
        """A table without lines, kept on one page; widths in millimetres."""
        table = _table(self.document, rows, widths)
        for row in table.rows:
            _keep_whole(row._tr)
        return table

    def grid(
        self,
        headings: Sequence[str],
        widths: Sequence[float],
        rows: Sequence[Sequence[str]],
        *,
        left: Collection[int] = (),
        last_bold: bool = False,
    ) -> None:
        """A table with lines, its heading repeated on each page.

        `widths`: shares of the page's. `left`: columns that are set from the left, the others are centred.
        """
        scale = TEXT_WIDTH / sum(widths)
        table = _table(self.document, len(rows) + 1, [width * scale for width in widths])
        table.style = "Table Grid"
        _narrow_cells(table)
        styles = [self._in_cells[n in left] for n in range(len(headings))]
        heading, *others = table.rows
        _fill(heading, headings, [self._in_cells[False]] * len(headings), bold=True, with_next=True)
        _repeat(heading._tr)
        for number, (row, texts) in enumerate(zip(others, rows, strict=True), start=1):
            last = number == len(rows)
            # No page begins or ends with a row or two.
            together = (number < 3 or number > len(rows) - 3) and not last
            _fill(row, texts, styles, bold=last_bold and last, with_next=together)
            _keep_whole(row._tr)

    def picture(self, png: bytes, *, says: str) -> None:
        """A picture over the whole width; `says`: its content in words, for who can't see it."""
        from docx.shared import Mm

        made = self.document.add_paragraph()
        write(made, "", replace(CENTRE, before=6, with_next=True))
        shape = made.add_run().add_picture(BytesIO(png), width=Mm(TEXT_WIDTH))
        shape._inline.docPr.set("descr", clean(says))

    def new_page(self) -> None:
        """What follows stands on a new page."""
        self.document.add_page_break()  # type: ignore[no-untyped-call]


def write(paragraph: Paragraph, text: str, look: Look) -> None:
    """Set a paragraph's text and look."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, look.align.upper())
    form = paragraph.paragraph_format
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.line_spacing = look.lines
    form.keep_with_next = look.with_next
    if look.indent:
        form.first_line_indent = Mm(look.indent)
    if text:
        add(paragraph, text, look)


def add(paragraph: Paragraph, text: str, look: Look) -> None:
    """Add words to a paragraph."""
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(clean(text))
    run.bold, run.italic = look.bold, look.italic
    run.font.size, run.font.name = Pt(look.size), FONT
    run.font.color.rgb = RGBColor(0, 0, 0)


def rule(paragraph: Paragraph, *, length: float, width: float) -> None:
    """A line of so many millimetres in the middle of a column of that width, where the paragraph stands."""
    from docx.shared import Mm, Pt

    borders = _element("w:pBdr")
    borders.append(_element("w:top", val="single", sz="6", space="1", color="000000"))
    paragraph._p.get_or_add_pPr().append(borders)  # first: its place is before all that follows
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm((width - length) / 2)
    form.space_before = form.space_after = Pt(0)
    form.line_spacing = Pt(5)


# --- parts


def _set_up_page(document: Document) -> None:
    from docx.shared import Mm

    [section] = document.sections
    section.page_width, section.page_height = Mm(210), Mm(297)
    for name, size in _MARGINS.items():
        setattr(section, name, Mm(size))
    section.header_distance = Mm(10)


def _set_up_fonts(document: Document) -> None:
    """One font and black, in headings too, which take theirs from a theme otherwise."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name in ("Normal", "Heading 1", "Heading 2"):
        font = document.styles[name].font
        font.name, font.size, font.color.rgb = FONT, Pt(BODY), RGBColor(0, 0, 0)
        fonts = font._element.rPr.rFonts
        for script in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{script}"), FONT)
            theme = "cstheme" if script == "cs" else f"{script}Theme"
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        font._element.rPr.append(_element("w:lang", val="vi-VN", eastAsia="vi-VN"))


def _add_cell_styles(document: Document) -> dict[bool, str]:
    """The ids of the styles in tables: from the left, and in the middle."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    ids: dict[bool, str] = {}
    for left, name in _IN_CELLS.items():
        style: Any = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
        style.font.size = Pt(IN_TABLE)
        form = style.paragraph_format
        form.alignment = WD_ALIGN_PARAGRAPH.LEFT if left else WD_ALIGN_PARAGRAPH.CENTER
        form.space_before = form.space_after = Pt(2)
        form.line_spacing = 1.0
        ids[left] = style.style_id
    return ids


def _number_pages(document: Document) -> None:
    """In the middle above the text, from the second page on."""
    [section] = document.sections
    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    write(paragraph, "", Look(align="center"))
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("shown", "2"), ("end", "")):
        run = paragraph.add_run(text if kind == "shown" else "")
        if kind == "":
            instruction = _element("w:instrText")
            instruction.text = text
            run._r.append(instruction)
        elif kind != "shown":
            run._r.append(_element("w:fldChar", fldCharType=kind))


def _table(document: Document, rows: int, widths: Sequence[float]) -> Table:
    """Of fixed widths, in millimetres."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Mm

    table: Table = document.add_table(rows=rows, cols=len(widths))
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def _fill(row: _Row, texts: Sequence[str], styles: Sequence[str], *, bold: bool, with_next: bool) -> None:
    """The texts of a row; `styles`: their ids."""
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT

    for cell, text, style in zip(row.cells, texts, styles, strict=True):
        [paragraph] = cell.paragraphs
        paragraph._p.get_or_add_pPr().style = style  # by its id: to look it up takes most of the time
        run = paragraph.add_run(clean(text))
        if bold:
            run.bold = True
        if with_next:
            paragraph.paragraph_format.keep_with_next = True
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _narrow_cells(table: Table) -> None:
    """One millimetre between the lines and the text, which leaves room for long words."""
    margins = _element("w:tblCellMar")
    margins.extend(_element(f"w:{side}", w="57", type="dxa") for side in ("left", "right"))
    properties = table._tbl.tblPr
    properties.insert_element_before(margins, "w:tblLook", "w:tblCaption", "w:tblDescription")


def _repeat(row: Any) -> None:
    """A row that stands on each page of its table."""
    row.get_or_add_trPr().append(_element("w:tblHeader"))


def _keep_whole(row: Any) -> None:
    """A row that no page break cuts."""
    row.get_or_add_trPr().append(_element("w:cantSplit"))


def _element(tag: str, **attributes: str) -> Any:
    """Word's own XML, where the library has no words for it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    return OxmlElement(tag, {qn(f"w:{name}"): value for name, value in attributes.items()})
