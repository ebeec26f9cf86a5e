"""What Văn phòng does with given work: confirm or return it, answer requests for more time, change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from handlers.staff import waiting
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.words import demand_reason, one_person, parse_day, split_reason, take_number
from office.assignments import Decision, Extension
from office.people import Role
from office.refusal import Refused
from office.rights import Action, demand
from scheduler import extensions, progress
from scheduler.handover import hand_over
from scheduler.work import waiting_extension
from scheduler.work_texts import words

# --- reports and requests


def _confirm(request: StaffRequest, rest: str) -> Replies:
    assignment_id, _ = take_number(rest)
    return _confirmed(request, assignment_id, replaces=False)


def _tap_confirm(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _confirmed(request, number(arguments, 0), replaces=True)


def _confirmed(request: StaffRequest, assignment_id: int, *, replaces: bool) -> Replies:
    row = progress.confirm(request.session, request.work, assignment_id, request.me, now=request.now)
    shown = words()("proof", proof=progress.proof_of(request.session, row))
    return say(f"Đã xác nhận hoàn thành nhiệm vụ số {row.id}: {row.title}", shown, replaces=replaces)


def _return(request: StaffRequest, rest: str) -> Replies:
    assignment_id, rest = take_number(rest)
    return _returned(request, assignment_id, split_reason(rest)[1] or rest)


def _tap_return(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _returned(request, number(arguments, 0), "")


def _returned(request: StaffRequest, assignment_id: int, reason: str) -> Replies:
    if not reason:
        demand(request.me.roles, Action.CONFIRM_DONE)
        row = request.work.get_open(request.session, assignment_id)
        request.state.update(flow="return", assignment=row.id)
        return say(f"Trả lại báo cáo của nhiệm vụ số {row.id}. Xin cho biết lý do.")
    progress.return_report(
        request.session, request.work, assignment_id, request.me, reason=reason, now=request.now
    )
    request.state.clear()
    return say(f"Đã trả lại báo cáo của nhiệm vụ số {assignment_id}.")


def _return_flow(request: StaffRequest, text: str) -> Replies:
    demand_reason(text)
    return _returned(request, int(request.state.get("assignment", 0)), split_reason(text)[1] or text)


def _approve(request: StaffRequest, rest: str) -> Replies:
    """/duyet 12 or /duyet 12 05/12: the waiting request of an assignment."""
    assignment_id, rest = take_number(rest)
    day_text, reason = split_reason(rest)
    until = parse_day(day_text, request.today) if day_text else None
    return _decide(request, _waiting(request, assignment_id), until=until, reason=reason)


def _refuse(request: StaffRequest, rest: str) -> Replies:
    assignment_id, rest = take_number(rest)
    reason = split_reason(rest)[1] or rest
    return _refused(request, _waiting(request, assignment_id), reason)


def _waiting(request: StaffRequest, assignment_id: int) -> int:
    found = waiting_extension(request.session, assignment_id)
    if found is None:
        mend = waiting.besides_extension(request, assignment_id)
        if not mend:
            request.work.get(request.session, assignment_id)
        raise Refused(f"Nhiệm vụ số {assignment_id} không có đề nghị gia hạn nào đang chờ.", mend)
    return found.id


def _decide(
    request: StaffRequest, extension_id: int, *, until: date | None, reason: str = "", replaces: bool = False
) -> Replies:
    made = extensions.decide_extension(
        request.session,
        request.work,
        extension_id,
        request.me,
        decision=Decision.APPROVED if until is None else Decision.CHANGED,
        until=until,
        reason=reason,
        now=request.now,
    )
    request.state.clear()
    day = made.granted_due or made.asked_due
    answer = f"Đã gia hạn nhiệm vụ số {made.assignment_id} đến hết {day:%d/%m/%Y}."
    return say(answer, *request.work.off_day_warning(day), replaces=replaces)


def _refused(request: StaffRequest, extension_id: int, reason: str) -> Replies:
    if not reason:
        demand(request.me.roles, Action.DECIDE_EXTENSION)
        request.state.update(flow="refuse", extension=extension_id)
        return say(f"Không đồng ý gia hạn{_of(request, extension_id)}. Xin cho biết lý do.")
    made = extensions.decide_extension(
        request.session,
        request.work,
        extension_id,
        request.me,
        decision=Decision.REFUSED,
        reason=reason,
        now=request.now,
    )
    request.state.clear()
    return say(f"Đã trả lời không đồng ý gia hạn nhiệm vụ số {made.assignment_id}.")


def _tap_approve(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _decide(request, number(arguments, 0), until=None, replaces=True)


def _tap_refuse(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _refused(request, number(arguments, 0), "")


def _tap_other_day(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    demand(request.me.roles, Action.DECIDE_EXTENSION)
    request.state.update(flow="other_day", extension=number(arguments, 0))
    return say(f"Gia hạn{_of(request, number(arguments, 0))} đến ngày nào? Ví dụ: 05/12")


def _of(request: StaffRequest, extension_id: int) -> str:
    """Whose request it is, by the number that people know; "" for none."""
    row = request.session.get(Extension, extension_id)
    return f" nhiệm vụ số {row.assignment_id}" if row else ""


def _other_day_flow(request: StaffRequest, text: str) -> Replies:
    day_text, reason = split_reason(text)
    until = parse_day(day_text, request.today)
    return _decide(request, int(request.state.get("extension", 0)), until=until, reason=reason)


def _refuse_flow(request: StaffRequest, text: str) -> Replies:
    demand_reason(text)
    return _refused(request, int(request.state.get("extension", 0)), split_reason(text)[1] or text)


# --- changing


def _cancel(request: StaffRequest, rest: str) -> Replies:
    assignment_id, rest = take_number(rest)
    reason = split_reason(rest)[1] or rest
    row = progress.cancel(
        request.session, request.work, assignment_id, request.me, reason=reason, now=request.now
    )
    return say(f"Đã huỷ nhiệm vụ số {row.id}: {row.title}")


def _change(request: StaffRequest, rest: str) -> Replies:
    assignment_id, title = take_number(rest)
    row = progress.change_title(
        request.session, request.work, assignment_id, request.me, title=title, now=request.now
    )
    return say(f"Đã sửa nội dung nhiệm vụ số {row.id}: {row.title}")


def _move(request: StaffRequest, rest: str) -> Replies:
    """/doihan 12 05/12 lý do …"""
    assignment_id, rest = take_number(rest)
    day_text, reason = split_reason(rest)
    row = extensions.change_deadline(
        request.session,
        request.work,
        assignment_id,
        request.me,
        until=parse_day(day_text, request.today),
        reason=reason,
        now=request.now,
    )
    answer = f"Đã đổi hạn nhiệm vụ số {row.id} thành hết {extensions.said_day(row.due_on)}."
    return say(answer, *request.work.off_day_warning(row.due_on))


def _hand_over(request: StaffRequest, rest: str) -> Replies:
    """/chuyen Nguyễn Văn A cho Trần Thị B lý do …"""
    said, reason = split_reason(rest)
    before, found, after = said.partition(" cho ")
    if not found:
        raise Refused("Cần người giao và người nhận.", "Ví dụ: /chuyen Nguyễn Văn A cho Trần Thị B lý do …")
    frm, to = one_person(request.session, before), one_person(request.session, after)
    me = request.me
    only_own = me.has(Role.HEAD) and not me.roles & {Role.VAN_PHONG, Role.LEADER, Role.ADMIN}
    if only_own and frm.department_id != me.department_id:
        raise Refused("Anh/chị chỉ chuyển được việc của phòng mình.")
    count = hand_over(request.session, request.work, frm.id, to.id, actor=me, reason=reason, now=request.now)
    return say(f"Đã chuyển {count} việc đang mở của {frm.name} cho {to.name}.")


COMMANDS = (
    Command(
        words=("xacnhan",),
        run=_confirm,
        help="/xacnhan 12: xác nhận đã hoàn thành",
        action=Action.CONFIRM_DONE,
    ),
    Command(
        words=("tralai",),
        run=_return,
        help="/tralai 12 lý do …: trả lại báo cáo",
        action=Action.CONFIRM_DONE,
    ),
    Command(
        words=("duyet",),
        run=_approve,
        help="/duyet 12 hoặc /duyet 12 05/12: đồng ý gia hạn",
        action=Action.DECIDE_EXTENSION,
    ),
    Command(
        words=("tuchoi",),
        run=_refuse,
        help="/tuchoi 12 lý do …: không đồng ý gia hạn",
        action=Action.DECIDE_EXTENSION,
    ),
    Command(words=("huy",), run=_cancel, help="/huy 12 lý do …: huỷ nhiệm vụ", action=Action.CANCEL_WORK),
    Command(
        words=("sua",), run=_change, help="/sua 12 nội dung mới: sửa nội dung", action=Action.CHANGE_WORK
    ),
    Command(
        words=("doihan",),
        run=_move,
        help="/doihan 12 05/12 lý do …: đổi hạn",
        action=Action.CHANGE_WORK,
    ),
    Command(
        words=("chuyen",),
        run=_hand_over,
        help="/chuyen Nguyễn Văn A cho Trần Thị B lý do …: chuyển mọi việc đang mở",
        action=Action.HAND_OVER,
    ),
)
TAPS: Mapping[str, Tapped] = {
    "xacnhan": _tap_confirm,
    "tralai": _tap_return,
    "duyet": _tap_approve,
    "tuchoi": _tap_refuse,
    "ngaykhac": _tap_other_day,
}
FLOWS = {
    "return": _return_flow,
    "refuse": _refuse_flow,
    "other_day": _other_day_flow,
}
