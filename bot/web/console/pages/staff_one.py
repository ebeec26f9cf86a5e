"""One member: roles, department, code, absences, leaving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.web.console import deeds, forms
from bot.web.console.pages.staff_lists import GIVEN, everyone, few_admins
from bot.web.console.visit import Answer, Done, FormErrors, Missing, Shown, Visit
from handlers.staff import account_deeds, people_deeds
from handlers.staff.people_deeds import Doing
from office import people
from office.codes import TIE_DAYS
from office.people import Department, MemberRole, Person, Role
from office.rights import Action, demand
from scheduler.wording import when

_Reason = Annotated[str, Field(min_length=1, max_length=1000)]


class Added(forms.FormModel):
    """A new member."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(max_length=200)] = ""
    department: Annotated[int | None, forms.Blank] = None


class Moved(forms.FormModel):
    """Another department, another title ("": the same)."""

    move_department: int
    move_title: Annotated[str, Field(max_length=200)] = ""


class RoleChanged(forms.FormModel):
    """A role that is given or taken."""

    role: Literal[Role.HEAD, Role.LEADER, Role.VAN_PHONG, Role.ADMIN]
    role_reason: _Reason


class Away(forms.FormModel):
    """Days away, both included."""

    since: date
    until: date
    stand_in: Annotated[int | None, forms.Blank] = None
    away_reason: Annotated[str, Field(max_length=1000)] = ""


class Untied(forms.FormModel):
    """A chat account that is no longer theirs, by its number."""

    account: int
    untie_reason: _Reason


class Leaving(forms.FormModel):
    """Who takes the work over, and why somebody goes."""

    heir: Annotated[int | None, forms.Blank] = None
    leave_reason: _Reason


def doing(visit: Visit) -> Doing:
    """Who does something here."""
    return Doing(session=visit.session, work=visit.parts.work, me=visit.person, now=visit.now)


def show(visit: Visit) -> Answer:
    """All that is known of a member."""
    demand(visit.person.roles, Action.LIST_PEOPLE)
    return Shown("staff_one.html", _values(visit, _person(visit)))


def _places(visit: Visit) -> Iterator[str]:
    """The accounts that a code can be written to: «Telegram (@…)», «Zalo OA «…»»."""
    reports = visit.channels
    for channel in visit.parts.notices.channels:
        facts, label = reports.get(channel, {}), deeds.channel_label(channel)
        if facts.get("username"):
            yield f"{label} (https://t.me/{facts['username']})"
        else:
            name = facts.get("name")
            yield f"{label} «{name}»" if name else label


def _values(visit: Visit, who: Person, code: str = "") -> dict[str, Any]:
    session = visit.session
    department = session.get(Department, who.department_id) if who.department_id else None
    others = [(number, name) for number, name in everyone(session) if number != who.id]
    return {
        "who": who,
        "department": department.name if department else "",
        "departments": [(row.id, row.name) for row in people.departments(session)],
        "roles": _roles(session, who),
        "free_roles": [(role.value, role.label) for role in GIVEN if not who.has(role)],
        "accounts": account_deeds.held(session, who.id, visit.parts.work.outbox),
        "absences": [
            {"row": row, "span": people_deeds.span(session, row)}
            for row in people.absences(session, who.id, since=visit.today)
        ],
        "others": others,
        "open_work": people_deeds.open_work(session, who.id),
        "few_admins": few_admins(session),
        "code": code,
        "code_places": list(_places(visit)) if code else [],
        "code_until": when(visit.now + timedelta(days=TIE_DAYS)),
    }


def _person(visit: Visit) -> Person:
    number = visit.number("id")
    found = people.person(visit.session, number) if number > 0 else None
    if found is None:
        raise Missing
    return found


def _roles(session: Session, who: Person) -> list[dict[str, Any]]:
    rows = session.scalars(select(MemberRole).where(MemberRole.member_id == who.id))
    return [
        {"role": row.role, "at": row.given_at, "by": people.name_of(session, row.given_by), "why": row.reason}
        for row in rows
    ]


# --- deeds


def show_new(visit: Visit) -> Answer:
    """The form for a new member."""
    demand(visit.person.roles, Action.ADD_PEOPLE)
    departments = [(row.id, row.name) for row in people.departments(visit.session)]
    return Shown("staff_new.html", {"departments": departments})


def add(visit: Visit) -> Answer:
    """A new member."""
    wanted = forms.read(visit.form, Added)
    _check_department(visit.session, wanted.department, "department")
    who = people_deeds.add_member(
        doing(visit), wanted.name, department_id=wanted.department, title=wanted.title
    )
    return Done(f"/nguoi/{who.id}", f"Đã thêm {who.name}. Cấp mã để người này gắn tài khoản trò chuyện.")


def move(visit: Visit) -> Answer:
    """Another department."""
    wanted = forms.read(visit.form, Moved)
    _check_department(visit.session, wanted.move_department, "move_department")
    who = people_deeds.move_member(
        doing(visit), _person(visit).id, wanted.move_department, title=wanted.move_title
    )
    return Done(f"/nguoi/{who.id}", "Đã chuyển phòng. Việc đã giao trước đây vẫn do người này thực hiện.")


def _check_department(session: Session, number: int | None, field: str) -> None:
    if number is not None and session.get(Department, max(number, 0)) is None:
        raise FormErrors({field: "Phòng này không có. Xin chọn lại."})


def give_role(visit: Visit) -> Answer:
    """A role more."""
    wanted = forms.read(visit.form, RoleChanged)
    who = _person(visit)
    given = people_deeds.give_role(doing(visit), who, Role(wanted.role), reason=wanted.role_reason)
    label = Role(wanted.role).label
    said = f"{who.name} nay có vai trò {label}." if given else f"{who.name} đã có vai trò {label} từ trước."
    return Done(f"/nguoi/{who.id}", said)


def take_role(visit: Visit) -> Answer:
    """A role less."""
    wanted = forms.read(visit.form, RoleChanged)
    who = _person(visit)
    taken = people_deeds.take_role(doing(visit), who, Role(wanted.role), reason=wanted.role_reason)
    label = Role(wanted.role).label
    said = f"{who.name} thôi vai trò {label}." if taken else f"{who.name} không có vai trò {label}."
    return Done(f"/nguoi/{who.id}" if who.id != visit.person.id else "/nguoi", said)


def make_code(visit: Visit) -> Answer:
    """A code, shown this once."""
    who = _person(visit)
    code = people_deeds.make_code(doing(visit), who, hash_key=visit.parts.hash_key)
    return Shown("staff_one.html", _values(visit, who, code))


def untie(visit: Visit) -> Answer:
    """An account is no longer theirs."""
    wanted = forms.read(visit.form, Untied)
    who = _person(visit)
    channel = account_deeds.untie(doing(visit), who, wanted.account, reason=wanted.untie_reason)
    return Done(f"/nguoi/{who.id}", f"Đã gỡ tài khoản {channel} khỏi {who.name}.")


def go_away(visit: Visit) -> Answer:
    """Days away."""
    wanted = forms.read(visit.form, Away)
    stand_in = people.person(visit.session, max(wanted.stand_in, 0)) if wanted.stand_in is not None else None
    if wanted.stand_in is not None and stand_in is None:
        raise FormErrors({"stand_in": "Xin chọn một mục trong danh sách."})
    who = _person(visit)
    row = people_deeds.record_absence(
        doing(visit),
        who,
        since=wanted.since,
        until=wanted.until,
        stand_in=stand_in,
        reason=wanted.away_reason,
    )
    said = f"Đã ghi {who.name} nghỉ {people_deeds.span(visit.session, row)}."
    if stand_in is None:
        said += " Chưa có người thay, lời nhắc việc vẫn gửi cho người nghỉ."
    return Done(f"/nguoi/{who.id}", said)


def come_back(visit: Visit) -> Answer:
    """Back earlier, or not going."""
    who = _person(visit)
    rows = people_deeds.cancel_absences(doing(visit), who)
    said = (
        f"Đã bỏ: {'; '.join(people_deeds.days(row) for row in rows)}." if rows else "Không có ngày nghỉ nào."
    )
    return Done(f"/nguoi/{who.id}", said)


def leave(visit: Visit) -> Answer:
    """Somebody leaves the office."""
    wanted = forms.read(visit.form, Leaving)
    who = _person(visit)
    heir = people.person(visit.session, max(wanted.heir, 0)) if wanted.heir is not None else None
    if wanted.heir is not None and heir is None:
        raise FormErrors({"heir": "Xin chọn một mục trong danh sách."})
    count = people_deeds.leave(doing(visit), who, to=heir, reason=wanted.leave_reason)
    said = f"{who.name} đã rời danh sách: thôi mọi vai trò, gỡ mọi tài khoản trò chuyện."
    if heir is not None:
        said += f" Đã bàn giao {count} nhiệm vụ cho {heir.name}."
    return Done("/nguoi", said)
