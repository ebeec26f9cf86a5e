"""Recurring notices: the rules that write one, when next, and whether they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bot.web.console.entries import Entry, Show, get, post
from bot.web.console.pages.notices_words import sentence, words
from bot.web.console.visit import Answer, Done, FormErrors, Missing, Shown, Visit
from office.notices import Notice
from office.reminders import Reminder, ReminderKind
from office.rights import Action
from scheduler import rule_switching
from scheduler.notices.audience import in_words
from scheduler.notices.campaigns import audience_of
from scheduler.reminder_files import NoticeTemplate

HOME = "/thong-bao/dinh-ky"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A rule that writes notices. `last`: the latest that it has written, None for none."""

    id: int
    title: str
    schedule: str
    active: bool
    next_at: datetime | None
    problem: str
    notice_title: str
    body: str
    recipients: str
    last: int | None


def show(visit: Visit) -> Answer:
    """All of them, those in use first."""
    query = select(Reminder).where(Reminder.kind == ReminderKind.NOTICE)
    rows = visit.session.scalars(query.order_by(Reminder.active.desc(), Reminder.next_at, Reminder.id))
    return Shown("notice_campaigns.html", {"campaigns": [_campaign(visit, row) for row in rows]})


def _campaign(visit: Visit, row: Reminder) -> Campaign:
    template = NoticeTemplate.model_validate(row.template)
    last = visit.session.scalar(select(func.max(Notice.id)).where(Notice.reminder_id == row.id))
    return Campaign(
        id=row.id,
        title=row.title,
        schedule=row.schedule,
        active=row.active,
        next_at=row.next_at,
        problem=row.problem,
        notice_title=template.title,
        body=template.body,
        recipients=sentence(
            "; ".join(in_words(visit.session, audience_of(visit.session, template.audience)))
        ),
        last=last,
    )


def _found(visit: Visit) -> Reminder:
    row: Any = visit.session.get(Reminder, visit.number("id")) if visit.number("id") > 0 else None
    if row is None or row.kind is not ReminderKind.NOTICE:
        raise Missing
    found: Reminder = row
    return found


def _switch(*, active: bool) -> Show:
    def done(visit: Visit) -> Answer:
        row, field = _found(visit), f"reason{visit.number('id')}"
        reason = visit.form.text(field)
        if not reason and not active:
            raise FormErrors({field: words()("form.reason")})
        rule_switching.switch(
            visit.session,
            row,
            active=active,
            reason=reason,
            actor=visit.person,
            calendar=visit.parts.work.calendar(),
            now=visit.now,
        )
        return Done(HOME, words()(f"said.rule_{'on' if active else 'off'}", title=row.title))

    return done


ENTRIES: tuple[Entry, ...] = (
    get(HOME, show, action=Action.LIST_NOTICES),
    post(f"{HOME}/{{id:int}}/bat", _switch(active=True), action=Action.CHANGE_REMINDERS, again=show),
    post(f"{HOME}/{{id:int}}/tat", _switch(active=False), action=Action.CHANGE_REMINDERS, again=show),
)
