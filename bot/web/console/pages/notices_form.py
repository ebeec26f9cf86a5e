"""The form of a notice's words: what is typed, what is wrong with it, and the draft that it makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, NaiveDatetime

from bot.web.console import forms
from bot.web.console.pages.notices_words import words
from bot.web.console.visit import FormErrors, Visit
from office.assignments import Priority
from office.clock import ZONE
from scheduler.notices.audience import Audience
from scheduler.notices.drafts import MOST_BODY, MOST_TITLE, Draft

_SLACK = timedelta(minutes=2)  # what is typed has no seconds, and is not sent at once

PRIORITIES = [(str(priority), priority.label.capitalize()) for priority in Priority]
ACCEPT = ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"


class Words(forms.FormModel):
    """What a notice says."""

    title: Annotated[str, Field(min_length=1, max_length=MOST_TITLE)]
    body: Annotated[str, Field(max_length=MOST_BODY)] = ""
    document: Annotated[str, Field(max_length=200)] = ""
    document_date: Annotated[date | None, forms.Blank] = None
    confirm: forms.Ticked = False


class Whole(Words):
    """And how it is sent."""

    priority: Priority = Priority.ORDINARY
    express_reason: Annotated[str, Field(max_length=500)] = ""
    send_at: Annotated[NaiveDatetime | None, forms.Blank] = None


def read_words(visit: Visit, before: Draft) -> Draft:
    """The draft with its words as they were typed. Raises FormErrors."""
    typed = forms.read(visit.form, Words)
    return replace(
        before,
        title=typed.title,
        body=typed.body,
        document=typed.document,
        document_date=typed.document_date,
        confirm=typed.confirm,
    )


def read_draft(visit: Visit, audience: Audience, before: Draft | None = None) -> Draft:
    """The whole draft as it was typed; `before`: as it is kept. Raises FormErrors."""
    typed = forms.read(visit.form, Whole)
    send_at = typed.send_at.replace(tzinfo=ZONE) if typed.send_at else None
    express = typed.priority is Priority.EXPRESS
    if express and not typed.express_reason:
        raise FormErrors({"express_reason": words()("form.express_reason")})
    if send_at is not None and send_at < visit.now - _SLACK and not _kept(send_at, before):
        raise FormErrors({"send_at": words()("form.past")})
    return Draft(
        title=typed.title,
        body=typed.body,
        document=typed.document,
        document_date=typed.document_date,
        priority=typed.priority,
        express_reason=typed.express_reason if express else "",
        confirm=typed.confirm,
        audience=audience,
        send_at=send_at,
    )


def _kept(send_at: datetime, before: Draft | None) -> bool:
    return before is not None and local_minute(before.send_at) == local_minute(send_at)


def local_minute(moment: datetime | None) -> str:
    """A moment as a field of kind datetime-local has it; "" for none."""
    return f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M}" if moment is not None else ""


def values_of(draft: Draft) -> dict[str, Any]:
    """A draft as the template's fields show it."""
    return {
        "draft": draft,
        "document_date": draft.document_date.isoformat() if draft.document_date else "",
        "send_at": local_minute(draft.send_at),
        "priorities": PRIORITIES,
        "accept": ACCEPT,
    }
