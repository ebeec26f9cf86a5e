"""Writing a notice: its words, its files, its recipients, until it is handed in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from office.assignments import Priority
from office.clock import ZONE
from office.notices import Notice, NoticeFile, NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.attachments import attach, back_to_draft, detach, files_of, rows_of
from scheduler.notices.audience import Audience
from scheduler.notices.desk import Notices, get, hold, note, words
from scheduler.wording import when

__all__ = ["Draft", "attach", "change", "copy", "create", "detach", "draft_of", "files_of"]

MOST_TITLE, MOST_BODY = 300, 20_000  # characters
_FARTHEST = timedelta(days=366)


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
    plain = {one.name: getattr(row, one.name) for one in fields(Draft) if one.name != "audience"}
    return Draft(**plain, audience=Audience.from_dict(row.audience))


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
    demand(actor.roles, Action.WRITE_NOTICES)
    draft = checked(draft, actor=actor, now=now)
    _refuse_past(draft, now)
    row = new_row(draft, now=now, state=NoticeState.DRAFT)
    row.created_by, row.template_id = actor.id, template_id
    session.add(row)
    session.flush()
    note(session, "create", row, actor, now, after=as_plain(draft))
    return row


def change(
    session: Session, notices: Notices, notice_id: int, draft: Draft, *, actor: Person, now: datetime
) -> Notice:
    """Put other words or recipients to a notice that has not been approved.

    One that waits for approval is a draft again then, so that nobody approves what they haven't seen.
    """
    demand(actor.roles, Action.WRITE_NOTICES)
    row = hold(session, notice_id, NoticeState.DRAFT, NoticeState.WAITING)
    before = draft_of(row)
    draft = checked(draft, actor=actor, now=now)
    if draft == before:
        return row
    if draft.send_at != before.send_at:
        _refuse_past(draft, now)
    put(row, draft)
    back_to_draft(row, now)
    old, new = as_plain(before), as_plain(draft)
    changed = {key: new[key] for key in new if new[key] != old[key]}
    note(session, "change", row, actor, now, before={key: old[key] for key in changed}, after=changed)
    return row


def copy(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """A new draft with the words, files and recipients of another notice."""
    original = get(session, notice_id)
    draft = replace(draft_of(original), send_at=None)
    row = create(session, notices, draft, actor=actor, now=now, template_id=original.template_id)
    for one in rows_of(session, original.id):
        session.add(
            NoticeFile(
                notice_id=row.id,
                file_id=one.file_id,
                position=one.position,
                name=one.name,
                media_type=one.media_type,
                picture=one.picture,
            )
        )
    session.flush()
    return row


def new_row(draft: Draft, *, now: datetime, state: NoticeState) -> Notice:
    """A row of a draft."""
    row = Notice(state=state, created_at=now, changed_at=now, revision=1, nudges=0, remark="")
    put(row, draft)
    return row


def put(row: Notice, draft: Draft) -> None:
    """Write a draft's words and recipients into a row."""
    for one in fields(Draft):
        if one.name != "audience":
            setattr(row, one.name, getattr(draft, one.name))
    row.audience = draft.audience.as_dict()


def checked(draft: Draft, *, actor: Person, now: datetime) -> Draft:
    """The draft with its texts cleaned. Raises Refused for what no notice may say."""
    draft = replace(
        draft,
        title=_one_line(draft.title),
        body=_clean(draft.body).strip(),
        document=_one_line(draft.document)[:200],
        express_reason=_one_line(draft.express_reason) if draft.priority is Priority.EXPRESS else "",
    )
    if draft.priority is Priority.EXPRESS:
        demand(actor.roles, Action.SEND_EXPRESS)
    _check_words(draft)
    _check_days(draft, now)
    return draft


def _check_words(draft: Draft) -> None:
    if not draft.title:
        raise Refused(words()("refused.no_title"), words()("refused.no_title_mend"))
    if len(draft.title) > MOST_TITLE:
        raise Refused(words()("refused.long_title", most=MOST_TITLE), words()("refused.long_mend"))
    if len(draft.body) > MOST_BODY:
        raise Refused(words()("refused.long_body", most=MOST_BODY), words()("refused.long_mend"))


def _check_days(draft: Draft, now: datetime) -> None:
    if draft.document_date is not None and draft.document_date > now.astimezone(ZONE).date():
        said = words()("refused.document_ahead", date=f"{draft.document_date:%d/%m/%Y}")
        raise Refused(said, words()("refused.document_ahead_mend"))
    if draft.send_at is not None and draft.send_at > now + _FARTHEST:
        raise Refused(
            words()("refused.send_at_far", when=when(draft.send_at)), words()("refused.send_at_past_mend")
        )


def _refuse_past(draft: Draft, now: datetime) -> None:
    if draft.send_at is not None and draft.send_at <= now:
        raise Refused(
            words()("refused.send_at_past", when=when(draft.send_at)), words()("refused.send_at_past_mend")
        )


def as_plain(draft: Draft) -> dict[str, Any]:
    """A draft as plain JSON, for the audit."""
    return {
        "title": draft.title,
        "body": draft.body,
        "document": draft.document,
        "document_date": draft.document_date.isoformat() if draft.document_date else None,
        "priority": draft.priority,
        "express_reason": draft.express_reason,
        "confirm": draft.confirm,
        "audience": draft.audience.as_dict(),
        "send_at": draft.send_at.isoformat() if draft.send_at else None,
    }


def _clean(text: str) -> str:
    """NFC, with plain line ends and without control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())
