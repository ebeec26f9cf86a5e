"""A notice's report as an Excel workbook: figures, chats, who has confirmed, who couldn't be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

from bot.files.workbook import DATE_FORMAT, CellValue, Column, add_sheet, saved
from knowledge.phrases import Phrases
from office.clock import ZONE
from scheduler.notices.report import ChatReport, Reader, Report

_CHATS = {
    "name": 36, "group": 9, "status": 18, "reason": 34, "next_action": 42, "sent": 13, "sent_time": 10,
    "change": 24, "confirmed": 30, "missing": 40,
}  # fmt: skip
_PEOPLE = {"name": 32, "answer": 24, "at": 15, "at_time": 13}
_DATES = frozenset({"sent", "at"})


@cache
def words() -> Phrases:
    """The texts of these files, read once."""
    return Phrases.read(Path(__file__).with_name("notices.yaml"))


def notice_xlsx(found: Report) -> bytes:
    """The report, a sheet for each of its parts that holds anything."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    text = words()
    two = (Column(heading=text("summary.what"), width=28), Column(heading=text("summary.value"), width=60))
    add_sheet(book, text("summary.sheet"), two, _summary(found))
    add_sheet(book, text("chats.sheet"), _columns("chats", _CHATS), map(_chat, found.chats))
    if found.confirm:
        add_sheet(book, text("people.sheet"), _columns("people", _PEOPLE), _people(found))
    if found.unreached:
        columns = _columns("unreached", {"name": 40, "why": 60})
        add_sheet(book, text("unreached.sheet"), columns, found.unreached)
    return saved(book)


def _columns(sheet: str, widths: dict[str, int]) -> tuple[Column, ...]:
    return tuple(
        Column(
            heading=words()(f"{sheet}.{key}"),
            width=width,
            number_format=DATE_FORMAT if key in _DATES else "",
        )
        for key, width in widths.items()
    )


def _summary(found: Report) -> Iterable[Sequence[CellValue]]:
    text, figures = words(), found.progress
    rows: list[tuple[str, CellValue]] = [
        ("number", found.notice_id),
        ("title", found.title),
        ("document", found.document),
        ("state", figures.state.label),
        ("author", found.author),
        ("approver", found.approver),
        ("started", _written(found.started_at)),
        ("started_time", _clock(found.started_at)),
        ("finished", _written(found.finished_at)),
        ("revision", found.revision - 1),
        ("chats", figures.planned),
    ]
    yield from ((text(f"summary.{key}"), value) for key, value in rows)
    for status, count in figures.by_status.items():
        yield status.label.capitalize(), count
    yield text("summary.unreached"), figures.unreached
    if found.confirm:
        for key in ("expected", "confirmed", "confirmed_before", "others"):
            yield text(f"summary.{key}"), getattr(figures, key)


def _chat(chat: ChatReport) -> Sequence[CellValue]:
    text = words()
    return (
        chat.name,
        text("chats.kind_group" if chat.group else "chats.kind_private"),
        chat.status.label,
        chat.reason,
        chat.next_action,
        _day(chat.sent_at),
        _clock(chat.sent_at),
        chat.change,
        ", ".join(one.name for one in chat.confirmed if one.current),
        ", ".join(chat.missing),
    )


def _people(found: Report) -> Iterable[Sequence[CellValue]]:
    """Who has confirmed, with the day; then who hasn't; then who wasn't expected to."""
    text = words()
    for one in sorted(found.confirmed, key=lambda one: one.name):
        yield _person(one, text("people.current" if one.current else "people.before"))
    former = {one.name for one in found.confirmed}
    for name in found.missing:
        if name not in former:
            yield name, text("people.missing"), None, None
    for one in found.others:
        yield _person(one, text("people.other"))


def _person(one: Reader, answer: str) -> Sequence[CellValue]:
    return one.name, answer, _day(one.at), _clock(one.at)


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(ZONE).date() if moment else None


def _written(moment: datetime | None) -> str:
    """A day as text: its column also holds words and numbers."""
    return f"{moment.astimezone(ZONE):%d/%m/%Y}" if moment else ""


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONE):%H:%M}" if moment else ""
