"""One assignment: who answers for it, what became of it, and what Văn phòng does with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.files.audit import action_label
from bot.web.console import deeds, forms
from bot.web.console.pages.work_list import OPEN, state_of
from bot.web.console.visit import Answer, Done, Missing, Shown, Visit
from office.assignments import Assignment, AssignmentState, Decision, Extension, Report
from office.audit import Deed
from office.people import Department, name_of
from office.rights import Action, demand
from scheduler import extensions, progress

Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class Worded(forms.FormModel):
    """Another wording."""

    title: Annotated[str, Field(min_length=1, max_length=500)]


class Moved(forms.FormModel):
    """Another last day, and why."""

    move_until: date
    move_reason: Reason


class Returned(forms.FormModel):
    """Why a report isn't good enough."""

    return_reason: Reason


class Cancelled(forms.FormModel):
    """Why work is called off."""

    cancel_reason: Reason


class Answered(forms.FormModel):
    """An answer to a request: the day for another one than was asked for."""

    extension: int
    decision: Literal[Decision.APPROVED, Decision.REFUSED]
    answer_until: Annotated[date | None, forms.Blank] = None
    answer_reason: Annotated[str, Field(max_length=1000)] = ""


def show(visit: Visit) -> Answer:
    """All that is known of it."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    row = _row(visit)
    session = visit.session
    department = session.get(Department, row.department_id) if row.department_id else None
    asked = _extensions(session, row.id)
    values = {
        "row": row,
        "state": state_of(row, visit.today),
        "open": row.state in OPEN,
        "reported": row.state is AssignmentState.REPORTED,
        "department": department.name if department else "",
        "roster": visit.parts.work.roster(session, row.id),
        "reports": _reports(session, row.id),
        "extensions": asked,
        "waiting": next((e for e in asked if e.decision is Decision.WAITING), None),
        "history": _history(session, row.id),
        "name": lambda number: name_of(session, number),
        "off_day": visit.parts.work.off_day_warning(row.due_on),
    }
    return Shown("work_one.html", values)


def _row(visit: Visit) -> Assignment:
    row = visit.session.get(Assignment, visit.number("id")) if visit.number("id") > 0 else None
    if row is None:
        raise Missing
    return row


def _reports(session: Session, assignment_id: int) -> Sequence[Report]:
    query = select(Report).where(Report.assignment_id == assignment_id).order_by(Report.id.desc())
    return session.scalars(query).all()


def _extensions(session: Session, assignment_id: int) -> Sequence[Extension]:
    query = select(Extension).where(Extension.assignment_id == assignment_id).order_by(Extension.id.desc())
    return session.scalars(query).all()


def _history(session: Session, assignment_id: int) -> list[dict[str, object]]:
    names = deeds.Names(session)
    query = select(Deed).where(Deed.subject == "assignment", Deed.subject_id == assignment_id)
    return [
        {
            "at": deed.at,
            "who": names.of("member", deed.actor_id) if deed.actor_id else "chương trình",
            "what": action_label(deed.action),
            "changes": deeds.changes(deed.subject, deed.before, deed.after, names),
            "reason": deed.reason,
        }
        for deed in session.scalars(query.order_by(Deed.id.desc()))
    ]


# --- deeds


def word(visit: Visit) -> Answer:
    """Another wording."""
    wanted = forms.read(visit.form, Worded)
    progress.change_title(
        visit.session, visit.parts.work, visit.number("id"), visit.person, title=wanted.title, now=visit.now
    )
    return _done(visit, "Đã sửa nội dung.")


def move(visit: Visit) -> Answer:
    """Another last day."""
    wanted = forms.read(visit.form, Moved)
    row = extensions.change_deadline(
        visit.session,
        visit.parts.work,
        visit.number("id"),
        visit.person,
        until=wanted.move_until,
        reason=wanted.move_reason,
        now=visit.now,
    )
    return _done(visit, f"Đã đổi hạn thành hết {extensions.said_day(row.due_on)} và báo người thực hiện.")


def confirm(visit: Visit) -> Answer:
    """The work is done."""
    progress.confirm(visit.session, visit.parts.work, visit.number("id"), visit.person, now=visit.now)
    return _done(visit, "Đã xác nhận hoàn thành.")


def give_back(visit: Visit) -> Answer:
    """A report is not good enough."""
    wanted = forms.read(visit.form, Returned)
    progress.return_report(
        visit.session,
        visit.parts.work,
        visit.number("id"),
        visit.person,
        reason=wanted.return_reason,
        now=visit.now,
    )
    return _done(visit, "Đã trả lại báo cáo.")


def answer(visit: Visit) -> Answer:
    """A request for more time is granted, granted otherwise, or refused."""
    wanted = forms.read(visit.form, Answered)
    request = visit.session.get(Extension, max(wanted.extension, 0))
    if request is None or request.assignment_id != visit.number("id"):
        raise Missing
    other = wanted.answer_until is not None and wanted.answer_until != request.asked_due
    refused = wanted.decision is Decision.REFUSED
    extensions.decide_extension(
        visit.session,
        visit.parts.work,
        request.id,
        visit.person,
        decision=Decision.REFUSED if refused else Decision.CHANGED if other else Decision.APPROVED,
        until=wanted.answer_until,
        reason=wanted.answer_reason,
        now=visit.now,
    )
    return _done(visit, "Đã trả lời đề nghị gia hạn.")


def cancel(visit: Visit) -> Answer:
    """The work is called off."""
    wanted = forms.read(visit.form, Cancelled)
    progress.cancel(
        visit.session,
        visit.parts.work,
        visit.number("id"),
        visit.person,
        reason=wanted.cancel_reason,
        now=visit.now,
    )
    return _done(visit, "Đã huỷ nhiệm vụ.")


def _done(visit: Visit, said: str) -> Done:
    return Done(f"/nhiem-vu/{visit.number('id')}", said)
