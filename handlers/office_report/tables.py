"""The report's tables: one form for Word, Excel and the page, each of which draws them in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from handlers.office_report.figures import (
    ChannelSlice,
    Guidance,
    NoticeRow,
    OfficeReport,
    Questions,
    Ratio,
    Result,
    Slice,
)
from handlers.office_report.indicators import indicators, shown
from handlers.office_report.words import words
from office.clock import ZONE
from scheduler.statistics import Share

Cell = str | int | date | Ratio | None


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    DAY = "day"
    FIGURE = "figure"  # a count or a share


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `width`: of the table's, in characters."""

    heading: str
    kind: Kind
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells as its columns say. `total`: the last row sums the others up."""

    key: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False

    @property
    def title(self) -> str:
        """Its heading."""
        return words()(f"tables.{self.key}")


def cell_text(cell: Cell) -> str:
    """A cell as people read it."""
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return cell if isinstance(cell, str) else shown(cell)


def tables(report: OfficeReport) -> tuple[Table, ...]:
    """All tables that have rows, in the order of the report; hours and days come last."""
    questions = report.questions
    found = [
        _indicators(report),
        _results(questions),
        _slices("fields", "field", questions.fields),
        _slices("facets", "facet", questions.facets),
        _channels(questions.channels),
        _unanswered(questions),
        _guidance(questions),
        _departments(report.departments, report.work),
        _notices(report.notices.rows),
        _hours(questions),
        _days(questions),
    ]
    return tuple(table for table in found if table.rows)


def _columns(*columns: tuple[str, Kind, int]) -> tuple[Column, ...]:
    return tuple(Column(words()(f"columns.{name}"), kind, width) for name, kind, width in columns)


def _indicators(report: OfficeReport) -> Table:
    columns = _columns(
        ("indicator", Kind.TEXT, 42),
        ("now", Kind.FIGURE, 14),
        ("before", Kind.FIGURE, 14),
        ("change", Kind.TEXT, 20),
    )
    rows = tuple((one.name, one.now, one.before, one.change) for one in indicators(report))
    return Table(key="indicators", columns=columns, rows=rows if not report.empty else ())


def _results(questions: Questions) -> Table:
    columns = _columns(("result", Kind.TEXT, 56), ("count", Kind.COUNT, 14), ("share", Kind.SHARE, 12))
    rows: list[tuple[Cell, ...]] = [
        (result.label, questions.results[result], Ratio(questions.results[result], questions.total))
        for result in Result
        if questions.results.get(result)
    ]
    if rows:
        rows.append((words()("total"), questions.total, Ratio(questions.total, questions.total)))
    return Table(key="results", columns=columns, rows=tuple(rows), total=True)


def _slices(key: str, heading: str, slices: Sequence[Slice]) -> Table:
    columns = _columns(
        (heading, Kind.TEXT, 44),
        ("count", Kind.COUNT, 12),
        ("share", Kind.SHARE, 10),
        ("liked", Kind.COUNT, 10),
        ("disliked", Kind.COUNT, 12),
    )
    total = sum(one.count for one in slices)
    rows = tuple((s.name, s.count, Ratio(s.count, total), s.liked, s.disliked) for s in slices)
    return Table(key=key, columns=columns, rows=rows)


def _channels(channels: Sequence[ChannelSlice]) -> Table:
    columns = _columns(
        ("channel", Kind.TEXT, 30),
        ("count", Kind.COUNT, 12),
        ("of_work", Kind.COUNT, 16),
        ("answered", Kind.COUNT, 12),
        ("answered_share", Kind.SHARE, 14),
    )
    rows = tuple((c.name, c.count, c.answered.whole, c.answered.part, c.answered) for c in channels)
    return Table(key="channels", columns=columns, rows=rows)


def _unanswered(questions: Questions) -> Table:
    columns = _columns(
        ("number", Kind.COUNT, 6),
        ("question", Kind.TEXT, 56),
        ("times", Kind.COUNT, 10),
        ("handled", Kind.TEXT, 14),
    )
    rows = tuple(
        (number, one.text, one.count, one.state.label if one.state else words()("not_grouped"))
        for number, one in enumerate(questions.unanswered, start=1)
    )
    return Table(key="unanswered", columns=columns, rows=rows)


def _guidance(questions: Questions) -> Table:
    columns = _columns(
        ("way", Kind.TEXT, 30),
        ("told", Kind.COUNT, 16),
        ("asked", Kind.COUNT, 20),
        ("of_answers", Kind.SHARE, 20),
    )
    answered = questions.results.get(Result.ANSWERED, 0)

    def row(name: str, guidance: Guidance) -> tuple[Cell, ...]:
        return (words()(name), guidance.told, guidance.asked, Ratio(guidance.told, answered))

    rows = (row("online", questions.online), row("postal", questions.postal)) if questions.total else ()
    return Table(key="guidance", columns=columns, rows=rows)


def _departments(departments: Sequence[Share], total: Share) -> Table:
    columns = _columns(
        ("department", Kind.TEXT, 38),
        ("total", Kind.COUNT, 10),
        ("on_time", Kind.COUNT, 10),
        ("late", Kind.COUNT, 10),
        ("open_late", Kind.COUNT, 12),
        ("on_time_share", Kind.SHARE, 12),
    )

    def row(name: str, share: Share) -> tuple[Cell, ...]:
        counts = (share.total, share.on_time, share.late, share.open_late)
        return (name, *counts, Ratio(share.on_time, share.total))

    rows = [row(share.name, share) for share in departments]
    if rows:
        rows.append(row(words()("total"), total))
    return Table(key="departments", columns=columns, rows=tuple(rows), total=True)


def _notices(notices: Sequence[NoticeRow]) -> Table:
    columns = _columns(
        ("notice", Kind.TEXT, 26),
        ("started", Kind.DAY, 15),
        ("chats", Kind.COUNT, 10),
        ("reached", Kind.COUNT, 9),
        ("failed", Kind.COUNT, 10),
        ("uncertain", Kind.COUNT, 10),
        ("expected", Kind.COUNT, 10),
        ("confirmed", Kind.COUNT, 10),
        ("confirmed_share", Kind.SHARE, 10),
    )
    return Table(key="notices", columns=columns, rows=tuple(_notice(row) for row in notices))


def _notice(row: NoticeRow) -> tuple[Cell, ...]:
    title = f"{row.title} ({row.document})" if row.document else row.title
    asked = (row.confirmed.whole, row.confirmed.part) if row.confirmed else (None, None)
    counts = (row.chats + row.unreached, row.reached, row.failed + row.unreached, row.uncertain)
    return (title, row.started_at.astimezone(ZONE).date(), *counts, *asked, row.confirmed)


def _hours(questions: Questions) -> Table:
    columns = _columns(("hour", Kind.TEXT, 12), ("count", Kind.COUNT, 14))
    rows = tuple((words()("hour", hour=hour), count) for hour, count in enumerate(questions.hours))
    return Table(key="hours", columns=columns, rows=rows if questions.total else ())


def _days(questions: Questions) -> Table:
    columns = _columns(("day", Kind.DAY, 14), ("count", Kind.COUNT, 14))
    return Table(key="days", columns=columns, rows=questions.days if questions.total else ())
