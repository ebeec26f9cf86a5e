"""The list of assignments, filtered, and as an Excel file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, or_, select

from bot.web.console import tables
from bot.web.console.tables import Column, Filter, Query, Table
from bot.web.console.visit import ROOT, Answer, Visit
from office import people
from office.assignments import Assignment, AssignmentState, Priority, Responsible
from office.people import Member
from office.rights import Action, demand

OPEN = (AssignmentState.OPEN, AssignmentState.REPORTED)
NOBODY = "0"  # the filter's value for work of no department
LATE = "qua-han"
UNFINISHED = "chua-xong"


def show(visit: Visit) -> Answer:
    """All assignments of the filter, the nearest last day first."""
    demand(visit.person.roles, Action.LIST_ALL_WORK)
    names = {row.id: row.name for row in people.departments(visit.session)}
    query = _filtered(visit, select(Assignment)).order_by(Assignment.due_on, Assignment.id)
    counted = _filtered(visit, select(Assignment.id))
    return tables.answer(
        visit,
        _table(visit, names),
        Query(statement=query, entity=True, tie=Assignment.id, counted=counted),
        "work_list.html",
        filters=_filters(visit, names),
    )


def _filtered(visit: Visit, query: Select[Any]) -> Select[Any]:
    return query.where(*_days(visit), *_chosen(visit), *_words(visit))


def _days(visit: Visit) -> list[ColumnElement[bool]]:
    since, until = tables.day_of(visit, "tu"), tables.day_of(visit, "den")
    found = [Assignment.due_on >= since] if since is not None else []
    return [*found, Assignment.due_on <= until] if until is not None else found


def _chosen(visit: Visit) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    state, priority = visit.arg("tinh-trang"), visit.arg("muc")
    if state in (UNFINISHED, LATE):
        found.append(Assignment.state.in_(OPEN))
    if state == LATE:
        found.append(Assignment.due_on < visit.today)
    if state in tuple(AssignmentState):
        found.append(Assignment.state == AssignmentState(state))
    if priority in tuple(Priority):
        found.append(Assignment.priority == Priority(priority))
    if visit.arg("phong") == NOBODY:
        found.append(Assignment.department_id.is_(None))
    elif visit.arg("phong"):
        found.append(Assignment.department_id == visit.number("phong"))
    if visit.arg("nguoi"):
        theirs = select(Responsible.assignment_id).where(
            Responsible.member_id == visit.number("nguoi"), Responsible.released_at.is_(None)
        )
        found.append(Assignment.id.in_(theirs))
    return found


def _words(visit: Visit) -> list[ColumnElement[bool]]:
    """A number is an assignment's, other words stand in its title, document or who gave it."""
    words = visit.arg("tim")
    if not words:
        return []
    columns = (Assignment.title, Assignment.document, Assignment.given_by)
    named = [column.icontains(words, autoescape=True) for column in columns]
    number = visit.number("tim")
    return [or_(*named, *([Assignment.id == number] if number > 0 else []))]


def _filters(visit: Visit, names: Mapping[int, str]) -> tuple[Filter, ...]:
    states = [(UNFINISHED, "chưa xong"), (LATE, "quá hạn"), *((s.value, s.label) for s in AssignmentState)]
    members = visit.session.execute(select(Member.id, Member.name).order_by(Member.name)).all()
    departments = [(str(key), name) for key, name in names.items()]
    return (
        Filter("tim", "Tìm", hint="số, nội dung, văn bản"),
        Filter("phong", "Phòng", "choice", [*departments, (NOBODY, "không thuộc phòng nào")]),
        Filter("nguoi", "Người thực hiện", "choice", [(str(row.id), row.name) for row in members]),
        Filter("tinh-trang", "Tình trạng", "choice", states),
        Filter("muc", "Mức độ", "choice", [(p.value, p.label) for p in Priority]),
        Filter("tu", "Hạn từ ngày", "date"),
        Filter("den", "Hạn đến ngày", "date"),
    )


def state_of(row: Assignment, today: date) -> str:
    """Its state, and that it is late."""
    return f"{row.state.label}, quá hạn" if row.state in OPEN and row.due_on < today else row.state.label


def _table(visit: Visit, names: Mapping[int, str]) -> Table:
    def linked(row: Assignment) -> Markup:
        return Markup('<a href="{}/nhiem-vu/{}">{}</a>').format(ROOT, row.id, row.title)

    return Table(
        name="nhiem-vu",
        caption="Nhiệm vụ",
        columns=(
            Column("so", "Số", lambda row: row.id, order=Assignment.id, width=8),
            Column(
                "noi-dung",
                "Nội dung",
                lambda row: row.title,
                show=linked,
                order=Assignment.title,
                width=60,
                main=True,
            ),
            Column("phong", "Phòng", lambda row: names.get(row.department_id or 0, ""), width=30),
            Column("han", "Hạn", lambda row: row.due_on, order=Assignment.due_on, width=13),
            Column(
                "tinh-trang",
                "Tình trạng",
                lambda row: state_of(row, visit.today),
                order=Assignment.state,
                width=26,
            ),
            Column("muc", "Mức độ", lambda row: row.priority.label, order=Assignment.priority, width=11),
            Column("van-ban", "Văn bản", lambda row: row.document, width=24),
            Column("giao", "Người giao", lambda row: row.given_by, width=22),
            Column("ngay", "Ngày giao", lambda row: row.assigned_on, order=Assignment.assigned_on, width=13),
        ),
        empty="Chưa có nhiệm vụ nào.",
    )
