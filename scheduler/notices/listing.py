"""The notices in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from office.assignments import Priority
from office.notices import Notice, NoticeState
from office.people import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A notice in a list."""

    id: int
    title: str
    document: str
    state: NoticeState
    priority: Priority
    confirm: bool
    author: str
    created_at: datetime
    send_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the notices, the newest first, and how many there are."""

    items: tuple[Listed, ...]
    total: int


def listing(
    session: Session,
    *,
    state: NoticeState | None = None,
    search: str = "",
    limit: int = 20,
    offset: int = 0,
) -> Page:
    """The notices, the newest first. `search`: words of the title or the document's number."""
    conditions = [Notice.state == state] if state is not None else []
    if search.strip():
        said = search.strip()
        conditions.append(
            or_(
                Notice.title.icontains(said, autoescape=True),
                Notice.document.icontains(said, autoescape=True),
            )
        )
    query = (
        select(Notice, Member.name)
        .outerjoin(Member, Member.id == Notice.created_by)
        .where(*conditions)
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )
    rows = session.execute(query.limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(Notice).where(*conditions)) or 0
    return Page(items=tuple(_listed(row, name or "") for row, name in rows), total=total)


def _listed(row: Notice, author: str) -> Listed:
    return Listed(
        id=row.id,
        title=row.title,
        document=row.document,
        state=row.state,
        priority=row.priority,
        confirm=row.confirm,
        author=author,
        created_at=row.created_at,
        send_at=row.send_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
