"""Tables that people send: rows of an Excel or CSV file, within limits. Raises office.refusal.Refused."""

from __future__ import annotations

import csv
import warnings
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from bot.files.texts import clean, words
from office.refusal import Refused

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 5_000  # below the heading
MAX_COLUMNS = 60
HEADING_ROWS = 15  # a heading stands among so many first rows
_MOST_UNPACKED = 20 * 1024 * 1024  # bytes; a real list of 5,000 rows has about five
_PROLOGUE = 4096  # bytes of a part in which a document type would stand
_MOST_PARTS = 500  # files inside an .xlsx
_MOST_SHEETS = 10
_LAST_ROW = 1_048_576  # Excel's; a file may claim a row far beyond
_SEPARATORS = ",;\t"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

Value = str | int | float | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that isn't empty. `number` as the spreadsheet counts it, from 1; "" is None."""

    number: int
    values: tuple[Value, ...]

    def get(self, column: int) -> Value:
        """The value of a column, from 0."""
        return self.values[column] if column < len(self.values) else None


def read_tables(content: bytes, name: str) -> tuple[tuple[Row, ...], ...]:
    """The tables that a file may mean: each visible sheet, or a CSV file cut at each separator.

    A table longer than MAX_ROWS has a few rows more than that.
    """
    if not content.strip():
        raise Refused(words()("refused.empty"), words()("refused.empty_mend"))
    if len(content) > MAX_BYTES:
        large = words()("refused.large", megabytes=MAX_BYTES // 1024**2)
        raise Refused(large, words()("refused.large_mend"))
    if content.startswith(_OLE):
        raise Refused(words()("refused.old_excel"), words()("refused.old_excel_mend"))
    if content.startswith(_ZIP):
        return _sheets(content)
    if name.lower().endswith((".csv", ".txt", ".tsv")):
        return _csv_tables(content)
    raise Refused(words()("refused.kind"), words()("refused.kind_mend"))


# --- Excel


def _sheets(content: bytes) -> tuple[tuple[Row, ...], ...]:
    from openpyxl import load_workbook

    _check_zip(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of extensions that it leaves out
            book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheets: list[Any] = book.worksheets
            visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
            return tuple(
                _rows(sheet.iter_rows(max_row=_LAST_ROW, max_col=MAX_COLUMNS, values_only=True))
                for sheet in visible[:_MOST_SHEETS]
            )
    except Exception as exc:  # a file that isn't what it says makes openpyxl fail in any way
        raise Refused(words()("refused.broken"), words()("refused.broken_mend")) from exc


def _check_zip(content: bytes) -> None:
    """zipfile never unpacks more than the directory says, so that can be believed.

    No spreadsheet declares entities: what does is refused before any XML library sees it.
    """
    declares = False
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) <= _MOST_PARTS:
                declares = any(_declares(archive, part) for part in parts)
    except (BadZipFile, NotImplementedError, ValueError, OSError, EOFError, RuntimeError, zlib.error) as exc:
        raise Refused(words()("refused.broken"), words()("refused.broken_mend")) from exc
    if declares:
        raise Refused(words()("refused.broken"), words()("refused.broken_mend"))
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise Refused(words()("refused.unpacked"), words()("refused.large_mend"))


def _declares(archive: ZipFile, part: ZipInfo) -> bool:
    """Whether a document type stands in front of a part's root element."""
    if not part.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(part) as opened:
        return b"<!doctype" in opened.read(_PROLOGUE).lower()


# --- CSV


def _csv_tables(content: bytes) -> tuple[tuple[Row, ...], ...]:
    text = _decoded(content)
    first, _, rest = text.partition("\n")
    told = first.strip().lower()
    skipped = told.startswith("sep=") and len(told) <= 5
    separators = first.strip()[4:] or _SEPARATORS if skipped else _SEPARATORS
    body = rest if skipped else text
    try:
        return tuple(
            _rows(csv.reader(StringIO(body, newline=""), delimiter=separator), first=2 if skipped else 1)
            for separator in separators
        )
    except csv.Error as exc:
        raise Refused(words()("refused.csv"), words()("refused.csv_mend")) from exc


def _decoded(content: bytes) -> str:
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode Text"
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as exc:
        raise Refused(words()("refused.encoding"), words()("refused.encoding_mend")) from exc
    return text.replace("\r\n", "\n").replace("\r", "\n")


# --- rows


def _rows(raw: Iterable[Sequence[object]], *, first: int = 1) -> tuple[Row, ...]:
    found = []
    for number, values in enumerate(raw, first):
        if not any(values):
            continue
        row = Row(number=number, values=tuple(_value(value) for value in values[:MAX_COLUMNS]))
        if any(value is not None for value in row.values):
            found.append(row)
            if len(found) > MAX_ROWS + HEADING_ROWS:
                break
    return tuple(found)


def _value(raw: object) -> Value:
    if raw is None:
        return None
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date) or (isinstance(raw, int | float) and not isinstance(raw, bool)):
        return raw
    return clean(str(raw)).strip() or None
