"""«Đã nhận», «xong», «xin gia hạn» without a number: which assignment is meant."""

from __future__ import annotations

from sqlalchemy import select

from handlers.staff.request import Replies, StaffRequest, say
from handlers.staff.typed import code_of
from office.assignments import Assignment, AssignmentState, Responsible, Tap, tap
from office.messages import Choice, ChoiceKind

_OFFERED = 6  # of several that may be meant


def meant(request: StaffRequest, action: Tap) -> int | Replies:
    """The one assignment that is meant when no number is said; else what to choose from."""
    mine = (
        select(Assignment)
        .join(Responsible, Responsible.assignment_id == Assignment.id)
        .where(
            Responsible.member_id == request.me.id,
            Responsible.released_at.is_(None),
            Assignment.state == AssignmentState.OPEN,
        )
        .order_by(Assignment.due_on, Assignment.id)
    )
    if action is Tap.ACKNOWLEDGE:
        mine = mine.where(Responsible.acknowledged_at.is_(None))
    rows = request.session.scalars(mine).all()
    if len(rows) == 1:
        return rows[0].id
    if not rows:
        what = "chưa nhận" if action is Tap.ACKNOWLEDGE else "đang mở"
        return say(f"Anh/chị không có việc nào {what}. Xem các việc: /viec")
    choices = tuple(
        Choice(kind=ChoiceKind.OPTION, label=f"Số {row.id}: {row.title}"[:60], payload=tap(action, row.id))
        for row in rows[:_OFFERED]
    )
    word = code_of(tap(action, rows[-1].id))
    more = [f"Việc không có dưới đây thì gõ kèm số, ví dụ: {word}"] if len(rows) > _OFFERED else []
    return say(f"Anh/chị có {len(rows)} việc. Việc nào ạ?", *more, choices=choices)
