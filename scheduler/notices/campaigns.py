"""Campaigns: recurring rules that write a notice, which waits for somebody to approve it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import people
from office.notices import Notice, NoticeState
from office.people import Role
from office.reminders import Reminder
from scheduler import reminder_files
from scheduler.notices.audience import Audience
from scheduler.notices.desk import Notices, note, words
from scheduler.notices.drafts import Draft, new_row
from scheduler.notices.told import ask_approvers
from scheduler.planner import Made, Moment


def compose(notices: Notices, session: Session, row: Reminder, moment: Moment) -> Made:
    """The notice of one occasion, made once whatever happens; who may approve it is asked."""
    key = f"{row.key}:{moment.due_at:%Y%m%d%H%M}"
    known = session.scalar(select(Notice.id).where(Notice.origin_key == key))
    if known is not None:
        return Made(note=words()("planned.campaign_known", id=known), made_other=True)
    template = reminder_files.NoticeTemplate.model_validate(row.template)
    draft = Draft(
        title=template.title,
        body=template.body.strip(),
        document=template.document,
        priority=template.priority,
        confirm=template.confirm,
        audience=audience_of(session, template.audience),
    )
    notice = new_row(draft, now=moment.now, state=NoticeState.WAITING)
    notice.origin_key, notice.reminder_id, notice.submitted_at = key, row.id, moment.now
    session.add(notice)
    session.flush()
    note(session, "campaign", notice, None, moment.now, after={"rule": row.key, "title": notice.title})
    _ask(session, notices, notice, moment.now)
    return Made(note=words()("planned.campaign", id=notice.id), made_other=True)


def _ask(session: Session, notices: Notices, notice: Notice, now: datetime) -> None:
    ask_approvers(session, notices, notice, words()("told.submit_again", id=notice.id), now=now)


def audience_of(session: Session, audience: reminder_files.Audience) -> Audience:
    """A rule's recipients as a notice's: groups of all or of departments by key, and roles privately."""
    departments = (people.find_department(session, key) for key in audience.departments)
    return Audience(
        all_groups=audience.groups == "all",
        departments=tuple(one.id for one in departments if one is not None),
        roles=tuple(Role(name) for name in audience.roles),
    )
