"""What a civil servant does to get more time for work: ask for it, and take the letter to be signed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from handlers.staff import said
from handlers.staff.request import Replies, StaffRequest, number, say
from handlers.staff.unsaid import meant
from handlers.staff.words import (
    day_and_reason,
    demand_reason,
    parse_day,
    split_reason,
    take_number,
)
from handlers.staff.work_seen import demand_sight
from office.assignments import Extension, Tap
from office.messages import File, Line, Reply
from office.refusal import Refused
from scheduler import extensions
from scheduler.extension_letter import letter


def extend(request: StaffRequest, rest: str) -> Replies:
    """giahan 12 30/11 lý do …; what is missing is asked for."""
    if said.idle(rest):
        found = meant(request, Tap.EXTEND)
        return _ask(request, found, None, "") if isinstance(found, int) else found
    if said.names_day(rest):
        found = meant(request, Tap.EXTEND)
        if not isinstance(found, int):
            return found
        assignment_id = found
    else:
        assignment_id, rest = take_number(rest)
    day_text, reason = day_and_reason(rest)
    if reason:
        demand_reason(reason)
    until = parse_day(day_text, request.today) if day_text else None
    return _ask(request, assignment_id, until, reason)


def tap_extend(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _ask(request, number(arguments, 0), None, "")


def _ask(request: StaffRequest, assignment_id: int, until: date | None, reason: str) -> Replies:
    row = request.work.get_open(request.session, assignment_id)
    request.work.acts_for(request.session, row, request.me, today=request.today)
    if until is None or not reason:
        request.state.update(flow="extend", assignment=assignment_id)
        if until is not None:
            request.state["until"] = until.isoformat()
            return say("Xin cho biết lý do xin gia hạn.")
        return say(
            f"Nhiệm vụ số {row.id}: {row.title}. Hạn hiện nay: {row.due_on:%d/%m/%Y}.",
            "Xin gia hạn đến ngày nào, vì sao? Ví dụ: 05/12 lý do chờ số liệu của cục thống kê.",
            "Gõ «thôi» để dừng.",
        )
    made = extensions.ask_extension(
        request.session, request.work, assignment_id, request.me, until=until, reason=reason, now=request.now
    )
    request.state.clear()
    return say(
        f"Đã gửi Văn phòng đề nghị gia hạn nhiệm vụ số {assignment_id} đến {made.asked_due:%d/%m/%Y}.",
        *request.work.off_day_warning(made.asked_due),
        f"Lấy văn bản đề nghị để trình ký: /vanban {assignment_id}",
    )


def extend_flow(request: StaffRequest, text: str) -> Replies:
    assignment_id = int(request.state.get("assignment", 0))
    kept = request.state.get("until")
    if kept:
        demand_reason(text)
        return _ask(request, assignment_id, date.fromisoformat(str(kept)), split_reason(text)[1] or text)
    day_text, reason = day_and_reason(text)
    return _ask(request, assignment_id, parse_day(day_text, request.today), reason)


def written_request(request: StaffRequest, rest: str) -> Replies:
    """The written request, to be signed."""
    assignment_id, _ = take_number(rest)
    row = request.work.get(request.session, assignment_id)
    demand_sight(request, row)
    asked = request.session.scalar(
        select(Extension).where(Extension.assignment_id == row.id).order_by(Extension.id.desc()).limit(1)
    )
    if asked is None:
        raise Refused(
            f"Nhiệm vụ số {row.id} chưa có đề nghị gia hạn.", f"Xin gia hạn: giahan {row.id} 05/12 lý do …"
        )
    text = letter(request.session, row, asked, office=request.library().office.name)
    file = File(
        name=f"xin-gia-han-{row.id}.txt", media_type="text/plain; charset=utf-8", content=text.encode()
    )
    return (Reply(lines=tuple(Line(line) for line in text.splitlines() if line.strip()), files=(file,)),)
