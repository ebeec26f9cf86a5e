"""The notices in a list, with what has become of each; and the same as an Excel file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.web.console import tables
from bot.web.console.tables import Column, Filter, Query, Source, Table
from bot.web.console.visit import ROOT, Answer, Visit
from office.assignments import Priority
from office.notices import Notice, NoticeState
from office.people import Member
from scheduler.notices.figures import Figures, figures

_CHUNK = 500  # notices counted in one query
_PAGE = 25  # each row counts its own messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A notice in the list."""

    id: int
    title: str
    document: str
    state: NoticeState
    priority: Priority
    confirm: bool
    author: str
    created_at: datetime
    left_at: datetime | None  # or when it is to
    figures: Figures

    @property
    def chats(self) -> str:
        """Chats reached of all."""
        return f"{self.figures.sent}/{self.figures.total}" if self.figures.total else ""

    @property
    def confirmed(self) -> str:
        """Who has confirmed, of those who are expected to."""
        if not self.confirm or not self.figures.total:
            return ""
        expected = f"/{self.figures.expected}" if self.figures.expected else ""
        return f"{self.figures.confirmed}{expected}"


@dataclass(frozen=True, slots=True)
class _Notices(Source):
    """The rows of a query, counted a few at a time."""

    query: Query

    def count(self, session: Session) -> int:
        return self.query.count(session)

    def rows(
        self, session: Session, *, order: Any, descending: bool, offset: int, limit: int
    ) -> Sequence[Listed]:
        rows = self.query.rows(session, order=order, descending=descending, offset=offset, limit=limit)
        counted: dict[int, Figures] = {}
        for at in range(0, len(rows), _CHUNK):
            counted |= figures(session, [row.id for row in rows[at : at + _CHUNK]])
        return [_listed(row, counted.get(row.id, Figures())) for row in rows]


def _listed(row: Any, found: Figures) -> Listed:
    return Listed(
        id=row.id,
        title=row.title,
        document=row.document,
        state=row.state,
        priority=row.priority,
        confirm=row.confirm,
        author=row.author or "",
        created_at=row.created_at,
        left_at=row.started_at or row.send_at,
        figures=found,
    )


def show(visit: Visit) -> Answer:
    """The notices, the newest first."""
    query = Query(statement=_query(visit), tie=Notice.id)
    return tables.answer(visit, _TABLE, _Notices(query), "notices.html", filters=_FILTERS, page=_PAGE)


def _query(visit: Visit) -> Any:
    query: Any = (
        select(
            Notice.id,
            Notice.title,
            Notice.document,
            Notice.state,
            Notice.priority,
            Notice.confirm,
            Notice.created_at,
            Notice.send_at,
            Notice.started_at,
            Member.name.label("author"),
        )
        .outerjoin(Member, Member.id == Notice.created_by)
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )
    state, said = visit.arg("trang-thai"), visit.arg("tim")
    if state in tuple(NoticeState):
        query = query.where(Notice.state == state)
    if said:
        columns = (Notice.title, Notice.document, Notice.body)
        query = query.where(or_(*(column.icontains(said, autoescape=True) for column in columns)))
    since, until = tables.day_of(visit, "tu"), tables.day_of(visit, "den")
    return query.where(*tables.between(Notice.created_at, since, until))


_FILTERS = (
    Filter(
        "trang-thai",
        "Trạng thái",
        "choice",
        [(str(state), state.label.capitalize()) for state in NoticeState],
    ),
    Filter("tim", "Tìm", hint="tiêu đề, nội dung, số văn bản"),
    Filter("tu", "Soạn từ ngày", "date"),
    Filter("den", "Đến ngày", "date"),
)


def _title(row: Listed) -> Markup:
    mark = "" if row.priority is Priority.ORDINARY else f"{row.priority.label.capitalize()}: "
    return Markup('<a href="{}/thong-bao/{}">{}{}</a>').format(ROOT, row.id, mark, row.title)


def _state(row: Listed) -> Markup:
    return Markup('<span class="state {}">{}</span>').format(row.state, row.state.label)


_TABLE = Table(
    name="thong-bao",
    caption="Thông báo",
    columns=(
        Column("so", "Số", lambda row: row.id, order=Notice.id, width=8),
        Column(
            "tieu-de",
            "Tiêu đề",
            lambda row: row.title,
            show=_title,
            order=Notice.title,
            width=60,
            main=True,
        ),
        Column("van-ban", "Văn bản", lambda row: row.document, order=Notice.document, width=18),
        Column("trang-thai", "Trạng thái", lambda row: row.state.label, show=_state, width=18),
        Column("nguoi", "Người soạn", lambda row: row.author, order=Member.name, width=24),
        Column("toi", "Đã tới", lambda row: row.chats, width=10),
        Column("xac-nhan", "Xác nhận", lambda row: row.confirmed, width=10),
        Column("luc", "Soạn lúc", lambda row: row.created_at, order=Notice.created_at, width=18),
        Column("gui", "Gửi lúc", lambda row: row.left_at, order=Notice.started_at, width=18),
    ),
    empty="Chưa có thông báo nào.",
)
