"""The audit as a file: a workbook to read, CSV for other programs, JSON Lines from which the chain can be
computed anew."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.files.workbook import DATE_FORMAT, RISKY, CellValue, Column, add_sheet, saved
from knowledge import strict_yaml
from knowledge.phrases import Phrases
from office.audit import Deed
from office.clock import ZONE
from office.people import Member
from office.refusal import Refused

MOST_SHEET_ROWS = 1_000_000  # Excel takes 1,048,576 with the heading
_WIDTHS = {
    "serial": 8, "day": 12, "time": 10, "actor": 26, "action": 28, "subject": 18, "subject_id": 9,
    "before": 40, "after": 40, "reason": 40, "seal": 22,
}  # fmt: skip
_WORDS = Path(__file__).with_name("audit.yaml")
_SPACE = 1000  # rows read at once


class Form(StrEnum):
    """The kinds of file, by how their names end."""

    XLSX = ".xlsx"
    CSV = ".csv"
    JSONL = ".jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of Việt Nam, both included; None: from the first, to the last."""

    since: date | None = None
    until: date | None = None

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The first moment, and the first one after."""
        after = self.until + timedelta(days=1) if self.until else None
        return _midnight(self.since), _midnight(after)


@cache
def words() -> Phrases:
    """The texts of the audit, read once."""
    return Phrases.read(_WORDS)


def action_label(action: str) -> str:
    """An action as people read it; its own name where it has no other."""
    return _named(f"actions.{action}", action)


def subject_label(subject: str) -> str:
    """What a deed was done to, as people read it."""
    return _named(f"subjects.{subject}", subject)


@cache
def actions() -> list[tuple[str, str]]:
    """Every action that has a label, with it, by the label."""
    tree = strict_yaml.read(_WORDS).data["actions"]
    named = [(f"{kind}.{name}", label) for kind, names in tree.items() for name, label in names.items()]
    return sorted(named, key=lambda pair: pair[1])


@cache
def subjects() -> list[tuple[str, str]]:
    """What deeds are done to: name and label, by the label."""
    return sorted(strict_yaml.read(_WORDS).data["subjects"].items(), key=lambda pair: pair[1])


def audit_file(session: Session, form: Form, period: Period) -> tuple[bytes, int]:
    """The deeds of a period as a file, and their number. Raises Refused when a sheet can't hold them."""
    count = session.scalar(_within(select(func.count()).select_from(Deed), period)) or 0
    match form:
        case Form.XLSX:
            return _workbook(session, period, count), count
        case Form.CSV:
            return _table(session, period), count
        case Form.JSONL:
            lines = (json.dumps(_record(deed), ensure_ascii=False) for deed in _deeds(session, period))
            return "".join(f"{line}\n" for line in lines).encode(), count


def _workbook(session: Session, period: Period, count: int) -> bytes:
    from openpyxl import Workbook

    if count > MOST_SHEET_ROWS:
        raise Refused("Có nhiều dòng hơn một bảng Excel chứa được.", "Chọn kỳ ngắn hơn, hoặc xuất ra .csv.")
    columns = tuple(
        Column(
            heading=words()(f"columns.{key}"),
            width=width,
            number_format=DATE_FORMAT if key == "day" else "",
        )
        for key, width in _WIDTHS.items()
    )
    book = Workbook(write_only=True)
    add_sheet(book, words()("sheet"), columns, _rows(session, period))
    return saved(book)


def _table(session: Session, period: Period) -> bytes:
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow([words()(f"columns.{key}") for key in _WIDTHS])
    for row in _rows(session, period):
        lines.writerow([_plain(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")  # Excel takes it for UTF-8 only with the mark


def _rows(session: Session, period: Period) -> Iterator[tuple[CellValue, ...]]:
    names = {row.id: row.name for row in session.execute(select(Member.id, Member.name))}
    for deed in _deeds(session, period):
        at = deed.at.astimezone(ZONE)
        yield (
            deed.serial,
            at.date(),
            f"{at:%H:%M:%S}",
            names.get(deed.actor_id, "") if deed.actor_id else words()("program"),
            action_label(deed.action),
            subject_label(deed.subject),
            deed.subject_id,
            _written(deed.before),
            _written(deed.after),
            deed.reason,
            deed.hash or "",
        )


def _deeds(session: Session, period: Period) -> Iterator[Deed]:
    query = _within(select(Deed), period).order_by(Deed.serial).execution_options(yield_per=_SPACE)
    for deed in session.scalars(query):
        yield deed
        session.expunge(deed)


def _within(query: Any, period: Period) -> Any:
    first, after = period.bounds()
    if first is not None:
        query = query.where(Deed.at >= first)
    return query if after is None else query.where(Deed.at < after)


def _record(deed: Deed) -> dict[str, object]:
    """As it is chained, with the names of the columns."""
    return {
        "serial": deed.serial,
        "at": deed.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": deed.actor_id,
        "action": deed.action,
        "subject": deed.subject,
        "subject_id": deed.subject_id,
        "before": deed.before,
        "after": deed.after,
        "reason": deed.reason,
        "hash": deed.hash,
    }


def _plain(cell: CellValue) -> str | int | float | None:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, str) and cell.lstrip().startswith(RISKY):
        return f"'{cell}"
    return cell


def _written(values: dict[str, Any] | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False)


def _named(path: str, otherwise: str) -> str:
    try:
        return words()(path)
    except (KeyError, TypeError):
        return otherwise


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), ZONE)
