"""Correcting a notice that has left: new words and files, with a reason."""

from __future__ import annotations

from bot.web.console.pages.notices_form import read_words, values_of
from bot.web.console.pages.notices_words import words
from bot.web.console.pages.notices_writing import address, dropped, found
from bot.web.console.visit import Answer, Done, FormErrors, Shown, Visit
from office.notices import NoticeState
from scheduler.notices import corrections, drafts
from scheduler.notices.attachments import rows_of

_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)


def show(visit: Visit) -> Answer:
    """The form, with what was sent."""
    row = found(visit)
    if row.state not in _OUT:
        return Done(address(row.id))
    settings = visit.parts.notices.settings
    values = {
        **values_of(drafts.draft_of(row)),
        "notice": row,
        "files": rows_of(visit.session, row.id),
        "max_files": settings.max_files,
        "max_file_mb": settings.max_file_mb,
        "chosen_files": bool(visit.form.files("files")),
    }
    return Shown("notice_correction.html", values)


def correct(visit: Visit) -> Answer:
    """Put the new words to it."""
    row = found(visit)
    draft, reason = read_words(visit, drafts.draft_of(row)), visit.form.text("reason")
    if not reason:
        raise FormErrors({"reason": words()("form.reason")})
    corrections.correct(
        visit.session,
        visit.parts.notices,
        row.id,
        draft,
        actor=visit.person,
        reason=reason,
        now=visit.now,
        add=[corrections.Upload(name=file.name, content=file.content) for file in visit.form.files("files")],
        drop=dropped(visit.form),
    )
    return Done(address(row.id), words()("said.corrected", id=row.id))
