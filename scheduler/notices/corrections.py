"""A notice that has left is corrected or taken back: in place, or by a marked message.

Here it is decided and what has not left yet is dropped, in one short transaction; chat by chat the planner
carries it out (scheduler.notices.correcting).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from office.database import execute
from office.deliveries import Delivery, Status
from office.messages import Line, Style, split_reply
from office.notices import Notice, NoticeState
from office.people import Person
from office.refusal import Refused
from office.rights import Action, demand
from office.wire import replies_to_json
from scheduler import halting
from scheduler.notices.attachments import add as add_file
from scheduler.notices.attachments import rows_of, take_off
from scheduler.notices.correcting import free_chats
from scheduler.notices.desk import Notices, hold, note, reason_in, words
from scheduler.notices.drafts import Draft, as_plain, checked, draft_of, put
from scheduler.notices.moments import occurrence_of, occurrences_of
from scheduler.notices.sending import wake_lanes
from scheduler.notices.told import tell
from scheduler.notices.wording import message

_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that comes with a correction."""

    name: str
    content: bytes


def correct(
    session: Session,
    notices: Notices,
    notice_id: int,
    draft: Draft,
    *,
    actor: Person,
    reason: str,
    now: datetime,
    add: Sequence[Upload] = (),
    drop: Sequence[int] = (),
) -> Notice:
    """Put other words to a notice that is leaving, paused or sent. Raises Refused.

    Recipients, priority and time stay. `add`, `drop`: files to add, and numbers of NoticeFile to take off; a
    chat can't be given other files in place. Who has not had it yet simply gets the new words.
    """
    demand(actor.roles, Action.SEND_NOTICES)
    reason = reason_in(reason)
    row = hold(session, notice_id, *_OUT)
    before = draft_of(row)
    draft = _kept(draft, before, actor, now)
    if draft == before and not add and not drop:
        raise Refused(words()("refused.nothing_changed"), words()("refused.nothing_changed_mend"))
    old_files = [one.name for one in rows_of(session, row.id)]
    _refile(session, notices, row, add, drop, now)
    if not draft.body and not rows_of(session, row.id):
        raise Refused(words()("missing.body"), words()("refused.lacks_mend"))
    put(row, draft)
    row.revision, row.changed_at, row.finished_at = row.revision + 1, now, None
    session.flush()
    plain = as_plain(before) | {"files": old_files}
    after = as_plain(draft) | {"files": [one.name for one in rows_of(session, row.id)]}
    note(session, "correct", row, actor, now, before=plain, after=after, reason=reason)
    _drop_unsent(session, notices, row, now)
    _reword_failed(session, notices, row)
    _tell_approver(session, notices, row, "corrected", actor, reason, now)
    return row


def retract(
    session: Session, notices: Notices, notice_id: int, *, actor: Person, reason: str, now: datetime
) -> Notice:
    """Take a notice back: what waits is cancelled, what has arrived is deleted or called off."""
    demand(actor.roles, Action.SEND_NOTICES)
    reason = reason_in(reason)
    row = hold(session, notice_id, *_OUT, NoticeState.CANCELLED)
    if row.started_at is None:
        raise Refused(words()("refused.not_sent", id=row.id))
    before = {"state": row.state, "title": row.title}
    row.state, row.remark = NoticeState.RETRACTED, reason
    row.revision, row.changed_at, row.finished_at = row.revision + 1, now, None
    row.queued_at = row.queued_at or now
    session.flush()
    note(session, "retract", row, actor, now, before=before, after={"state": row.state}, reason=reason)
    moments = occurrences_of(session, row.id)
    halting.cancel(session, moments, reason=words()("planned.called_off"), now=now)
    _give_up_failed(session, row)
    wake_lanes(session, notices, moments)
    _tell_approver(session, notices, row, "retracted", actor, reason, now)
    return row


def _give_up_failed(session: Session, row: Notice) -> None:
    """What never arrived can't be sent again by a tap any more."""
    sending = occurrence_of(session, row.id)
    mine = Delivery.occurrence_id == (sending.id if sending else 0)
    failed = update(Delivery).where(mine, Delivery.status == Status.FAILED)
    execute(session, failed.values(status=Status.CANCELLED))


def _kept(draft: Draft, before: Draft, actor: Person, now: datetime) -> Draft:
    """The new words with everything that can't be changed any more as it was."""
    draft = replace(
        draft,
        audience=before.audience,
        priority=before.priority,
        express_reason=before.express_reason,
        send_at=before.send_at,
    )
    return replace(checked(draft, actor=actor, now=now), express_reason=before.express_reason)


def _refile(
    session: Session,
    notices: Notices,
    row: Notice,
    add: Sequence[Upload],
    drop: Sequence[int],
    now: datetime,
) -> None:
    for number in drop:
        take_off(session, row, number)
    for one in add:
        add_file(session, notices, row, name=one.name, content=one.content, now=now)


def _drop_unsent(session: Session, notices: Notices, row: Notice, now: datetime) -> None:
    """What still waits with the old words doesn't leave; chats that have had nothing get the new ones."""
    moments = occurrences_of(session, row.id)
    halting.cancel(session, moments, reason=words()("planned.replaced"), now=now)
    free_chats(session, row)
    wake_lanes(session, notices, moments)


def _reword_failed(session: Session, notices: Notices, row: Notice) -> None:
    """What failed is sent with the new words if somebody has it sent again, or not at all."""
    sending = occurrence_of(session, row.id)
    if sending is None:
        return
    reply = message(session, notices, row)
    for channel, limit in notices.channels.items():
        parts = split_reply(reply, limit)
        failed = update(Delivery).where(
            Delivery.occurrence_id == sending.id,
            Delivery.channel == channel,
            Delivery.status == Status.FAILED,
        )
        for number, part in enumerate(parts, 1):
            mine = failed.where(Delivery.part == number, Delivery.parts == len(parts))
            execute(session, mine.values(body=replies_to_json([part])))
        other = failed.where(Delivery.parts != len(parts))
        execute(session, other.values(status=Status.CANCELLED, reason=words()("planned.replaced_failed")))


def _tell_approver(
    session: Session, notices: Notices, row: Notice, what: str, actor: Person, reason: str, now: datetime
) -> None:
    """Who approved it, and whose it is, learn what has become of it."""
    concerned = {row.approved_by, row.created_by} - {actor.id, None}
    said = words()(f"told.{what}", who=actor.name, id=row.id, title=row.title)
    lines = [Line(said, Style.TITLE), Line(words()("told.reason", reason=reason), Style.WARNING)]
    numbers = [number for number in concerned if number is not None]
    tell(session, notices, row, f"notice.{what}.{row.revision}", numbers, lines, now=now)
