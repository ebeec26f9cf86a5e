"""Figures and files: on-time shares, the list as Excel, a department's calendar, work from a table."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter
from sqlalchemy import select

from handlers.staff.corrections import agreed, print_of
from handlers.staff.periods import parse_period
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, say
from handlers.staff.words import one_department
from office.assignments import Assignment, AssignmentState
from office.messages import Choice, ChoiceKind, File, Line, Reply, SentFile
from office.people import Person, plain
from office.refusal import Refused
from office.rights import Action, allowed, demand
from scheduler import statistics
from scheduler.work import Draft

MAX_FILE = 5 * 1024 * 1024  # bytes
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DRAFT = TypeAdapter(Draft)


def takes_file(who: Person, file: SentFile) -> bool:
    """Whether this is a table from somebody who may give work."""
    table = file.name.casefold().endswith((".xlsx", ".csv", ".txt"))
    return table and file.size <= MAX_FILE and allowed(who.roles, Action.GIVE_WORK)


def _statistics(request: StaffRequest, rest: str) -> Replies:
    """/thongke tháng 11: text, a picture and a workbook. Members see themselves, heads their department."""
    since, until = parse_period(rest, request.today)
    me = request.me
    everybody = allowed(me.roles, Action.STATISTICS_ALL)
    own_department = not everybody and allowed(me.roles, Action.LIST_DEPARTMENT_WORK)
    found = statistics.on_time(
        request.session,
        since,
        until,
        today=request.today,
        calendar=request.work.calendar(),
        department_id=me.department_id if own_department else None,
        member_id=None if everybody or (own_department and me.department_id) else me.id,
    )
    title = "Tỷ lệ hoàn thành đúng hạn"
    shares = found.departments or found.members
    name = f"dung-han-{since:%Y%m%d}-{until:%Y%m%d}"
    files = (
        File(
            name=f"{name}.png",
            media_type="image/png",
            content=request.papers.chart(shares, title, since, until),
            picture=True,
        ),
        File(name=f"{name}.xlsx", media_type=_XLSX, content=request.papers.statistics(found)),
    )
    return (Reply(lines=statistics.as_lines(found), files=files),)


def _export(request: StaffRequest, rest: str) -> Replies:
    """/xuat, /xuat het: open work, or all of it, as a workbook."""
    me = request.me
    query = select(Assignment).order_by(Assignment.due_on, Assignment.id)
    if plain(rest) not in ("het", "tat ca"):
        query = query.where(Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED)))
    if not allowed(me.roles, Action.LIST_ALL_WORK):
        if me.department_id is None:
            raise Refused("Anh/chị chưa thuộc phòng nào.")
        query = query.where(Assignment.department_id == me.department_id)
    rows = request.session.scalars(query).all()
    file = File(
        name=f"nhiem-vu-{request.today:%Y%m%d}.xlsx",
        media_type=_XLSX,
        content=request.papers.assignments(request.session, rows),
    )
    return (Reply(lines=(Line(f"Danh sách {len(rows)} nhiệm vụ."),), files=(file,)),)


def _feed(request: StaffRequest, rest: str) -> Replies:
    """/lich, /lich qltm: the address to subscribe to in a calendar."""
    if not request.private:
        raise Refused("Địa chỉ lịch là địa chỉ riêng.", "Nhắn riêng cho em: /lich")
    me = request.me
    department_id = me.department_id
    if rest:
        department_id = one_department(request.session, rest).id
        if department_id != me.department_id:
            demand(me.roles, Action.LIST_ALL_WORK)
    if department_id is None:
        raise Refused("Anh/chị chưa thuộc phòng nào.", "Ghi tên phòng: /lich qltm")
    address = request.papers.feed_address(request.session, department_id)
    if not address:
        raise Refused(
            "Chưa có địa chỉ công khai của chương trình.", "Bộ phận kỹ thuật điền «web.public_url»."
        )
    return say(
        "Thêm địa chỉ này vào lịch trên điện thoại hoặc máy tính (mục «đăng ký lịch»):",
        address,
        "Ai có địa chỉ đều xem được hạn việc của phòng, xin không chuyển cho người ngoài.",
    )


# --- work from a table


def _import(request: StaffRequest, rest: str) -> Replies:
    """/nhap: the empty table; sending it back filled in shows what is in it."""
    file = File(name="mau-giao-viec.xlsx", media_type=_XLSX, content=request.papers.template())
    lines = (
        Line("Điền vào bảng mẫu này rồi gửi lại tệp vào đây (Excel hoặc CSV)."),
        Line("Em sẽ cho xem trước và báo lỗi từng dòng, chưa giao việc nào."),
    )
    return (Reply(lines=lines, files=(file,)),)


def file_sent(request: StaffRequest) -> Replies:
    """A file out of the blue: a table to import from whoever may give work; else how to use it."""
    file = request.incoming.file
    if file is None or not takes_file(request.me, file):
        return say(
            "Em chưa rõ tệp này để làm gì.",
            "Báo hoàn thành kèm tệp: gõ xong 12 rồi gửi tệp. Giao việc từ bảng: /nhap",
        )
    if file.content is None:
        raise Refused("Chưa tải được tệp.", "Xin gửi lại sau ít phút.")
    preview = request.papers.read(file.content, file.name, request.session, request.today)
    lines = request.papers.describe(preview)
    request.state.clear()  # whatever was shown before: a yes from now on is to this table
    if not preview.drafts:
        return say(*lines)
    kept = [_kept(d) for d in preview.drafts]
    request.state.update(flow="import", drafts=kept)
    yes = f"s:nhap:co:{print_of(kept)}"
    choices = (
        Choice(kind=ChoiceKind.OPTION, label=f"Giao {len(preview.drafts)} việc này", payload=yes),
        Choice(kind=ChoiceKind.OPTION, label="Bỏ", payload="s:nhap:thoi"),
    )
    return say(*lines, choices=choices)


def _tap_import(request: StaffRequest, arguments: tuple[str, ...]) -> Replies:
    if arguments[:1] != ("co",):
        return say("Đã bỏ, không giao việc nào.", replaces=True)
    kept = request.previous.get("drafts")
    if request.previous.get("flow") != "import" or not kept:
        raise Refused("Bảng này đã giao hoặc đã quá lâu.", "Gửi lại tệp.")
    if arguments[1:] and arguments[1] != print_of(kept):
        raise Refused("Sau bảng ấy anh/chị đã gửi bảng khác.", "Chọn «Giao» ở bảng gửi sau cùng.")
    given = known = 0
    for data in kept:
        draft = _draft(data)
        here = select(Assignment.id).where(Assignment.origin_key == draft.origin_key)
        if draft.origin_key and request.session.scalar(here) is not None:
            known += 1
            continue
        request.work.create(request.session, draft, actor=request.me, now=request.now)
        given += 1
    lines = [f"Đã giao {given} việc."]
    if known:
        lines.append(f"{known} dòng đã được giao từ trước nên bỏ qua.")
    return say(*lines, replaces=True)


def _import_flow(request: StaffRequest, text: str) -> Replies:
    if request.incoming.file is not None:  # the table once more, put right
        return file_sent(request)
    answer = agreed(text)
    if answer is not None:
        request.previous = dict(request.state)
        request.state.clear()
        return _tap_import(request, ("co" if answer else "thoi",))
    raise Refused("Giao các việc trong bảng?", "Trả lời «có» hoặc «thôi».")


COMMANDS = (
    Command(
        words=("thongke",),
        run=_statistics,
        help="/thongke tháng 11: tỷ lệ đúng hạn (chữ, biểu đồ, Excel)",
        action=Action.STATISTICS,
    ),
    Command(
        words=("xuat",),
        run=_export,
        help="/xuat: danh sách nhiệm vụ ra Excel",
        action=Action.LIST_DEPARTMENT_WORK,
    ),
    Command(
        words=("lich",),
        run=_feed,
        help="/lich: lịch hạn việc của phòng trên điện thoại",
        action=Action.LIST_OWN_WORK,
    ),
    Command(
        words=("nhap",), run=_import, help="/nhap: giao việc từ bảng Excel, CSV", action=Action.GIVE_WORK
    ),
)
TAPS: Mapping[str, Tapped] = {"nhap": _tap_import}
FLOWS = {"import": _import_flow}


def _kept(draft: Draft) -> dict[str, object]:
    plain_: dict[str, object] = _DRAFT.dump_python(draft, mode="json")
    return plain_


def _draft(data: object) -> Draft:
    return _DRAFT.validate_python(data)
