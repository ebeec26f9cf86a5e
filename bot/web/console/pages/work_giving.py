"""Giving work: one assignment by a form, many by a table, or all of somebody's to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.files.imports import Preview, read_assignments, template_xlsx
from bot.files.workbook import XLSX
from bot.web.console import forms
from bot.web.console.kept import Kept
from bot.web.console.pages.staff_lists import everyone
from bot.web.console.visit import Answer, Done, Download, FormErrors, Shown, Visit
from handlers.staff.words import one_person
from office import people
from office.assignments import Priority
from office.people import Department
from office.refusal import Refused
from office.rights import Action, demand
from scheduler import extensions
from scheduler.handover import hand_over
from scheduler.work import Draft

_ROWS_SHOWN = 200
_files: Kept[tuple[str, bytes]] = Kept()  # tables that were looked at and not given yet


class Given(forms.FormModel):
    """A piece of work. The deadline is a day, or a number of working days from today."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    department: Annotated[int | None, forms.Blank] = None
    members: str = ""  # names, by commas
    due_on: Annotated[date | None, forms.Blank] = None
    working_days: Annotated[Annotated[int, Field(ge=1, le=500)] | None, forms.Blank] = None
    document: Annotated[str, Field(max_length=200)] = ""
    document_date: Annotated[date | None, forms.Blank] = None
    given_by: Annotated[str, Field(max_length=200)] = ""
    description: Annotated[str, Field(max_length=10_000)] = ""
    priority: Priority = Priority.ORDINARY
    express_reason: Annotated[str, Field(max_length=2000)] = ""


class HandedOver(forms.FormModel):
    """Whose work goes to whom, and why."""

    frm: int
    to: int
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a table that can be given."""

    row: int
    title: str
    who: str
    due: str
    warning: str


# --- one


def show(visit: Visit) -> Answer:
    """The form."""
    demand(visit.person.roles, Action.GIVE_WORK)
    return Shown("work_new.html", {**_choices(visit.session), "priorities": _priorities()})


def give(visit: Visit) -> Answer:
    """Give it."""
    wanted = forms.read(visit.form, Given)
    row = visit.parts.work.create(
        visit.session, _draft(visit.session, wanted), actor=visit.person, now=visit.now
    )
    said = f"Đã giao nhiệm vụ số {row.id}, hạn hết {extensions.said_day(row.due_on)}."
    if not visit.parts.work.recipients(visit.session, row, on=visit.today):
        said += " Chưa báo được cho ai: phòng chưa có nhóm được duyệt, người được giao chưa gắn tài khoản."
    return Done(f"/nhiem-vu/{row.id}", " ".join((said, *visit.parts.work.off_day_warning(row.due_on))))


def _draft(session: Session, wanted: Given) -> Draft:
    if wanted.due_on is not None and wanted.working_days is not None:
        raise FormErrors({"working_days": "Chỉ ghi ngày hạn, hoặc số ngày làm việc."})
    if wanted.department is not None and session.get(Department, wanted.department) is None:
        raise FormErrors({"department": "Phòng này không có. Xin chọn lại."})
    return Draft(
        title=wanted.title,
        department_id=wanted.department,
        member_ids=tuple(_members(session, wanted.members)),
        due_on=wanted.due_on,
        working_days=wanted.working_days,
        document=wanted.document,
        document_date=wanted.document_date,
        given_by=wanted.given_by,
        description=wanted.description,
        priority=wanted.priority,
        express_reason=wanted.express_reason,
    )


def _members(session: Session, names: str) -> Iterator[int]:
    for name in names.replace(";", ",").replace("\n", ",").split(","):
        if name.strip():
            try:
                yield one_person(session, name).id
            except Refused as refused:
                raise FormErrors({"members": refused.message}) from refused


def _choices(session: Session) -> dict[str, Any]:
    return {
        "departments": [(row.id, row.name) for row in people.departments(session)],
        "people": everyone(session),
    }


def _priorities() -> list[tuple[str, str]]:
    return [(priority.value, priority.label) for priority in Priority]


# --- many


def offer_import(visit: Visit) -> Answer:
    """What a table looks like, and the form to send one."""
    demand(visit.person.roles, Action.GIVE_WORK)
    return Shown("work_import.html", {"preview": None})


def template(visit: Visit) -> Answer:
    """An empty table with the right headings."""
    demand(visit.person.roles, Action.GIVE_WORK)
    return Download("mau-nhiem-vu.xlsx", XLSX, template_xlsx())


def look(visit: Visit) -> Answer:
    """What a table would give, row by row. Nothing is given yet."""
    demand(visit.person.roles, Action.GIVE_WORK)
    sent = forms.only(visit.form.files("table"), "table")
    preview = read_assignments(sent.content, sent.name, visit.session, visit.today)
    good, bad = _lines(visit, preview)
    key = _files.put((sent.name, sent.content), owner=visit.person.id, now=visit.now) if good else ""
    values = {
        "preview": preview,
        "key": key,
        "total": len(good),
        "lines": good[:_ROWS_SHOWN],
        "more": max(0, len(good) - _ROWS_SHOWN),
        "problems": [
            *((p.row, p.column, p.message, p.mend) for p in preview.problems[:_ROWS_SHOWN]),
            *bad[:_ROWS_SHOWN],
        ],
    }
    return Shown("work_import.html", values)


def give_all(visit: Visit) -> Answer:
    """Give what was looked at. A row that can't be given any more is left out and counted."""
    demand(visit.person.roles, Action.GIVE_WORK)
    kept = _files.take(visit.form.text("key"), owner=visit.person.id, now=visit.now)
    if kept is None:
        raise Refused("Bảng này đã giao rồi hoặc để quá lâu.", "Xin gửi lại tệp.")
    name, content = kept
    given = left = 0
    try:
        with visit.parts.sessions.begin() as session:
            for draft in read_assignments(content, name, session, visit.today).drafts:
                try:
                    with session.begin_nested():
                        visit.parts.work.create(session, draft, actor=visit.person, now=visit.now)
                    given += 1
                except Refused:
                    left += 1
    except IntegrityError as error:
        raise Refused("Có nhiệm vụ vừa được giao ở nơi khác.", "Xin gửi lại tệp để xem dòng nào.") from error
    visit.parts.changed()
    said = f"Đã giao {given} nhiệm vụ." + (f" {left} dòng chưa giao được." if left else "")
    return Done("/nhiem-vu/danh-sach?xep=-so", said)


def _lines(visit: Visit, preview: Preview) -> tuple[list[Line], list[tuple[int, str, str, str]]]:
    """The rows that can be given, and those that can't be for what only the calendar knows."""
    good: list[Line] = []
    bad: list[tuple[int, str, str, str]] = []
    departments = {row.id: row.name for row in people.departments(visit.session)}
    for number, draft in zip(preview.rows, preview.drafts, strict=True):
        try:
            due = visit.parts.work.deadline(draft, today=visit.today)
        except Refused as refused:
            bad.append((number, "Hạn", refused.message, refused.mend))
            continue
        names = [people.name_of(visit.session, member_id) for member_id in draft.member_ids]
        who = ", ".join(
            [*([departments.get(draft.department_id, "")] if draft.department_id else []), *names]
        )
        day = extensions.said_day(due.day)
        good.append(Line(row=number, title=draft.title, who=who, due=day, warning=due.warning))
    return good, bad


# --- somebody's


def show_hand_over(visit: Visit) -> Answer:
    """The form."""
    demand(visit.person.roles, Action.HAND_OVER)
    return Shown("work_hand_over.html", _choices(visit.session))


def do_hand_over(visit: Visit) -> Answer:
    """All open work of somebody goes to somebody else."""
    demand(visit.person.roles, Action.HAND_OVER)
    wanted = forms.read(visit.form, HandedOver)
    frm, to = (people.person(visit.session, max(number, 0)) for number in (wanted.frm, wanted.to))
    if frm is None or to is None:
        raise FormErrors({"frm" if frm is None else "to": "Xin chọn một mục trong danh sách."})
    count = hand_over(
        visit.session,
        visit.parts.work,
        frm.id,
        to.id,
        actor=visit.person,
        reason=wanted.reason,
        now=visit.now,
    )
    return Done("/nhiem-vu", f"Đã chuyển {count} việc đang mở của {frm.name} cho {to.name}.")
