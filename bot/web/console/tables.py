"""A list as the console shows it: filtered, sorted, in pages; and as an Excel file of what is filtered.

    number = Column("id", "Số", lambda row: row.id, order=Work.id)
    TABLE = Table(name="viec", caption="Nhiệm vụ", columns=(number,))
    return answer(visit, TABLE, Query(select(Work), entity=True), "work.html")

The template shows it with `{{ tables.show(listing) }}` of tables.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from bot.web.console.export import CellValue, workbook
from bot.web.console.visit import Answer, Download, Shown, Visit
from office.clock import ZONE

PAGE = 50
MOST_EXPORTED = 50_000
_PAGE, _SORT, _EXPORT = "trang", "xep", "xuat"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Column:
    """`value` of a row goes into Excel, and into the page unless `show` makes something else of it.

    `order`: what an SQL query is sorted by when the heading is tapped; None: can't be sorted by.
    """

    key: str
    heading: str
    value: Callable[[Any], CellValue]
    show: Callable[[Any], str | Markup] | None = None
    order: Any = None
    width: float = 20
    main: bool = False  # what the row is about: the heading of the card on a phone


@dataclass(frozen=True, slots=True)
class Filter:
    """A field above the list. `kind`: text, date, or choice of (value, label)."""

    name: str
    label: str
    kind: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A kind of list. `name`: of the file; `caption`: what it lists; `empty`: what an empty one says."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    empty: str = "Không có mục nào."


class Source(Protocol):
    """Where rows come from."""

    def count(self, session: Session) -> int: ...

    def rows(
        self, session: Session, *, order: Any, descending: bool, offset: int, limit: int
    ) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Source):
    """A query, already filtered, with its own order for when no other is asked for.

    `entity`: its rows are objects of one table. `tie`: a unique column, so that pages don't overlap.
    `counted`: a cheaper query with the same number of rows.
    """

    statement: Select[Any]
    entity: bool = False
    tie: Any = None
    counted: Select[Any] | None = None

    def count(self, session: Session) -> int:
        """How many rows."""
        counted = self.counted if self.counted is not None else self.statement
        inner = counted.order_by(None).subquery()
        return session.scalar(select(func.count()).select_from(inner)) or 0

    def rows(
        self, session: Session, *, order: Any, descending: bool, offset: int, limit: int
    ) -> Sequence[Any]:
        """Some of them."""
        query = self.statement
        if order is not None:
            ties = () if self.tie is None else (self.tie.desc() if descending else self.tie,)
            query = query.order_by(None).order_by(order.desc() if descending else order, *ties)
        query = query.offset(offset).limit(limit)
        return session.scalars(query).all() if self.entity else session.execute(query).all()


@dataclass(frozen=True, slots=True)
class Given(Source):
    """Rows that are there already; `order` of a column is then its key function."""

    all: Sequence[Any]

    def count(self, session: Session) -> int:
        """How many rows."""
        return len(self.all)

    def rows(
        self, session: Session, *, order: Any, descending: bool, offset: int, limit: int
    ) -> Sequence[Any]:
        """Some of them."""
        some = self.all if order is None else sorted(self.all, key=order, reverse=descending)
        return some[offset : offset + limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A column's heading: where a tap leads, which way it is sorted ("ascending", "descending", "")."""

    column: Column
    url: str
    sorted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a list, for the template."""

    table: Table
    filters: Sequence[Filter]
    values: Mapping[str, str]
    headings: tuple[Heading, ...]
    rows: Sequence[Any]
    total: int
    page: int
    pages: int
    first: int
    previous_url: str
    next_url: str
    export_url: str
    keep: tuple[tuple[str, str], ...] = field(default=())  # what the filter form carries along

    @property
    def filtered(self) -> bool:
        """Whether something is filtered by."""
        return any(self.values.values())

    def cell(self, column: Column, row: Any) -> str | Markup:
        """What a cell shows."""
        return column.show(row) if column.show else as_text(column.value(row))


def answer(
    visit: Visit,
    table: Table,
    source: Source,
    template: str,
    *,
    filters: Sequence[Filter] = (),
    page: int = PAGE,
    **values: Any,
) -> Answer:
    """The page with the list as `listing`, or the Excel file when that was asked for."""
    if visit.arg(_EXPORT) == "xlsx":
        return exported(visit, table, source)
    return Shown(template, {"listing": listing(visit, table, source, filters=filters, page=page), **values})


def listing(
    visit: Visit, table: Table, source: Source, *, filters: Sequence[Filter] = (), page: int = PAGE
) -> Listing:
    """The page of the list that the address asks for."""
    order, descending = _order(visit, table)
    total = source.count(visit.session)
    pages = max(1, -(-total // page))
    at = min(max(1, visit.number(_PAGE) if visit.arg(_PAGE) else 1), pages)
    rows = source.rows(visit.session, order=order, descending=descending, offset=(at - 1) * page, limit=page)
    values = {f.name: visit.arg(f.name) for f in filters}
    return Listing(
        table=table,
        filters=filters,
        values=values,
        headings=tuple(_heading(visit, column) for column in table.columns),
        rows=rows,
        total=total,
        page=at,
        pages=pages,
        first=(at - 1) * page + 1,
        previous_url=_url(visit, **{_PAGE: str(at - 1)}) if at > 1 else "",
        next_url=_url(visit, **{_PAGE: str(at + 1)}) if at < pages else "",
        export_url=_url(visit, **{_EXPORT: "xlsx", _PAGE: ""}) if total else "",
        keep=((_SORT, visit.arg(_SORT)),) if visit.arg(_SORT) else (),
    )


def exported(visit: Visit, table: Table, source: Source) -> Download:
    """All rows of the filter as an Excel file."""
    order, descending = _order(visit, table)
    rows = source.rows(visit.session, order=order, descending=descending, offset=0, limit=MOST_EXPORTED)
    columns = [(c.heading, c.width) for c in table.columns]
    cells: Iterable[Sequence[CellValue]] = ([c.value(row) for c in table.columns] for row in rows)
    name = f"{table.name}-{visit.today:%Y-%m-%d}.xlsx"
    return Download(name, XLSX, workbook(table.caption, columns, cells))


def _order(visit: Visit, table: Table) -> tuple[Any, bool]:
    wanted = visit.arg(_SORT)
    found = next((c for c in table.columns if c.key == wanted.removeprefix("-")), None)
    return (found.order if found else None), wanted.startswith("-")


def _heading(visit: Visit, column: Column) -> Heading:
    wanted = visit.arg(_SORT)
    now = {column.key: "ascending", f"-{column.key}": "descending"}.get(wanted, "")
    turned = f"-{column.key}" if now == "ascending" else column.key
    url = _url(visit, **{_SORT: turned, _PAGE: ""}) if column.order is not None else ""
    return Heading(column=column, url=url, sorted=now)


def _url(visit: Visit, **changes: str) -> str:
    """This address with some parameters changed; an empty one is left out."""
    kept = [(k, v) for k, v in visit.request.query_params.multi_items() if k not in changes and k != _EXPORT]
    return "?" + urlencode([*kept, *((k, v) for k, v in changes.items() if v)])


def as_text(value: CellValue) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        local = value.astimezone(ZONE)
        return f"{local:%d/%m/%Y} {local.hour}:{local:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, float):
        return f"{value:.1f}".replace(".", ",")
    return str(value)


def day_of(visit: Visit, name: str) -> date | None:
    """A day from a filter's field; None for none, or for what is no day."""
    try:
        return date.fromisoformat(visit.arg(name))
    except ValueError:
        return None


def start_of(day: date) -> datetime:
    """The moment a day begins in Việt Nam."""
    return datetime.combine(day, datetime.min.time(), ZONE)


def between(column: Any, since: date | None, until: date | None) -> list[Any]:
    """Conditions for a moment to lie in days of Việt Nam, both included."""
    found = []
    if since is not None:
        found.append(column >= start_of(since))
    if until is not None and until < date.max - timedelta(days=1):
        found.append(column < start_of(until + timedelta(days=1)))
    return found
