"""What a civil servant sees of work: the lists, and one assignment with its history."""

from __future__ import annotations

from sqlalchemy import Select, select

from handlers.staff.request import Replies, StaffRequest, number, say
from handlers.staff.words import one_department
from office import people
from office.assignments import Assignment, AssignmentState, Decision, Extension, Report, Responsible
from office.messages import Choice, ChoiceKind, Line, Reply, Style
from office.refusal import Refused
from office.rights import Action, allowed, demand
from scheduler.wording import when
from scheduler.work_texts import brief, card

_PAGE = 10


# --- lists


def listed(request: StaffRequest, rest: str) -> Replies:
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


def tap_more(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    scope = arguments[0] if arguments else "toi"
    return _page(request, scope, arguments[2] if len(arguments) > 2 else "", max(0, number(arguments, 1)))


# --- one assignment


def demand_sight(request: StaffRequest, row: Assignment) -> None:
    me = request.me
    if allowed(me.roles, Action.LIST_ALL_WORK) or (
        me.department_id and me.department_id == row.department_id
    ):
        return
    request.work.acts_for(request.session, row, me, today=request.today)


def _details(request: StaffRequest, assignment_id: int) -> Replies:
    row = request.work.get(request.session, assignment_id)
    demand_sight(request, row)
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


def tap_show(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    return _details(request, number(arguments, 0))
