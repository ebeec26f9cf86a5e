"""What became of a notice: in figures, and chat by chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from office.assignments import Priority
from office.deliveries import Status
from office.notices import NoticeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Figures of a notice: chats by their worst status, and who has confirmed its present words.

    `planned`: chats that have been written down so far, all of them once `queued`. `expected`: members who
    are to confirm (0 where nobody is known by name).
    """

    notice_id: int
    state: NoticeState
    queued: bool
    planned: int
    by_status: Mapping[Status, int]
    unreached: int
    confirmed: int
    confirmed_before: int  # of former words only
    expected: int

    def count(self, *statuses: Status) -> int:
        """Chats in one of these statuses."""
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def done(self) -> int:
        """Chats for which nothing waits any more."""
        return sum(
            count
            for status, count in self.by_status.items()
            if not status.open and status is not Status.PAUSED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Who has confirmed, when; `current`: the present words, not former ones."""

    member_id: int
    name: str
    at: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReport:
    """What became of a notice in one chat.

    `deliveries`: what may be settled (scheduler.delivery.settle) where it failed or is uncertain. `change`:
    what became of a correction there, "" for none. `confirmed`, `missing`: of who is expected there.
    """

    name: str
    channel: str
    group: bool
    status: Status
    reason: str
    next_action: str
    sent_at: datetime | None
    deliveries: tuple[int, ...]
    change: str
    confirmed: tuple[Confirmed, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A notice's whole report. `others`: who confirmed without being expected in any of the chats."""

    notice_id: int
    title: str
    progress: Progress
    chats: tuple[ChatReport, ...]
    unreached: tuple[tuple[str, str], ...]  # name, why
    confirmed: tuple[Confirmed, ...]
    missing: tuple[str, ...]
    others: tuple[Confirmed, ...]


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


def progress(session: Session, notice_id: int) -> Progress:
    """A notice's figures, cheap enough to be asked for every second. Raises Refused."""
    raise NotImplementedError


def report(session: Session, notice_id: int) -> Report:
    """A notice's report, the chats with trouble first. Raises Refused."""
    raise NotImplementedError


def listing(
    session: Session, *, state: NoticeState | None = None, search: str = "", limit: int = 20, offset: int = 0
) -> Page:
    """The notices, the newest first. `search`: words of the title or the document's number."""
    raise NotImplementedError
