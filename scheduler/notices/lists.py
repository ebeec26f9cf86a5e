"""Saved lists of recipients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import audit
from office.notices import Notice, NoticeState, RecipientList
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from scheduler.notices.addressed import Audience
from scheduler.notices.desk import words

_NOT_LEFT = (NoticeState.DRAFT, NoticeState.WAITING, NoticeState.SCHEDULED, NoticeState.SENDING)


def lists(session: Session) -> tuple[RecipientList, ...]:
    """The saved lists of recipients by name."""
    return tuple(session.scalars(select(RecipientList).order_by(RecipientList.name, RecipientList.id)))


def save_list(
    session: Session,
    name: str,
    audience: Audience,
    *,
    actor: Person,
    now: datetime,
    list_id: int | None = None,
) -> RecipientList:
    """Keep a list of recipients, as a new one or in place of one. Raises Refused."""
    demand(actor.roles, Action.NOTICE_TEMPLATES)
    name = " ".join(name.split())[:200]
    if not name:
        raise Refused(words()("refused.list_name"))
    if not audience:
        raise Refused(words()("refused.list_empty"), words()("refused.list_empty_mend"))
    taken = select(RecipientList.id).where(RecipientList.name == name, RecipientList.id != (list_id or 0))
    if session.scalar(taken) is not None:
        raise Refused(words()("refused.list_taken", name=name), words()("refused.template_taken_mend"))
    row = RecipientList(name=name) if list_id is None else _list(session, list_id)
    if list_id is not None and _holds(session, audience, list_id):
        raise Refused(words()("refused.list_circle"))
    before = {"name": row.name, "audience": row.audience} if list_id is not None else None
    row.name, row.audience, row.changed_by, row.changed_at = name, audience.as_dict(), actor.id, now
    session.add(row)
    session.flush()
    _record(session, "save", row, actor, now, before, {"name": row.name, "audience": row.audience})
    return row


def delete_list(session: Session, list_id: int, *, actor: Person, now: datetime) -> None:
    """Forget a list that no waiting notice and no other list uses. Raises Refused."""
    demand(actor.roles, Action.NOTICE_TEMPLATES)
    row = _list(session, list_id)
    for notice in session.scalars(select(Notice).where(Notice.state.in_(_NOT_LEFT))):
        if _holds(session, Audience.from_dict(notice.audience), list_id):
            said = words()("refused.list_used", id=notice.id)
            raise Refused(said, words()("refused.list_used_mend"))
    for other in lists(session):
        if other.id != list_id and list_id in Audience.from_dict(other.audience).lists:
            raise Refused(words()("refused.list_in_list", name=other.name))
    before = {"name": row.name, "audience": row.audience}
    session.delete(row)
    session.flush()
    _record(session, "delete", row, actor, now, before, None)


def _holds(session: Session, audience: Audience, list_id: int) -> bool:
    """Whether an audience names this list, itself or through other lists."""
    seen: set[int] = set()
    waiting = list(audience.lists)
    while waiting:
        number = waiting.pop()
        if number == list_id:
            return True
        row = session.get(RecipientList, number) if number not in seen else None
        seen.add(number)
        waiting += Audience.from_dict(row.audience).lists if row is not None else ()
    return False


def _list(session: Session, list_id: int) -> RecipientList:
    row = session.get(RecipientList, list_id) if 0 < list_id < 2**62 else None
    if row is None:
        raise Refused(words()("refused.list_unknown"))
    return row


def _record(
    session: Session,
    what: str,
    row: RecipientList,
    actor: Person,
    now: datetime,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    audit.record(
        session,
        f"recipient_list.{what}",
        at=now,
        actor=actor.id,
        subject="recipient_list",
        subject_id=row.id,
        before=before,
        after=after,
    )
