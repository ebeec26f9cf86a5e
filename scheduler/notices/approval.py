"""From draft to leaving: handed in, approved by a second person or given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session, object_session

from office.assignments import Priority
from office.messages import Line, Style
from office.notices import Notice, NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.attachments import rows_of
from scheduler.notices.audience import Audience, Reach, targets
from scheduler.notices.desk import Notices, get, hold, note, reason_in, words
from scheduler.notices.sending import let_go
from scheduler.notices.told import approvers, ask_approvers, authors, may_approve, stop_asking, tell_author

__all__ = ["approve", "give_back", "may_approve", "missing", "missing_of", "send", "submit"]


def submit(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """Hand a draft in: whoever may approve it, and isn't its author, is asked privately. Raises Refused."""
    demand(actor.roles, Action.WRITE_NOTICES)
    row = hold(session, notice_id, NoticeState.DRAFT)
    _demand_complete(session, notices, row, actor, alone=False)
    if not approvers(session, row, besides=(actor.id,)):
        raise Refused(words()("refused.no_second"), words()("refused.no_second_mend"))
    row.state, row.submitted_by, row.submitted_at, row.remark = NoticeState.WAITING, actor.id, now, ""
    session.flush()
    note(session, "submit", row, actor, now)
    headline = words()("told.submit", who=actor.name, id=row.id)
    ask_approvers(session, notices, row, headline, now=now)
    return row


def approve(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime, reason: str = ""
) -> Notice:
    """The second person says yes: it leaves now, or at its time, or when the quiet hours end. Raises Refused.

    Nobody approves what they created, changed last or handed in.
    """
    demand(actor.roles, Action.APPROVE_NOTICES)
    row = hold(session, notice_id, NoticeState.WAITING)
    if actor.id in authors(session, row):
        raise Refused(words()("refused.own"), words()("refused.own_mend"))
    _demand_complete(session, notices, row, actor, alone=False)
    row.approved_by, row.approved_at, row.remark = actor.id, now, reason.strip()[:2000]
    stop_asking(session, row, now=now)
    note(session, "approve", row, actor, now, after={"title": row.title, "body": row.body}, reason=row.remark)
    leaving = let_go(session, notices, row, now=now)
    said = words()("told.approved", who=actor.name, id=row.id, title=row.title)
    lines = [Line(said, Style.TITLE), *map(Line, leaving.sentences)]
    tell_author(session, notices, row, "notice.approved", lines, now=now)
    return row


def give_back(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Back to its author as a draft, with a remark; also one that waits for its time. Raises Refused."""
    demand(actor.roles, Action.APPROVE_NOTICES)
    reason = reason_in(reason)
    row = hold(session, notice_id, NoticeState.WAITING, NoticeState.SCHEDULED)
    before = {"state": row.state}
    stop_asking(session, row, now=now)
    said = words()("told.given_back", who=actor.name, id=row.id, title=row.title)
    lines = [Line(said, Style.TITLE), Line(words()("told.reason", reason=reason), Style.WARNING)]
    tell_author(session, notices, row, "notice.given_back", lines, now=now)
    row.state, row.remark = NoticeState.DRAFT, reason
    row.submitted_by = row.submitted_at = row.approved_by = row.approved_at = None
    session.flush()
    note(session, "give_back", row, actor, now, before=before, after={"state": row.state}, reason=reason)
    return row


def send(session: Session, notices: Notices, notice_id: int, *, actor: Person, now: datetime) -> Notice:
    """Send a draft without a second person, where the office's settings allow that. Raises Refused.

    Hoả tốc needs a reason then.
    """
    demand(actor.roles, Action.SEND_NOTICES)
    if notices.settings.approval:
        raise Refused(words()("refused.needs_approval"), words()("refused.needs_approval_mend"))
    row = hold(session, notice_id, NoticeState.DRAFT)
    _demand_complete(session, notices, row, actor, alone=True)
    row.submitted_by, row.submitted_at, row.remark = actor.id, now, ""
    after = {"title": row.title, "body": row.body}
    note(session, "send", row, actor, now, after=after, reason=row.express_reason)
    let_go(session, notices, row, now=now)
    return row


def missing(notice: Notice, reach: Reach, *, alone: bool = False) -> tuple[str, ...]:
    """What a notice lacks to go, a sentence each; () for nothing. `alone`: without a second person."""
    session = object_session(notice)
    files = rows_of(session, notice.id) if session is not None else ()
    audience = Audience.from_dict(notice.audience)
    lacks = {
        "title": not notice.title.strip(),
        "body": not notice.body.strip() and not files,
        "audience": not audience,
        "nobody": bool(audience) and not reach.targets,
        "express_reason": alone and notice.priority is Priority.EXPRESS and not notice.express_reason.strip(),
    }
    return tuple(words()(f"missing.{name}") for name, lacking in lacks.items() if lacking)


def missing_of(session: Session, notices: Notices, notice_id: int, *, alone: bool = False) -> tuple[str, ...]:
    """What a notice lacks to go, looked up."""
    row = get(session, notice_id)
    anybody = targets(session, Audience.from_dict(row.audience), channels=notices.channels, most=1)
    return missing(row, Reach(targets=anybody, unreached=()), alone=alone)


def _demand_complete(session: Session, notices: Notices, row: Notice, actor: Person, *, alone: bool) -> None:
    if row.priority is Priority.EXPRESS:
        demand(actor.roles, Action.SEND_EXPRESS)
    if lacking := missing_of(session, notices, row.id, alone=alone):
        raise Refused(" ".join(lacking), words()("refused.lacks_mend"))
