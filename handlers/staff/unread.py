"""«Đã đọc» without a number: which notice is meant."""

from __future__ import annotations

from sqlalchemy import exists, select

from handlers.staff.notice_words import words
from handlers.staff.request import Replies, StaffRequest, say
from office import groups, people
from office.assignments import TAP_VERB
from office.groups import GroupState
from office.messages import Choice, ChoiceKind
from office.notices import Notice, NoticeConfirmation, NoticeState
from scheduler.notices.moments import occurrence_of
from scheduler.notices.readers import Chat, groups_of, readers_of

_OUT = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)
_LATEST = 30  # notices looked at
_OFFERED = 6


def unread(request: StaffRequest) -> list[Notice]:
    """The notices that who writes has been sent, here or elsewhere, and has yet to confirm; latest first."""
    me, session = request.me, request.session
    said = exists().where(
        NoticeConfirmation.notice_id == Notice.id,
        NoticeConfirmation.member_id == me.id,
        NoticeConfirmation.revision >= Notice.revision,
    )
    left = Notice.state.in_(_OUT) & Notice.started_at.is_not(None)
    asked = select(Notice).where(Notice.confirm, left, ~said)
    latest = session.scalars(asked.order_by(Notice.started_at.desc(), Notice.id.desc()).limit(_LATEST)).all()
    chats = _chats_of(request)
    return [row for row in latest if _was_sent(request, row, chats)]


def _chats_of(request: StaffRequest) -> set[Chat]:
    """Where who writes is written to: their own chats and the groups of their department."""
    me, session = request.me, request.session
    own = {(one.channel, one.account, one.chat) for one in people.accounts_of(session, me.id)}
    shared = {
        (one.channel, one.account, one.chat)
        for one in groups.every(session)
        if one.state is GroupState.APPROVED and me.department_id and one.department_id == me.department_id
    }
    return own | shared


def _was_sent(request: StaffRequest, row: Notice, chats: set[Chat]) -> bool:
    occurrence = occurrence_of(request.session, row.id)
    if occurrence is None:
        return False
    readers = readers_of(request.session, row, occurrence.id, only=chats)
    if request.me.id in readers.everyone():
        return True
    came = request.incoming
    return came.group and bool(
        groups_of(request.session, occurrence.id, {(came.channel, came.account, came.chat)})
    )


def offered(rows: list[Notice]) -> Replies:
    """None to confirm, or several: a list to choose from."""
    if not rows:
        return say(words()("none_unread"))
    choices = tuple(
        Choice(
            kind=ChoiceKind.OPTION,
            label=words()("unread_item", id=row.id, title=row.title)[:60],
            payload=f"{TAP_VERB}:tb:doc:{row.id}:{row.revision}",
        )
        for row in rows[:_OFFERED]
    )
    more = [words()("several_unread_more", id=rows[-1].id)] if len(rows) > _OFFERED else []
    return say(words()("several_unread", count=len(rows)), *more, choices=choices)
