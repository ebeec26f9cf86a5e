"""Templates of notices: kept, switched on and off, and used with their blanks filled in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from bot.web.console import forms
from bot.web.console.entries import Entry, Show, get, post
from bot.web.console.pages.notices_words import sentence, words
from bot.web.console.pages.notices_writing import address
from bot.web.console.visit import Answer, Done, Missing, Shown, Visit
from office.notices import NoticeTemplate
from office.rights import Action
from scheduler.notices import drafts, templates
from scheduler.notices.drafts import MOST_BODY, MOST_TITLE

HOME = "/thong-bao/mau"
_MOST_BLANK = 1000  # characters put into one


class Typed(forms.FormModel):
    """A template as it is typed."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=MOST_TITLE)]
    body: Annotated[str, Field(max_length=MOST_BODY)] = ""
    document: Annotated[str, Field(max_length=200)] = ""
    confirm: forms.Ticked = False


def show(visit: Visit) -> Answer:
    """All of them, those in use first."""
    rows = sorted(templates.templates(visit.session, all_of_them=True), key=lambda row: not row.active)
    blanks = {row.id: [templates.label_of(blank) for blank in templates.blanks_of(row)] for row in rows}
    return Shown("notice_templates.html", {"templates": rows, "blanks": blanks})


def _found(visit: Visit) -> NoticeTemplate:
    row = visit.session.get(NoticeTemplate, visit.number("id")) if visit.number("id") > 0 else None
    if row is None:
        raise Missing
    return row


def show_new(visit: Visit) -> Answer:
    """An empty form."""
    return Shown("notice_template.html", {"row": None, "action": f"{HOME}/moi"})


def show_change(visit: Visit) -> Answer:
    """The form with what a template says."""
    row = _found(visit)
    return Shown("notice_template.html", {"row": row, "action": f"{HOME}/{row.id}"})


def save(visit: Visit) -> Answer:
    """Keep what was typed, as a new one or in place of one."""
    typed = forms.read(visit.form, Typed)
    wording = templates.Wording(
        name=typed.name,
        title=typed.title,
        body=typed.body,
        document=typed.document,
        confirm=typed.confirm,
    )
    template_id = _found(visit).id if "id" in visit.request.path_params else None
    row = templates.save_template(
        visit.session, wording, actor=visit.person, now=visit.now, template_id=template_id
    )
    return Done(HOME, words()("said.template_saved", name=row.name))


def _switch(*, active: bool) -> Show:
    def done(visit: Visit) -> Answer:
        row = _found(visit)
        templates.switch_template(visit.session, row.id, active=active, actor=visit.person, now=visit.now)
        return Done(HOME, words()(f"said.template_{'on' if active else 'off'}", name=row.name))

    return done


def show_use(visit: Visit) -> Answer:
    """A field for each blank, beside the template's words."""
    row = _found(visit)
    blanks = [
        (f"blank{at}", sentence(templates.label_of(blank)))
        for at, blank in enumerate(templates.blanks_of(row))
    ]
    values: dict[str, Any] = {"row": row, "blanks": blanks, "most": _MOST_BLANK}
    return Shown("notice_blanks.html", values)


def use(visit: Visit) -> Answer:
    """A draft of the template with its blanks filled in; its recipients are chosen next."""
    row = _found(visit)
    typed = {
        blank: visit.form.text(f"blank{at}")[:_MOST_BLANK]
        for at, blank in enumerate(templates.blanks_of(row))
    }
    notice = drafts.create(
        visit.session,
        visit.parts.notices,
        templates.fill(row, typed),
        actor=visit.person,
        now=visit.now,
        template_id=row.id,
    )
    said = words()("said.from_template", id=notice.id, name=row.name)
    return Done(f"{address(notice.id)}/sua", said)


_MAY, _WRITE = Action.NOTICE_TEMPLATES, Action.WRITE_NOTICES
ENTRIES: tuple[Entry, ...] = (
    get(HOME, show, action=_WRITE),
    get(f"{HOME}/moi", show_new, action=_MAY),
    post(f"{HOME}/moi", save, action=_MAY, again=show_new),
    get(f"{HOME}/{{id:int}}", show_change, action=_MAY),
    post(f"{HOME}/{{id:int}}", save, action=_MAY, again=show_change),
    post(f"{HOME}/{{id:int}}/dung-lai", _switch(active=False), action=_MAY, again=show),
    post(f"{HOME}/{{id:int}}/bat", _switch(active=True), action=_MAY, again=show),
    get(f"{HOME}/{{id:int}}/dung", show_use, action=_WRITE),
    post(f"{HOME}/{{id:int}}/dung", use, action=_WRITE, again=show_use),
)
