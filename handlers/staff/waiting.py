"""What else waits under a number: «duyet 1» may mean a notice, «tb duyet 1» more time for work."""

from __future__ import annotations

from sqlalchemy import select

from handlers.staff.request import StaffRequest
from office.assignments import Decision, Extension
from office.notices import Notice, NoticeState
from office.rights import Action, allowed
from scheduler.work import waiting_extension

_NAMED = 4  # assignments whose requests wait


def besides_extension(request: StaffRequest, number: int) -> str:
    """What waits for who typed the number of an assignment that has no request; "" for nothing."""
    if not allowed(request.me.roles, Action.DECIDE_EXTENSION):
        return ""
    if allowed(request.me.roles, Action.APPROVE_NOTICES) and _notice_waits(request, number):
        return (
            f"Thông báo số {number} thì đang chờ duyệt. Xem: tb xem {number} · Duyệt: tb duyet {number} · "
            f"Trả lại: tb tra {number}"
        )
    asked = select(Extension.assignment_id).where(Extension.decision == Decision.WAITING)
    found = request.session.scalars(asked.order_by(Extension.id).limit(_NAMED)).all()
    return (
        f"Đang chờ trả lời: {'; '.join(f'nhiệm vụ số {one} (duyet {one})' for one in found)}" if found else ""
    )


def besides_notice(request: StaffRequest, number: int) -> str:
    """The same of a notice that doesn't wait: the request for more time of the assignment of that number."""
    if _notice_waits(request, number) or not allowed(request.me.roles, Action.DECIDE_EXTENSION):
        return ""
    if waiting_extension(request.session, number) is None:
        return ""
    return (
        f"Nhiệm vụ số {number} thì có đề nghị gia hạn đang chờ. Xem: xem {number} · Đồng ý: duyet {number} · "
        f"Không đồng ý: tuchoi {number} lý do …"
    )


def _notice_waits(request: StaffRequest, number: int) -> bool:
    row = request.session.get(Notice, number)
    return row is not None and row.state is NoticeState.WAITING
