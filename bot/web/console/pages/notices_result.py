"""What became of a notice: figures, its chats a page at a time, who has confirmed, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.files import audit as audit_words
from bot.files import notice_workbook
from bot.web.console import deeds, tables
from bot.web.console.live import Step
from bot.web.console.pages.notices_words import words
from bot.web.console.render import capfirst
from bot.web.console.tables import XLSX, Column, Filter, Source, Table
from bot.web.console.visit import Answer, Download, Visit
from office.audit import Deed
from office.deliveries import Delivery, Status
from office.notices import Notice, NoticeState
from office.people import Member
from scheduler.notices import confirmed, report
from scheduler.notices.moments import by_message, in_place, occurrence_of
from scheduler.notices.report import ChatReport, Progress

NAMED = 100  # people named on the page; all of them are in the Excel file
CHATS = 50  # a page of the table
_HISTORY = 60  # deeds shown, the newest first
_FILTER = "tinh-trang"
_WAITING = (Status.QUEUED, Status.HELD, Status.SENDING, Status.RETRY, Status.PAUSED)
_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT, NoticeState.RETRACTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was done with a notice."""

    at: datetime
    who: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Chats(Source):
    """The chats of a notice, read a page at a time."""

    notice_id: int
    found: Progress
    statuses: tuple[Status, ...]

    def count(self, session: Session) -> int:
        return self.found.count(*self.statuses) if self.statuses else self.found.planned

    def rows(
        self, session: Session, *, order: Any, descending: bool, offset: int, limit: int
    ) -> Sequence[ChatReport]:
        return report.chats(session, self.notice_id, statuses=self.statuses, limit=limit, offset=offset)


def result(visit: Visit, row: Notice, found: Progress) -> dict[str, Any]:
    """Everything about a notice that has begun to leave."""
    session = visit.session
    return {
        "progress": found,
        "sent": found.count(Status.SENT),
        "waiting": found.count(*_WAITING),
        "failed": found.count(Status.FAILED),
        "uncertain": found.count(Status.UNCERTAIN),
        "confirmed": confirmed.confirmed(session, row, limit=NAMED),
        "confirmed_count": found.confirmed + found.others,
        "missing": confirmed.missing(session, row, limit=NAMED) if found.expected else (),
        "missing_count": found.expected - found.confirmed if found.expected else 0,
        "unreached": (row.unreached or [])[:NAMED],
        "chats": _chats(visit, row, found),
    }


def _chats(visit: Visit, row: Notice, found: Progress) -> tables.Listing | None:
    """The table of chats; not below a deed that was refused, whose address has no pages."""
    if visit.refused is not None:
        return None
    wanted = visit.arg(_FILTER)
    statuses = (Status(wanted),) if wanted in tuple(Status) else ()
    choices = [(str(status), status.label.capitalize()) for status in Status if found.count(status)]
    filters = (Filter(_FILTER, "Tình trạng", "choice", choices),)
    source = _Chats(row.id, found, statuses)
    found_chats = tables.listing(visit, _table(row), source, filters=filters, page=CHATS)
    return replace(found_chats, export_url="")  # the whole report is offered beside


def _table(row: Notice) -> Table:
    columns = [
        Column("noi-nhan", "Nơi nhận", lambda chat: chat.name, main=True),
        Column("kenh", "Kênh", lambda chat: capfirst(deeds.channel_label(chat.channel))),
        Column("tinh-trang", "Tình trạng", lambda chat: chat.status.label, show=_status),
        Column("luc", "Lúc", lambda chat: chat.sent_at),
        Column("viec", "Lý do, việc cần làm", _next),
    ]
    if row.revision > 1:
        columns.append(Column("sua", "Đính chính, thu hồi", lambda chat: chat.change))
    if row.confirm:
        columns.append(Column("doc", "Chưa xác nhận", _lacking))
    return Table(
        name="ket-qua", caption="Kết quả từng nơi", columns=tuple(columns), empty="Chưa có nơi nào được gửi."
    )


def _status(chat: ChatReport) -> Markup:
    return Markup('<span class="state {}">{}</span>').format(chat.status, chat.status.label)


def _next(chat: ChatReport) -> str:
    if chat.status is Status.SENT:
        return chat.reason
    return f"{chat.reason} {chat.next_action}".strip()


def _lacking(chat: ChatReport) -> str:
    """The names of who is missing; of many only how many."""
    if len(chat.missing) > 5:
        return f"{len(chat.missing)}/{len(chat.missing) + len(chat.confirmed)} người"
    return ", ".join(chat.missing)


# --- progress


def leaving_step(row: Notice, found: Progress) -> Step:
    """How far a notice has left."""
    text = words()
    values = {
        "sent": found.count(Status.SENT),
        "total": found.planned,
        "waiting": found.count(*_WAITING),
        "failed": found.count(Status.FAILED),
        "uncertain": found.count(Status.UNCERTAIN),
    }
    if row.state is NoticeState.PAUSED:
        said = text("progress.paused", **values)
    elif not found.queued:
        said = text("progress.queueing", **values)
    else:
        said = text("progress.going", **values)
    if found.expected:
        said += " " + text("progress.confirmed_of", count=found.confirmed, expected=found.expected)
    elif found.confirmed:
        said += " " + text("progress.confirmed", count=found.confirmed)
    return Step(value=found.done, most=found.planned, text=said)


def changing(row: Notice) -> bool:
    """Whether a correction or a retraction is on its way."""
    return row.revision > 1 and row.finished_at is None and row.state in _OUT


def changing_step(session: Session, row: Notice) -> Step:
    """How far it is."""
    moments = [
        found.id
        for rung in (in_place(row.revision), by_message(row.revision))
        if (found := occurrence_of(session, row.id, rung)) is not None
    ]
    query = select(Delivery.status, func.count()).where(Delivery.occurrence_id.in_(moments))
    counts = {status: count for status, count in session.execute(query.group_by(Delivery.status))}  # noqa: C416
    total = sum(counts.values())
    done = sum(count for status, count in counts.items() if status not in _WAITING)
    return Step(value=done, most=total, text=words()("progress.changing", done=done, total=total))


# --- the rest


def history(session: Session, notice_id: int) -> list[Event]:
    """What was done with it, the newest first; confirmations are counted elsewhere."""
    query = (
        select(Deed.at, Deed.action, Deed.reason, Member.name)
        .outerjoin(Member, Member.id == Deed.actor_id)
        .where(Deed.subject == "notice", Deed.subject_id == notice_id, Deed.action != "notice.confirm")
        .order_by(Deed.id.desc())
        .limit(_HISTORY)
    )
    return [
        Event(
            at=at,
            who=name or words()("history.program"),
            what=audit_words.action_label(action),
            reason=reason,
        )
        for at, action, reason, name in session.execute(query)
    ]


def download(visit: Visit, row: Notice) -> Answer:
    """The whole report as an Excel file."""
    content = notice_workbook.notice_xlsx(report.report(visit.session, row.id))
    return Download(f"thong-bao-{row.id}-{visit.today:%Y-%m-%d}.xlsx", XLSX, content)
