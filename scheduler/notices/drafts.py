"""Writing a notice: its words, its files, its recipients, until it is handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from office.assignments import Priority
from office.notices import Notice
from office.people import Person
from scheduler.notices.attachments import attach, detach, files_of
from scheduler.notices.audience import Audience
from scheduler.notices.desk import Notices

__all__ = ["Draft", "attach", "change", "copy", "create", "detach", "draft_of", "files_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The words and recipients of a notice. `send_at` (aware): None for as soon as it may go."""

    title: str
    body: str = ""
    document: str = ""
    document_date: date | None = None
    priority: Priority = Priority.ORDINARY
    express_reason: str = ""
    confirm: bool = False
    audience: Audience = field(default_factory=Audience)
    send_at: datetime | None = None


def draft_of(row: Notice) -> Draft:
    """A notice's words and recipients, to be changed with dataclasses.replace."""
    raise NotImplementedError


def create(
    session: Session,
    notices: Notices,
    draft: Draft,
    *,
    actor: Person,
    now: datetime,
    template_id: int | None = None,
) -> Notice:
    """Begin a notice. It may lack anything but a title until it is handed in. Raises Refused."""
    raise NotImplementedError


def change(
    session: Session, notices: Notices, notice_id: int, draft: Draft, *, actor: Person, now: datetime
) -> Notice:
    """Put other words or recipients to a notice that has not been approved.

    One that waits for approval is a draft again then, so that nobody approves what they haven't seen.
    """
    raise NotImplementedError


def copy(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """A new draft with the words, files and recipients of another notice."""
    raise NotImplementedError
