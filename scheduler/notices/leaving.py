"""When a notice leaves, and why then: its time, the quiet hours, the working calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from office.assignments import Priority
from office.clock import ZONE
from office.notices import Notice, NoticeState
from scheduler.calendar import weekday_name
from scheduler.notices.desk import Notices, words
from scheduler.wording import when


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """When a notice leaves (aware) if it is approved now. `why`: sentences for people, in order."""

    at: datetime
    now: bool  # at once
    why: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.why)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Why, each with a capital at its beginning."""
        return tuple(f"{why[:1].upper()}{why[1:]}" for why in self.why)


def foretold(notices: Notices, notice: Notice, now: datetime) -> tuple[str, ...]:
    """When a notice that waits for somebody's word leaves, in sentences."""
    leaving = when_leaves(notices, notice, now)
    if leaving.why != (words()("leaving.now"),) or notice.state is NoticeState.SCHEDULED:
        return leaving.sentences
    return (words()("leaving.on_approval" if notices.settings.approval else "leaving.on_sending"),)


def when_leaves(notices: Notices, notice: Notice, now: datetime) -> Leaving:
    """When it leaves if it may go now; hoả tốc passes the quiet hours."""
    text = words()
    at, why = now, []
    if notice.send_at is not None and notice.send_at > now:
        at = notice.send_at
        why.append(text("leaving.at", when=when(at)))
    elif notice.send_at is not None:
        why.append(text("leaving.past", when=when(notice.send_at)))
    ends = notices.outbox.quiet.ends(at)
    if ends is not None and notice.priority is Priority.EXPRESS:
        why.append(text("leaving.express"))
    elif ends is not None:
        why.append(_quiet(notices, at, ends))
        at = ends
    if not why:
        why.append(text("leaving.now"))
    return Leaving(at=at, now=at <= now, why=tuple(why))


def _quiet(notices: Notices, at: datetime, ends: datetime) -> str:
    """Why nothing is sent around a moment: a day off, or the hour."""
    local = at.astimezone(ZONE)
    day = notices.calendar().day(local.date())
    if day.working:
        return words()("leaving.quiet", when=when(at), until=when(ends))
    return words()(
        "leaving.day_off",
        weekday=weekday_name(local.date()),
        date=f"{local:%d/%m/%Y}",
        why=day.name or words()("leaving.day_off_plain"),
        until=when(ends),
    )
