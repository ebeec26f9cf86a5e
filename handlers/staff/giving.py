"""Giving work: one line with semicolons, or step by step, looked over before it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from handlers.staff.corrections import agreed, corrections, print_of
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, say
from handlers.staff.words import demand_reason, split_reason
from office import people
from office.assignments import Priority
from office.messages import Choice, ChoiceKind, Line, Style
from office.people import Department
from office.refusal import Refused
from office.rights import Action
from scheduler import extensions
from scheduler.draft_words import Piece, read_piece
from scheduler.work import Draft
from scheduler.work_texts import card

_ASKS = {
    "title": "Nội dung nhiệm vụ là gì?",
    "who": "Giao cho phòng hay người nào? Nhiều người thì cách nhau bằng dấu phẩy.",
    "due": "Thời hạn? Ví dụ: 30/11 hoặc 10 ngày làm việc.",
    "express": "Nhiệm vụ hoả tốc gửi cả ngoài giờ. Lý do là gì?",
}
_UNREACHED = (
    "Chưa báo được cho ai: phòng này chưa có nhóm được duyệt, người được giao chưa gắn tài khoản. "
    "Cấp mã: /capma, duyệt nhóm: /nhom."
)
_UNCLEAR = "Em chưa giao và chưa sửa gì: chưa rõ ý anh/chị."
_HOW_TO_CHANGE = (
    "Đồng ý thì trả lời «giao», bỏ thì «thôi». Muốn sửa thì ghi rõ, ví dụ: «nội dung: …», «hạn 20/12», "
    "«giao cho QLTM», «khẩn»."
)
_NEWER = "Việc này đã được sửa sau lần hiện ấy. Xin xem lại bản mới nhất."
_EXAMPLE = "Ví dụ: /giao QLTM; Báo cáo tháng 11; 30/11; 375/SCT-VP ngày 29/3/2021; khẩn; giao bởi Giám đốc Sở"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What has been said of an assignment so far; kept as JSON between messages."""

    title: str = ""
    department_id: int | None = None
    member_ids: tuple[int, ...] = ()
    due_on: str = ""
    working_days: int | None = None
    document: str = ""
    document_date: str = ""
    given_by: str = ""
    priority: str = Priority.ORDINARY
    express_reason: str = ""

    def missing(self) -> str:
        """The first thing that must still be asked; "" when all is there."""
        if not self.title:
            return "title"
        if self.department_id is None and not self.member_ids:
            return "who"
        if not self.due_on and self.working_days is None:
            return "due"
        if self.priority == Priority.EXPRESS and not self.express_reason:
            return "express"
        return ""

    def draft(self) -> Draft:
        return Draft(
            title=self.title,
            department_id=self.department_id,
            member_ids=self.member_ids,
            due_on=date.fromisoformat(self.due_on) if self.due_on else None,
            working_days=self.working_days,
            document=self.document,
            document_date=date.fromisoformat(self.document_date) if self.document_date else None,
            given_by=self.given_by,
            priority=Priority(self.priority),
            express_reason=self.express_reason,
        )


def _parts(state: Mapping[str, Any]) -> _Parts:
    data = dict(state.get("parts", {}))
    data["member_ids"] = tuple(data.get("member_ids", ()))
    return _Parts(**data)


def _keep(request: StaffRequest, parts: _Parts, flow: str) -> None:
    kept = {name: getattr(parts, name) for name in _Parts.__dataclass_fields__}
    kept["member_ids"] = list(parts.member_ids)
    request.state.update(flow=flow, parts=kept)


def _give(request: StaffRequest, rest: str) -> Replies:
    """/giao, one line with semicolons or step by step."""
    parts = _Parts()
    for text in (piece.strip() for piece in rest.split(";")):
        if text:
            parts = _with(parts, read_piece(request.session, text, request.today))
    return _go_on(request, parts)


def _with(parts: _Parts, piece: Piece) -> _Parts:
    values: dict[str, Any] = {}
    if piece.due_on:
        values["due_on"] = piece.due_on.isoformat()
    if piece.document_date:
        values["document_date"] = piece.document_date.isoformat()
    for name in ("working_days", "document", "given_by", "department_id", "priority", "express_reason"):
        if getattr(piece, name) is not None:
            values[name] = getattr(piece, name)
    if piece.member_ids:
        values["member_ids"] = piece.member_ids
    if piece.text:
        values["title"] = f"{parts.title}; {piece.text}" if parts.title else piece.text
    return replace(parts, **values)


def _go_on(request: StaffRequest, parts: _Parts) -> Replies:
    missing = parts.missing()
    if missing:
        _keep(request, parts, f"give.{missing}")
        example = (_EXAMPLE,) if parts == _Parts() else ()
        return say(_ASKS[missing], *example, "Gõ «thôi» để dừng.")
    return _preview(request, parts)


def _preview(request: StaffRequest, parts: _Parts) -> Replies:
    deadline = request.work.deadline(parts.draft(), today=request.today)
    _keep(request, parts, "give.confirm")
    session = request.session
    department = session.get(Department, parts.department_id) if parts.department_id else None
    names = [people.name_of(session, member_id) for member_id in parts.member_ids]
    who = ", ".join([*([department.name] if department else []), *names])
    lines = [
        f"Nội dung: {parts.title}",
        f"Giao cho: {who}",
        f"Hạn: hết {extensions.said_day(deadline.day)}",
    ]
    if parts.document:
        dated = f" ngày {date.fromisoformat(parts.document_date):%d/%m/%Y}" if parts.document_date else ""
        lines.append(f"Văn bản: {parts.document}{dated}")
    lines.append(f"Mức độ: {Priority(parts.priority).label}")
    if parts.express_reason:
        lines.append(f"Lý do hoả tốc: {parts.express_reason}")
    if parts.given_by:
        lines.append(f"Giao bởi: {parts.given_by}")
    if deadline.warning:
        lines.append(f"⚠ {deadline.warning}")
    return say(*lines, title="Xem lại trước khi giao", choices=_choices(parts))


def _choices(parts: _Parts) -> tuple[Choice, ...]:
    """The first one holds for what was shown with it alone, not for what that has been changed into."""
    return (
        Choice(kind=ChoiceKind.OPTION, label="Giao việc này", payload=f"s:giao:co:{print_of(asdict(parts))}"),
        Choice(kind=ChoiceKind.OPTION, label="Bỏ", payload="s:giao:thoi"),
    )


def _tap_give(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    """The router has cleared the state; what was prepared comes with it as `previous`."""
    previous = request.previous
    if arguments[:1] != ("co",):
        return say("Đã bỏ, không giao việc nào.", replaces=True)
    if previous.get("flow") != "give.confirm":
        raise Refused("Việc này đã giao hoặc đã quá lâu.", "Gõ lại: /giao")
    parts = _parts(previous)
    if arguments[1:] and arguments[1] != print_of(asdict(parts)):
        [preview] = _preview(request, parts)
        return (replace(preview, lines=(Line(_NEWER, Style.WARNING), *preview.lines)),)
    row = request.work.create(request.session, parts.draft(), actor=request.me, now=request.now)
    reply = card(request.session, request.work, row, today=request.today, headline="Đã giao việc")
    lines = [line for line in reply.lines if line.style is not Style.HINT]  # those are for who does it
    if not request.work.recipients(request.session, row, on=request.today):
        lines.append(Line(_UNREACHED, Style.WARNING))
    return say(*lines, choices=reply.choices[-1:], replaces=True)


def _title_flow(request: StaffRequest, text: str) -> Replies:
    return _go_on(request, replace(_parts(request.state), title=" ".join(text.split())[:500]))


def _who_flow(request: StaffRequest, text: str) -> Replies:
    piece = read_piece(request.session, text, request.today)
    if piece.department_id is None and not piece.member_ids:
        known = ", ".join(d.name for d in people.departments(request.session))
        raise Refused(f"Không rõ «{text[:60]}» là phòng hay người nào.", f"Các phòng: {known}.")
    changed = replace(_parts(request.state), department_id=piece.department_id, member_ids=piece.member_ids)
    return _go_on(request, changed)


def _due_flow(request: StaffRequest, text: str) -> Replies:
    piece = read_piece(request.session, text, request.today)
    if piece.due_on is None and piece.working_days is None:
        raise Refused(f"«{text[:40]}» không phải thời hạn.", "Ví dụ: 30/11 hoặc 10 ngày làm việc.")
    due_on = piece.due_on.isoformat() if piece.due_on else ""
    return _go_on(request, replace(_parts(request.state), due_on=due_on, working_days=piece.working_days))


def _express_flow(request: StaffRequest, text: str) -> Replies:
    demand_reason(text)
    reason = split_reason(text)[1] or text
    return _go_on(request, replace(_parts(request.state), express_reason=reason.strip()))


def _confirm_flow(request: StaffRequest, text: str) -> Replies:
    """Words instead of the button, or a clear change of one part; anything else changes nothing."""
    answer = agreed(text)
    if answer is not None:
        request.previous = dict(request.state)
        request.state.clear()
        return _tap_give(request, ("co" if answer else "thoi",))
    parts = _parts(request.state)
    changes = corrections(request.session, text, request.today)
    for piece in changes:
        parts = _with(_without(parts, piece), piece)
    return _go_on(request, parts) if changes else say(_UNCLEAR, _HOW_TO_CHANGE, choices=_choices(parts))


def _without(parts: _Parts, piece: Piece) -> _Parts:
    """What was said of the same before is forgotten."""
    if piece.text:
        return replace(parts, title="")
    if piece.due_on or piece.working_days is not None:
        return replace(parts, due_on="", working_days=None)
    if piece.department_id is not None or piece.member_ids:
        return replace(parts, department_id=None, member_ids=())
    if piece.document:
        return replace(parts, document_date="")
    return replace(parts, express_reason="") if piece.priority else parts


COMMANDS = (
    Command(words=("giao",), run=_give, help=f"/giao: giao việc. {_EXAMPLE}", action=Action.GIVE_WORK),
)
TAPS: Mapping[str, Tapped] = {"giao": _tap_give}
FLOWS = {
    "give.title": _title_flow,
    "give.who": _who_flow,
    "give.due": _due_flow,
    "give.express": _express_flow,
    "give.confirm": _confirm_flow,
}
