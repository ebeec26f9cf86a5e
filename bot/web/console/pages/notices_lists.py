"""Saved lists of recipients: who is on them, how many chats that is today; and the table to fill in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from bot.files import recipients
from bot.web.console import forms
from bot.web.console.entries import Entry, get, post
from bot.web.console.pages.notices_picks import options, read_audience
from bot.web.console.pages.notices_words import words
from bot.web.console.tables import XLSX
from bot.web.console.visit import Answer, Done, Download, Missing, Shown, Visit
from office.notices import RecipientList
from office.rights import Action
from scheduler.notices import audience, templates
from scheduler.notices.audience import Audience

HOME = "/thong-bao/danh-sach"
NAMED = 60  # chats named on the page


class Typed(forms.FormModel):
    """What a list is called; whom it holds is read apart."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


def show(visit: Visit) -> Answer:
    """All of them, with how many chats each reaches today."""
    found = [(row, *_reached(visit, row)) for row in templates.lists(visit.session)]
    return Shown("notice_lists.html", {"lists": found})


def _reached(visit: Visit, row: RecipientList) -> tuple[tuple[str, ...], int, int]:
    """Whom it names in words, the chats it reaches, and who can't be reached."""
    chosen = Audience.from_dict(row.audience)
    reach = audience.reach(visit.session, chosen, on=visit.today, channels=visit.parts.notices.channels)
    return audience.in_words(visit.session, chosen), len(reach.targets), len(reach.unreached)


def _found(visit: Visit) -> RecipientList:
    row = visit.session.get(RecipientList, visit.number("id")) if visit.number("id") > 0 else None
    if row is None:
        raise Missing
    return row


def show_new(visit: Visit) -> Answer:
    """An empty form."""
    return _form(visit, None)


def show_change(visit: Visit) -> Answer:
    """The form with whom a list holds, and the chats that are reached by it today."""
    return _form(visit, _found(visit))


def _form(visit: Visit, row: RecipientList | None) -> Answer:
    chosen = Audience.from_dict(row.audience) if row is not None else Audience()
    channels = visit.parts.notices.channels
    reach = audience.reach(visit.session, chosen, on=visit.today, channels=channels)
    values: dict[str, Any] = {
        **_options(visit.session, chosen, row),
        "list": row,
        "action": f"{HOME}/{row.id}" if row is not None else f"{HOME}/moi",
        "reach": reach,
        "named": reach.targets[:NAMED],
        "unreached": reach.unreached[:NAMED],
        "problems": getattr(visit.refused, "problems", ()),
    }
    return Shown("notice_list.html", values)


def _options(session: Session, chosen: Audience, row: RecipientList | None) -> dict[str, Any]:
    """What may be ticked: a list can't hold itself."""
    found = options(session, chosen)
    found["lists"] = [one for one in found["lists"] if row is None or one[0] != row.id]
    return found


def save(visit: Visit) -> Answer:
    """Keep it, as a new one or in place of one."""
    typed, chosen = forms.read(visit.form, Typed), read_audience(visit)
    list_id = _found(visit).id if "id" in visit.request.path_params else None
    row = templates.save_list(
        visit.session, typed.name, chosen, actor=visit.person, now=visit.now, list_id=list_id
    )
    return Done(HOME, words()("said.list_saved", name=row.name))


def delete(visit: Visit) -> Answer:
    """Forget it."""
    row = _found(visit)
    name = row.name
    templates.delete_list(visit.session, row.id, actor=visit.person, now=visit.now)
    return Done(HOME, words()("said.list_deleted", name=name))


def table(visit: Visit) -> Answer:
    """The Excel table to fill recipients into."""
    return Download("noi-nhan.xlsx", XLSX, recipients.template_xlsx())


_MAY, _WRITE = Action.NOTICE_TEMPLATES, Action.WRITE_NOTICES
ENTRIES: tuple[Entry, ...] = (
    get(HOME, show, action=_WRITE),
    get("/thong-bao/noi-nhan.xlsx", table, action=_WRITE),
    get(f"{HOME}/moi", show_new, action=_MAY),
    post(f"{HOME}/moi", save, action=_MAY, again=show_new, uploads=True),
    get(f"{HOME}/{{id:int}}", show_change, action=_MAY),
    post(f"{HOME}/{{id:int}}", save, action=_MAY, again=show_change, uploads=True),
    post(f"{HOME}/{{id:int}}/xoa", delete, action=_MAY, again=show),
)
