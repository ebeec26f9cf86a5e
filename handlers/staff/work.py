"""What a civil servant does with work: see it, take note of it, report it done, ask for more time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Select, select

from handlers.staff import said
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, number, say
from handlers.staff.unsaid import meant
from handlers.staff.words import (
    day_and_reason,
    demand_reason,
    one_department,
    parse_day,
    split_reason,
    take_number,
)
from office import people
from office.assignments import (
    Assignment,
    AssignmentState,
    Decision,
    Extension,
    ProofKind,
    Report,
    Responsible,
    Tap,
)
from office.messages import Choice, ChoiceKind, File, Line, Reply, Style
from office.refusal import Refused
from office.rights import Action, allowed, demand
from scheduler import extensions, progress
from scheduler.extension_letter import letter
from scheduler.wording import when
from scheduler.work_texts import brief, card

_PAGE = 10
_PROOF = "Xin gửi minh chứng: số văn bản, đường dẫn, hoặc gửi tệp vào đây. Gõ «thôi» để dừng."


# --- lists


def _list(request: StaffRequest, rest: str) -> Replies:
    """/viec, /viec tuan, /viec phong, /viec het, /viec 12."""
    word = people.plain(rest)
    if word.isdecimal():
        return _details(request, int(word))
    scope, _, more = word.partition(" ")
    return _page(request, scope or "toi", more, 0)


def _page(request: StaffRequest, scope: str, more: str, start: int) -> Replies:
    title, query = _query(request, scope, more)
    rows = request.session.scalars(query).all()
    if not rows:
        return say(f"{title}: không có việc nào đang mở.")
    calendar = request.work.calendar()
    shown = rows[start : start + _PAGE]
    with_who = scope in ("het", "tat", "tatca", "tuan")
    lines = [
        Line(brief(request.session, row, request.today, calendar, with_who=with_who), Style.ITEM)
        for row in shown
    ]
    choices = [
        Choice(kind=ChoiceKind.OPTION, label=f"Số {row.id}: {row.title}"[:60], payload=f"s:xem:{row.id}")
        for row in shown
    ]
    if start + _PAGE < len(rows):
        payload = f"s:viec:{scope}:{start + _PAGE}:{more}"[:64]
        choices.append(Choice(kind=ChoiceKind.MENU, label="Xem thêm", payload=payload))
    return say(*lines, title=f"{title} ({len(rows)})", choices=tuple(choices))


def _query(request: StaffRequest, scope: str, more: str) -> tuple[str, Select[Assignment]]:
    me = request.me
    open_ = (
        select(Assignment)
        .where(Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED)))
        .order_by(Assignment.due_on, Assignment.priority.desc(), Assignment.id)
    )
    mine = open_.join(Responsible, Responsible.assignment_id == Assignment.id).where(
        Responsible.member_id == me.id, Responsible.released_at.is_(None)
    )
    if scope == "tuan":
        until = request.work.calendar().add_working_days(request.today, 5)
        week = Assignment.due_on <= until
        if allowed(me.roles, Action.LIST_ALL_WORK):
            return "Việc trong tuần", open_.where(week)
        if allowed(me.roles, Action.LIST_DEPARTMENT_WORK) and me.department_id:
            return "Việc của phòng trong tuần", open_.where(
                week, Assignment.department_id == me.department_id
            )
        return "Việc trong tuần", mine.where(week)
    if scope == "phong":
        return _of_department(request, more, open_)
    if scope in ("het", "tat", "tatca"):
        demand(me.roles, Action.LIST_ALL_WORK)
        return "Mọi việc đang mở", open_
    if scope == "toi":
        return "Việc của anh/chị", mine
    raise Refused("Không rõ danh sách nào.", "Gõ: /viec, /viec tuan, /viec phong, /viec het hoặc /viec 12")


def _of_department(
    request: StaffRequest, more: str, open_: Select[Assignment]
) -> tuple[str, Select[Assignment]]:
    me = request.me
    demand(me.roles, Action.LIST_DEPARTMENT_WORK)
    if more:
        department = one_department(request.session, more)
        if department.id != me.department_id:
            demand(me.roles, Action.LIST_ALL_WORK)
        return f"Việc của {department.name}", open_.where(Assignment.department_id == department.id)
    if me.department_id is None:
        raise Refused("Anh/chị chưa thuộc phòng nào.", "Ghi tên phòng: /viec phong qltm")
    return "Việc của phòng", open_.where(Assignment.department_id == me.department_id)


def _more(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    scope = arguments[0] if arguments else "toi"
    return _page(request, scope, arguments[2] if len(arguments) > 2 else "", max(0, number(arguments, 1)))


# --- one assignment


def _may_see(request: StaffRequest, row: Assignment) -> None:
    me = request.me
    if allowed(me.roles, Action.LIST_ALL_WORK) or (
        me.department_id and me.department_id == row.department_id
    ):
        return
    request.work.acts_for(request.session, row, me, today=request.today)


def _details(request: StaffRequest, assignment_id: int) -> Replies:
    row = request.work.get(request.session, assignment_id)
    _may_see(request, row)
    reply = card(request.session, request.work, row, today=request.today, full=True)
    lines = [*reply.lines, *_history(request, row.id)]
    return (Reply(lines=tuple(lines), choices=reply.choices if _may_act(request, row) else ()),)


def _may_act(request: StaffRequest, row: Assignment) -> bool:
    """Whether the buttons under an assignment are of use to who looks at it."""
    try:
        request.work.acts_for(request.session, row, request.me, today=request.today)
    except Refused:
        return False
    return True


def _history(request: StaffRequest, assignment_id: int) -> list[Line]:
    """Reports and requests with their answers, oldest first."""
    session, found = request.session, []
    reports = select(Report).where(Report.assignment_id == assignment_id)
    for report in session.scalars(reports.order_by(Report.id)):
        who = people.name_of(session, report.member_id)
        answer = report.decision.report_label
        told = f"{when(report.reported_at)}: {who} báo hoàn thành ({report.proof}) – {answer}"
        found.append((report.reported_at, told + (f": {report.reason}" if report.reason else "")))
    asked = select(Extension).where(Extension.assignment_id == assignment_id)
    for request_ in session.scalars(asked.order_by(Extension.id)):
        who = people.name_of(session, request_.member_id)
        told = (
            f"{when(request_.asked_at)}: {who} xin gia hạn đến {request_.asked_due:%d/%m/%Y} "
            f"({request_.reason}) – {request_.decision.label}"
        )
        granted = f" {request_.granted_due:%d/%m/%Y}" if request_.decision is Decision.CHANGED else ""
        found.append(
            (request_.asked_at, told + granted + (f": {request_.answer}" if request_.answer else ""))
        )
    return [Line(told, Style.SOURCE) for _, told in sorted(found)]


def _acknowledge(request: StaffRequest, rest: str) -> Replies:
    if said.idle(rest):
        found = meant(request, Tap.ACKNOWLEDGE)
        return _acknowledged(request, found, replaces=False) if isinstance(found, int) else found
    assignment_id, _ = take_number(rest)
    return _acknowledged(request, assignment_id, replaces=False)


def _tap_acknowledge(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _acknowledged(request, number(arguments, 0), replaces=True)


def _acknowledged(request: StaffRequest, assignment_id: int, *, replaces: bool) -> Replies:
    """The roster is shown in place of the message whose button was tapped; in a group others still tap it."""
    row = progress.acknowledge(request.session, request.work, assignment_id, request.me, now=request.now)
    headline = f"{request.me.name} đã nhận"
    reply = card(
        request.session, request.work, row, today=request.today, headline=headline, taken=request.private
    )
    return (Reply(lines=reply.lines, choices=reply.choices, replaces=replaces),)


def _done(request: StaffRequest, rest: str) -> Replies:
    """xong 12 375/SCT-VP; without proof it is asked for."""
    if said.idle(rest):
        found = meant(request, Tap.DONE)
        return _report(request, found, "") if isinstance(found, int) else found
    if said.names_document(rest):
        found = meant(request, Tap.DONE)
        return _report(request, found, rest) if isinstance(found, int) else found
    assignment_id, proof = take_number(rest)
    return _report(request, assignment_id, "" if said.no_proof(proof) else proof)


def _tap_done(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _report(request, number(arguments, 0), "")


def _report(request: StaffRequest, assignment_id: int, proof: str) -> Replies:
    file = request.incoming.file
    if not proof and file is None:
        row = request.work.get_open(request.session, assignment_id)
        request.work.acts_for(request.session, row, request.me, today=request.today)
        if row.state is AssignmentState.REPORTED:
            raise Refused(f"Nhiệm vụ số {row.id} đã được báo hoàn thành, đang chờ Văn phòng xác nhận.")
        request.state.update(flow="proof", assignment=assignment_id)
        return say(
            f"Nhiệm vụ số {row.id}: {row.title}",
            _PROOF,
        )
    if file is not None:
        kind, proof = ProofKind.FILE, file.name or "tệp đính kèm"
    else:
        kind = ProofKind.LINK if proof.startswith(("http://", "https://")) else ProofKind.DOCUMENT
    progress.report_done(
        request.session,
        request.work,
        assignment_id,
        request.me,
        kind=kind,
        proof=proof,
        now=request.now,
    )
    request.state.clear()
    return say(f"Đã ghi nhận báo cáo hoàn thành nhiệm vụ số {assignment_id}. Chờ Văn phòng xác nhận.")


def _proof(request: StaffRequest, text: str) -> Replies:
    if request.incoming.file is None and said.no_proof(text):
        raise Refused("Em chưa ghi: đây chưa phải minh chứng.", _PROOF)
    return _report(request, int(request.state.get("assignment", 0)), text)


# --- more time


def _extend(request: StaffRequest, rest: str) -> Replies:
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


def _tap_extend(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
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


def _extend_flow(request: StaffRequest, text: str) -> Replies:
    assignment_id = int(request.state.get("assignment", 0))
    kept = request.state.get("until")
    if kept:
        demand_reason(text)
        return _ask(request, assignment_id, date.fromisoformat(str(kept)), split_reason(text)[1] or text)
    day_text, reason = day_and_reason(text)
    return _ask(request, assignment_id, parse_day(day_text, request.today), reason)


def _letter(request: StaffRequest, rest: str) -> Replies:
    """The written request, to be signed."""
    assignment_id, _ = take_number(rest)
    row = request.work.get(request.session, assignment_id)
    _may_see(request, row)
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


def _tap_show(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _details(request, number(arguments, 0))


COMMANDS = (
    Command(
        words=("viec",),
        run=_list,
        help="/viec: việc của tôi; /viec tuan, /viec phong, /viec het, /viec 12",
        action=Action.LIST_OWN_WORK,
        bare=True,
    ),
    Command(
        words=("nhan",),
        run=_acknowledge,
        help="nhan 12: đã nhận việc số 12",
        action=Action.ACKNOWLEDGE,
        bare=True,
    ),
    Command(
        words=("xong",),
        run=_done,
        help="xong 12 375/SCT-VP: báo hoàn thành, kèm minh chứng",
        action=Action.REPORT_DONE,
        bare=True,
    ),
    Command(
        words=("giahan",),
        run=_extend,
        help="giahan 12 30/11 lý do …: xin gia hạn",
        action=Action.ASK_EXTENSION,
        bare=True,
    ),
    Command(
        words=("vanban",),
        run=_letter,
        help="/vanban 12: văn bản đề nghị gia hạn",
        action=Action.ASK_EXTENSION,
    ),
)
TAPS: Mapping[str, Tapped] = {
    "nhan": _tap_acknowledge,
    "xong": _tap_done,
    "giahan": _tap_extend,
    "xem": _tap_show,
    "viec": _more,
}
FLOWS = {"proof": _proof, "extend": _extend_flow}
