"""Người và nhóm: people with their roles and absences, departments, groups."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.web.console import forms
from bot.web.console.entries import Section, get, post
from bot.web.console.pages import staff_lists, staff_one
from bot.web.console.visit import Answer, Done, FormErrors, Visit
from handlers.staff import people_deeds
from office import groups, membership
from office.people import Department
from office.rights import Action, demand

WHOLE_OFFICE = 0


class Named(forms.FormModel):
    """A new department."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class Approved(forms.FormModel):
    """Whose group it is; 0: the whole office's."""

    department: int


class Rejected(forms.FormModel):
    """Why a group isn't wanted."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class Topic(forms.FormModel):
    """The topic of a forum that messages go to, by its number; "" for none."""

    topic: Annotated[str, Field(max_length=64, pattern=r"^\d*$")] = ""


def add_department(visit: Visit) -> Answer:
    """A new department."""
    demand(visit.person.roles, Action.DEPARTMENTS)
    wanted = forms.read(visit.form, Named)
    row = membership.add_department(visit.session, wanted.name, actor=visit.person.id, now=visit.now)
    return Done("/nguoi/phong", f"Đã thêm {row.name}.")


def approve(visit: Visit) -> Answer:
    """A group may be written to."""
    wanted = forms.read(visit.form, Approved)
    department = wanted.department if wanted.department != WHOLE_OFFICE else None
    if department is not None and visit.session.get(Department, max(department, 0)) is None:
        raise FormErrors({"department": "Phòng này không có. Xin chọn lại."})
    group = people_deeds.held_group(visit.session, visit.number("id"))
    people_deeds.decide_group(
        staff_one.doing(visit), group, approve=True, department_id=department, reason=""
    )
    return Done("/nguoi/nhom", f"Đã duyệt nhóm «{groups.title_of(group)}».")


def reject(visit: Visit) -> Answer:
    """A group is not wanted."""
    wanted = forms.read(visit.form, Rejected)
    group = people_deeds.held_group(visit.session, visit.number("id"))
    people_deeds.decide_group(
        staff_one.doing(visit), group, approve=False, department_id=None, reason=wanted.reason
    )
    return Done("/nguoi/nhom", f"Không duyệt nhóm «{groups.title_of(group)}». Bot im lặng ở đó.")


def choose_topic(visit: Visit) -> Answer:
    """Where a group's messages go."""
    demand(visit.person.roles, Action.DECIDE_GROUPS)
    wanted = forms.read(visit.form, Topic)
    group = people_deeds.held_group(visit.session, visit.number("id"))
    groups.set_topic(visit.session, group, wanted.topic, actor=visit.person.id, now=visit.now)
    return Done("/nguoi/nhom", "Đã chọn chủ đề." if wanted.topic else "Đã bỏ chủ đề.")


_one, _groups = staff_one.show, staff_lists.show_groups
SECTION = Section(
    key="nguoi",
    label="Người và nhóm",
    path="/nguoi",
    action=Action.LIST_PEOPLE,
    entries=(
        get("/nguoi", staff_lists.show, action=Action.LIST_PEOPLE),
        get("/nguoi/moi", staff_one.show_new, action=Action.ADD_PEOPLE),
        post("/nguoi/moi", staff_one.add, action=Action.ADD_PEOPLE, again=staff_one.show_new),
        get("/nguoi/phong", staff_lists.show_departments, action=Action.LIST_PEOPLE),
        post("/nguoi/phong", add_department, action=Action.DEPARTMENTS, again=staff_lists.show_departments),
        get("/nguoi/{id:int}", _one, action=Action.LIST_PEOPLE),
        post("/nguoi/{id:int}/phong", staff_one.move, action=Action.ADD_PEOPLE, again=_one),
        post("/nguoi/{id:int}/ma", staff_one.make_code, action=Action.ADD_PEOPLE, again=_one),
        post("/nguoi/{id:int}/go-tai-khoan", staff_one.untie, action=Action.ADD_PEOPLE, again=_one),
        post("/nguoi/{id:int}/vai-tro", staff_one.give_role, action=Action.GIVE_ROLES, again=_one),
        post("/nguoi/{id:int}/thoi-vai-tro", staff_one.take_role, action=Action.GIVE_ROLES, again=_one),
        post("/nguoi/{id:int}/nghi", staff_one.go_away, action=Action.OWN_ABSENCE, again=_one),
        post("/nguoi/{id:int}/het-nghi", staff_one.come_back, action=Action.OWN_ABSENCE, again=_one),
        post("/nguoi/{id:int}/roi", staff_one.leave, action=Action.REMOVE_PEOPLE, again=_one),
        get("/nguoi/nhom", _groups, action=Action.DECIDE_GROUPS),
        post("/nguoi/nhom/{id:int}/duyet", approve, action=Action.DECIDE_GROUPS, again=_groups),
        post("/nguoi/nhom/{id:int}/tu-choi", reject, action=Action.DECIDE_GROUPS, again=_groups),
        post("/nguoi/nhom/{id:int}/chu-de", choose_topic, action=Action.DECIDE_GROUPS, again=_groups),
    ),
)
