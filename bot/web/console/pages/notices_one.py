"""One notice: what it says on each channel, whom it reaches, what can be done, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.web.console import deeds
from bot.web.console.live import Step
from bot.web.console.pages import notices_result as result
from bot.web.console.pages.notices_rights import possible
from bot.web.console.pages.notices_words import sentence
from bot.web.console.pages.notices_writing import address, found
from bot.web.console.visit import Answer, Download, Missing, Shown, Visit
from office import files as stored
from office.groups import Group, GroupState
from office.messages import File, Reply
from office.notices import Notice, NoticeFile, NoticeState
from office.people import name_of
from scheduler.notices import approval, audience, report, wording
from scheduler.notices.attachments import files_of, rows_of
from scheduler.notices.audience import Audience
from scheduler.notices.closed import foreseen
from scheduler.notices.leaving import when_leaves
from scheduler.notices.report import Progress
from scheduler.outbox import DEFAULT_LIMIT

BEFORE = (NoticeState.DRAFT, NoticeState.WAITING, NoticeState.SCHEDULED)
NAMED = 60  # chats named on the page; the others are counted


def show(visit: Visit) -> Answer:
    """The notice's page."""
    row = found(visit)
    session = visit.session
    if visit.arg("xuat"):
        return result.download(visit, row)
    progress = report.progress(session, row.id) if row.started_at is not None else None
    values: dict[str, Any] = {
        "notice": row,
        "page": address(row.id),
        "files": rows_of(session, row.id),
        "people": {
            "author": name_of(session, row.created_by),
            "submitter": name_of(session, row.submitted_by),
            "approver": name_of(session, row.approved_by),
        },
        "recipients": sentence("; ".join(audience.in_words(session, Audience.from_dict(row.audience)))),
        "previews": previews(visit, row),
        "may": possible(visit, row),
        "alone": not visit.parts.notices.settings.approval,
        "history": result.history(session, row.id),
        "trial_groups": _trial_groups(visit, row),
        "before": _before(visit, row) if row.state in BEFORE else None,
        "result": result.result(visit, row, progress) if progress is not None else None,
        "step": step(visit, row, progress),
        "channel_label": deeds.channel_label,
    }
    return Shown("notice.html", values)


def previews(visit: Visit, row: Notice) -> Mapping[str, Sequence[Reply]]:
    """The messages as each channel shows them; as they stand where no channel carries notices yet."""
    notices = visit.parts.notices
    if notices.channels:
        return wording.previews(visit.session, notices, row)
    files: tuple[File, ...] = files_of(visit.session, row.id)
    return {"": wording.preview(row, files, limit=DEFAULT_LIMIT, office=notices.office)}


def _before(visit: Visit, row: Notice) -> dict[str, Any]:
    """Whom it will reach, when it leaves and why then, and what it lacks."""
    notices = visit.parts.notices
    whom = Audience.from_dict(row.audience)
    reach = audience.reach(visit.session, whom, on=visit.today, channels=notices.channels)
    shown = foreseen(visit.session, notices, whom, reach, now=visit.now)
    waits = row.state is not NoticeState.SCHEDULED
    return {
        "reach": shown,
        "named": shown.targets[:NAMED],
        "unreached": shown.unreached[:NAMED],
        "leaving": sentence(str(when_leaves(notices, row, visit.now))),
        "lacks": approval.missing(row, reach, alone=not notices.settings.approval) if waits else (),
    }


def _trial_groups(visit: Visit, row: Notice) -> list[tuple[int, str]]:
    if row.state not in (NoticeState.DRAFT, NoticeState.WAITING):
        return []
    query = select(Group.id, Group.title).where(Group.state == GroupState.APPROVED)
    rows = visit.session.execute(query.order_by(Group.title, Group.id).limit(300))
    return [(number, title or f"Nhóm số {number}") for number, title in rows]


def step(visit: Visit, row: Notice, progress: Progress | None) -> Step | None:
    """How far it has left, or how far a correction is; None where nothing is going on."""
    if row.state in (NoticeState.SENDING, NoticeState.PAUSED) and progress is not None:
        return result.leaving_step(row, progress)
    if result.changing(row):
        return result.changing_step(visit.session, row)
    return None


def watch(visit: Visit) -> Step:
    """The same while it goes on. It ends when the state is no more the one that the page shows (?tu=)."""
    row = found(visit)
    if visit.arg("tu") not in ("", row.state):
        return Step(value=1, most=1, text="", done=True)
    progress = report.progress(visit.session, row.id) if row.started_at is not None else None
    return step(visit, row, progress) or Step(value=1, most=1, text="", done=True)


def attachment(visit: Visit) -> Answer:
    """A file of the notice, for who is to approve it."""
    row = found(visit)
    number = visit.number("file")
    file = visit.session.get(NoticeFile, number) if number > 0 else None
    if file is None or file.notice_id != row.id:
        raise Missing
    content = stored.content_of(visit.session, file.file_id)
    if content is None:
        raise Missing
    return Download(file.name, file.media_type, content)
