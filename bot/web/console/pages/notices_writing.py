"""Writing a notice: from nothing, as a copy of another, or changed while nobody has approved it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.web.console.pages.notices_form import read_draft, values_of
from bot.web.console.pages.notices_picks import options, read_audience
from bot.web.console.pages.notices_words import words
from bot.web.console.visit import Answer, Done, Form, Missing, Shown, Visit
from office.notices import Notice, NoticeState
from office.refusal import Refused
from scheduler.notices import drafts
from scheduler.notices.attachments import rows_of
from scheduler.notices.drafts import Draft

NEW = "/thong-bao/moi"
CHANGEABLE = (NoticeState.DRAFT, NoticeState.WAITING)


def address(notice_id: int) -> str:
    """Where a notice is shown."""
    return f"/thong-bao/{notice_id}"


def found(visit: Visit) -> Notice:
    """The notice that the address names. Raises Missing."""
    row = visit.session.get(Notice, visit.number("id")) if visit.number("id") > 0 else None
    if row is None:
        raise Missing
    return row


def show_new(visit: Visit) -> Answer:
    """An empty form, or a template's blanks (?mau=), or another notice's words (?sao=)."""
    if visit.number("mau") > 0 and not visit.form:
        return Done(f"/thong-bao/mau/{visit.number('mau')}/dung")
    original = visit.session.get(Notice, visit.number("sao")) if visit.number("sao") > 0 else None
    draft = replace(drafts.draft_of(original), send_at=None) if original is not None else Draft(title="")
    return _form(visit, draft, action=NEW, original=original)


def show_change(visit: Visit) -> Answer:
    """The form of a notice that may be changed."""
    row = found(visit)
    if row.state not in CHANGEABLE:
        return Done(address(row.id))
    return _form(visit, drafts.draft_of(row), action=f"{address(row.id)}/sua", row=row)


def _form(
    visit: Visit, draft: Draft, *, action: str, row: Notice | None = None, original: Notice | None = None
) -> Answer:
    source = row or original
    settings = visit.parts.notices.settings
    values: dict[str, Any] = {
        **values_of(draft),
        **options(visit.session, draft.audience),
        "action": action,
        "notice": row,
        "original": original,
        "files": rows_of(visit.session, source.id) if source is not None else (),
        "max_files": settings.max_files,
        "max_file_mb": settings.max_file_mb,
        "chosen_files": bool(visit.form.files("files") or visit.form.files("table")),
        "problems": getattr(visit.refused, "problems", ()),
    }
    return Shown("notice_form.html", values)


def create(visit: Visit) -> Answer:
    """Keep what was typed as a new draft."""
    notices, actor, now = visit.parts.notices, visit.person, visit.now
    draft = read_draft(visit, read_audience(visit))
    if visit.number("sao") > 0:
        row = drafts.copy(visit.session, notices, visit.number("sao"), actor=actor, now=now)
        row = drafts.change(visit.session, notices, row.id, draft, actor=actor, now=now)
        said = words()("said.copied", id=row.id, from_id=visit.number("sao"))
    else:
        row = drafts.create(visit.session, notices, draft, actor=actor, now=now)
        said = words()("said.created", id=row.id)
    _attach(visit, row.id)
    return Done(address(row.id), said)


def change(visit: Visit) -> Answer:
    """Keep what was typed in place of what a notice said."""
    row = found(visit)
    if row.state not in CHANGEABLE:
        said = words()("form.not_changeable", id=row.id, state=row.state.label)
        raise Refused(said, row.state.next_action)
    notices, actor, now = visit.parts.notices, visit.person, visit.now
    draft = read_draft(visit, read_audience(visit), drafts.draft_of(row))
    for number in dropped(visit.form):
        drafts.detach(visit.session, notices, number, actor=actor, now=now)
    drafts.change(visit.session, notices, row.id, draft, actor=actor, now=now)
    _attach(visit, row.id)
    return Done(address(row.id), words()("said.changed", id=row.id))


def dropped(form: Form) -> tuple[int, ...]:
    """The files that are ticked to be taken off."""
    return tuple(int(text) for text in form.texts("drop") if text.isascii() and text.isdecimal())


def _attach(visit: Visit, notice_id: int) -> None:
    for upload in visit.form.files("files"):
        drafts.attach(
            visit.session,
            visit.parts.notices,
            notice_id,
            name=upload.name,
            media_type=upload.media_type,
            content=upload.content,
            actor=visit.person,
            now=visit.now,
        )
