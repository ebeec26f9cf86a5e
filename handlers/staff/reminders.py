"""Reminders in chat: what is said when, switched on and off, added, and put into other words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from handlers.staff.request import Command, Replies, StaffRequest, Tapped, say
from handlers.staff.words import one_department, split_reason
from office.messages import Line, Style
from office.people import Role, key_of, plain
from office.refusal import Refused
from office.reminders import Origin, Reminder, ReminderKind
from office.rights import Action, demand
from scheduler import rule_switching
from scheduler.reminder_files import Audience, Text
from scheduler.schedule import BadSchedule, Shift, parse_schedule
from scheduler.wording import when

_HOW = (
    "/nhac bat KHOÁ · /nhac tat KHOÁ lý do … · /nhac loi KHOÁ SỐ lời mới · "
    "/nhac gio KHOÁ mỗi ngày làm việc 7:15 · /nhac goc KHOÁ · /nhac them LỊCH; NƠI NHẬN; NỘI DUNG"
)
_ADD_EXAMPLE = "Ví dụ: /nhac them thứ Sáu 15:00; qltm; Nộp báo cáo tuần trước 16 giờ."
_SHIFTS = {"bo qua": Shift.SKIP, "truoc": Shift.BEFORE, "sau": Shift.AFTER, "van gui": Shift.KEEP}
_ROLES = {
    "truong phong": Role.HEAD,
    "lanh dao": Role.LEADER,
    "van phong": Role.VAN_PHONG,
    "quan tri": Role.ADMIN,
}


def _reminders(request: StaffRequest, rest: str) -> Replies:
    """/nhac: the list, or what to do with one."""
    verb, _, more = rest.partition(" ")
    action = _VERBS.get(plain(verb))
    if not rest:
        return _list(request)
    if action is None:
        return _show(request, rest)
    demand(request.me.roles, Action.CHANGE_REMINDERS)
    return action(request, more.strip())


def _list(request: StaffRequest) -> Replies:
    rows = request.session.scalars(select(Reminder).order_by(Reminder.id)).all()
    lines = [Line(_brief(row), Style.ITEM) for row in rows]
    return say(*lines, Line(_HOW, Style.SOURCE), title="Các quy tắc nhắc")


def _brief(row: Reminder) -> str:
    if row.problem:
        state = f"lỗi: {row.problem}"
    elif not row.active:
        state = "đang tắt"
    else:
        state = f"lần tới {when(row.next_at)}" if row.next_at else "không còn lần nào"
    return f"{row.key}: {row.title} – {row.schedule} ({state})"


def _show(request: StaffRequest, rest: str) -> Replies:
    row = _one(request, rest)
    lines = [Line(_brief(row)), Line(f"Ngày nghỉ: {Shift(row.shift).label}")]
    for number, text in enumerate(row.texts, 1):
        source = f" (Theo {text['source']})" if text.get("source") else ""
        lines.append(Line(f"{number}. {text['text']}{source}"))
    return say(*lines, Line(_HOW, Style.SOURCE), title=row.title)


def _one(request: StaffRequest, words: str) -> Reminder:
    key = key_of(words)
    row = request.session.scalar(select(Reminder).where(Reminder.key == key))
    if row is None:
        raise Refused(f"Không có quy tắc «{words.strip()[:60]}».", "Xem danh sách: /nhac")
    return row


def _on(request: StaffRequest, rest: str) -> Replies:
    row = _switch(request, _one(request, rest), active=True)
    return say(f"Đã bật: {_brief(row)}")


def _off(request: StaffRequest, rest: str) -> Replies:
    words, reason = split_reason(rest)
    row = _switch(request, _one(request, words), active=False, reason=reason)
    return say(f"Đã tắt: {row.title}")


def _switch(request: StaffRequest, row: Reminder, *, active: bool, reason: str = "") -> Reminder:
    rule_switching.switch(
        request.session,
        row,
        active=active,
        reason=reason,
        actor=request.me,
        calendar=request.work.calendar(),
        now=request.now,
    )
    return row


def _schedule(request: StaffRequest, rest: str) -> Replies:
    """/nhac gio KHOÁ lịch mới."""
    key, _, schedule = rest.partition(" ")
    row = _one(request, key)
    _read(schedule)
    before = rule_switching.state_of(row)
    row.schedule = schedule.strip()
    _restart(request, row)
    _keep(request, row, "reminder.schedule", before, "")
    return say(f"Đã đổi lịch: {_brief(row)}")


def _wording(request: StaffRequest, rest: str) -> Replies:
    """/nhac loi KHOÁ 3 lời mới: the source stays; the number after the last adds a text."""
    match = re.match(r"(\S+)\s+(\d{1,3})\s+(.+)\Z", rest, re.DOTALL)
    if match is None:
        raise Refused("Cần khoá, số thứ tự và lời mới.", "Ví dụ: /nhac loi bon-xin-bon-luon 3 Lời mới …")
    row, number = _one(request, match[1]), int(match[2])
    texts = [dict(text) for text in row.texts]
    if not 1 <= number <= len(texts) + 1:
        raise Refused(f"Quy tắc này có {len(texts)} lời.", f"Chọn số từ 1 đến {len(texts) + 1}.")
    before = rule_switching.state_of(row)
    if number <= len(texts):
        texts[number - 1]["text"] = match[3].strip()
    else:
        texts.append({"key": f"them-{number}", "text": match[3].strip(), "source": ""})
    row.texts = [_text(text) for text in texts]
    _keep(request, row, "reminder.wording", before, "")
    return say(f"Đã sửa lời số {number} của «{row.title}».", texts[number - 1]["text"])


def _original(request: StaffRequest, rest: str) -> Replies:
    """/nhac goc KHOÁ: back to what the files say, from the next start on."""
    row = _one(request, rest)
    before = rule_switching.state_of(row)
    _keep(request, row, "reminder.original", before, "")
    row.origin = Origin.FILE
    return say(f"«{row.title}» sẽ theo tệp quy tắc từ lần khởi động sau; không có trong tệp thì tự tắt.")


def _add(request: StaffRequest, rest: str) -> Replies:
    """/nhac them LỊCH; NHÓM; NỘI DUNG."""
    parts = [part.strip() for part in rest.split(";", 2)]
    if len(parts) != 3 or not all(parts):
        raise Refused("Cần lịch, nơi nhận và nội dung, cách nhau bằng dấu chấm phẩy.", _ADD_EXAMPLE)
    schedule, to, text = parts
    shift = Shift.SKIP
    for words, kind in _SHIFTS.items():
        suffix = re.search(rf",\s*{words}\Z", _folded(schedule))
        if suffix:
            schedule, shift = schedule[: suffix.start()].rstrip(), kind
    _read(schedule)
    title = text.splitlines()[0][:80]
    key = _free_key(request, key_of(title)[:40])
    row = Reminder(
        key=key,
        title="Nhắc việc",
        origin=Origin.CHAT,
        kind=ReminderKind.MESSAGE,
        schedule=schedule,
        shift=str(shift),
        audience=_audience(request, to).model_dump(mode="json"),
        texts=[_text({"key": "mot", "text": text, "source": ""})],
        rotate=False,
        active=True,
        problem="",
        created_by=request.me.id,
        changed_at=request.now,
    )
    request.session.add(row)
    _restart(request, row)
    request.session.flush()
    _keep(request, row, "reminder.add", None, "")
    return say(f"Đã thêm: {_brief(row)}", f"Tắt: /nhac tat {row.key} lý do …")


def _audience(request: StaffRequest, words: str) -> Audience:
    groups, departments, roles = "none", [], []
    for word in (part.strip() for part in words.split(",")):
        if plain(word) in ("tat ca", "tatca", "moi nhom", "toan co quan"):
            groups = "all"
        elif plain(word) in _ROLES:
            roles.append(_ROLES[plain(word)])
        else:
            departments.append(one_department(request.session, word).key)
    return Audience.model_validate({"groups": groups, "departments": departments, "roles": roles})


def _text(data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Text.model_validate(data).model_dump(mode="json")
    except ValidationError as exc:
        raise Refused("Lời nhắc trống hoặc dài quá 1.500 ký tự.") from exc


def _read(schedule: str) -> None:
    try:
        parse_schedule(schedule.strip())
    except BadSchedule as exc:
        raise Refused(_sentence(exc.message), _sentence(exc.mend)) from exc


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _restart(request: StaffRequest, row: Reminder) -> None:
    rule_switching.restart(row, calendar=request.work.calendar(), now=request.now)


def _keep(
    request: StaffRequest, row: Reminder, action: str, before: Mapping[str, Any] | None, reason: str
) -> None:
    rule_switching.keep(request.session, row, action, before, reason, actor=request.me, now=request.now)


def _free_key(request: StaffRequest, base: str) -> str:
    taken = set(request.session.scalars(select(Reminder.key)))
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key


def _folded(text: str) -> str:
    return "".join(plain(c) or c for c in text)


_VERBS = {
    "bat": _on,
    "tat": _off,
    "gio": _schedule,
    "lich": _schedule,
    "loi": _wording,
    "them": _add,
    "goc": _original,
}
COMMANDS = (
    Command(
        words=("nhac",),
        run=_reminders,
        help="/nhac: các quy tắc nhắc: xem, bật, tắt, thêm, sửa lời",
        action=Action.LIST_REMINDERS,
    ),
)
TAPS: Mapping[str, Tapped] = {}
