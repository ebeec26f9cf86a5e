"""Who works here: people, departments, groups, who is away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot.web.console import tables
from bot.web.console.tables import Column, Filter, Query, Table
from bot.web.console.visit import ROOT, Answer, Shown, Visit
from handlers.staff.people_deeds import whose
from office import groups, membership, people
from office.channel_names import label
from office.groups import GroupState
from office.people import Absence, ChatAccount, Member, MemberRole, Role
from office.rights import Action, demand

ENOUGH_ADMINS = 2
GIVEN = (Role.HEAD, Role.LEADER, Role.VAN_PHONG, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the members of a list, by their numbers."""

    departments: Mapping[int, str]
    roles: Mapping[int, list[str]]
    accounts: Mapping[int, tuple[int, int]]  # tied, and of them blocked
    away: Mapping[int, Absence]


def show(visit: Visit) -> Answer:
    """Everyone who has not left."""
    demand(visit.person.roles, Action.LIST_PEOPLE)
    query = _filtered(visit, select(Member).where(Member.left_at.is_(None)))
    known = _known(visit)
    return tables.answer(
        visit,
        _table(known),
        Query(statement=query.order_by(Member.name, Member.id), entity=True, tie=Member.id),
        "staff.html",
        filters=_filters(known),
        few_admins=few_admins(visit.session),
    )


def everyone(session: Session) -> list[tuple[int, str]]:
    """Who works here, to choose from."""
    here = select(Member.id, Member.name).where(Member.left_at.is_(None))
    return [(row.id, row.name) for row in session.execute(here.order_by(Member.name, Member.id))]


def few_admins(session: Session) -> int | None:
    """How many admins there are, where that is too few."""
    count = membership.admins(session)
    return count if count < ENOUGH_ADMINS else None


def _filtered(visit: Visit, query: Select[Any]) -> Select[Any]:
    if visit.arg("phong"):
        query = query.where(Member.department_id == visit.number("phong"))
    if visit.arg("vai") in tuple(GIVEN):
        held = select(MemberRole.member_id).where(MemberRole.role == Role(visit.arg("vai")))
        query = query.where(Member.id.in_(held))
    if visit.arg("tim"):
        found = [person.id for person in people.find_people(visit.session, visit.arg("tim"))]
        titled = Member.title.icontains(visit.arg("tim"), autoescape=True)
        query = query.where(or_(Member.id.in_(found), titled))
    if visit.arg("tai-khoan"):
        tied = select(ChatAccount.member_id).where(ChatAccount.disabled_at.is_(None))
        reached = Member.id.in_(tied)
        query = query.where(reached if visit.arg("tai-khoan") == "co" else ~reached)
    return query


def _filters(known: Known) -> tuple[Filter, ...]:
    return (
        Filter("tim", "Tìm", hint="họ tên, chức danh"),
        Filter("phong", "Phòng", "choice", [(str(key), name) for key, name in known.departments.items()]),
        Filter("vai", "Vai trò", "choice", [(role.value, role.label) for role in GIVEN]),
        Filter("tai-khoan", "Tài khoản trò chuyện", "choice", [("co", "đã gắn"), ("chua", "chưa nhắn được")]),
    )


def _known(visit: Visit) -> Known:
    session = visit.session
    roles: defaultdict[int, list[str]] = defaultdict(list)
    for member_id, role in session.execute(select(MemberRole.member_id, MemberRole.role)):
        roles[member_id].append(role.label)
    counted = session.execute(
        select(
            ChatAccount.member_id, func.count(ChatAccount.id), func.count(ChatAccount.disabled_at)
        ).group_by(ChatAccount.member_id)
    )
    now_away = select(Absence).where(
        Absence.since <= visit.today, Absence.until >= visit.today, Absence.cancelled_at.is_(None)
    )
    return Known(
        departments={row.id: row.name for row in people.departments(session)},
        roles=roles,
        accounts={member_id: (tied, blocked) for member_id, tied, blocked in counted},
        away={row.member_id: row for row in session.scalars(now_away.order_by(Absence.id))},
    )


def _table(known: Known) -> Table:
    def linked(row: Member) -> Markup:
        return Markup('<a href="{}/nguoi/{}">{}</a>').format(ROOT, row.id, row.name)

    def account(row: Member) -> str:
        tied, blocked = known.accounts.get(row.id, (0, 0))
        return "chưa gắn" if not tied else "đã chặn bot" if tied == blocked else "đã gắn"

    def away(row: Member) -> str:
        found = known.away.get(row.id)
        return f"đến {found.until:%d/%m/%Y}" if found else ""

    return Table(
        name="nguoi",
        caption="Công chức, viên chức",
        columns=(
            Column(
                "ten", "Họ tên", lambda row: row.name, show=linked, order=Member.name, width=28, main=True
            ),
            Column("chuc-danh", "Chức danh", lambda row: row.title, order=Member.title, width=26),
            Column("phong", "Phòng", lambda row: known.departments.get(row.department_id or 0, ""), width=30),
            Column("vai", "Vai trò", lambda row: ", ".join(known.roles.get(row.id, [])), width=28),
            Column("tai-khoan", "Tài khoản", account, width=14),
            Column("nghi", "Đang nghỉ", away, width=16),
        ),
        empty="Chưa có ai trong danh sách.",
    )


# --- departments


def show_departments(visit: Visit) -> Answer:
    """The departments with their heads."""
    demand(visit.person.roles, Action.LIST_PEOPLE)
    count = func.count(Member.id).label("total")
    there = select(Member.department_id, count).where(Member.left_at.is_(None))
    grouped = visit.session.execute(there.group_by(Member.department_id))
    counted = {row.department_id: row.total for row in grouped}
    rows = [
        {
            "row": row,
            "people": counted.get(row.id, 0),
            "heads": people.with_role(visit.session, Role.HEAD, department_id=row.id),
        }
        for row in people.departments(visit.session)
    ]
    return Shown("staff_departments.html", {"rows": rows})


# --- groups


def show_groups(visit: Visit) -> Answer:
    """All groups, those that wait for a decision first."""
    demand(visit.person.roles, Action.DECIDE_GROUPS)
    found = sorted(groups.every(visit.session), key=lambda row: row.state is not GroupState.PENDING)
    rows = [
        {
            "row": row,
            "title": groups.title_of(row),
            "channel": label(row.channel),
            "whose": whose(visit.session, row) if row.state is GroupState.APPROVED else "",
            "by": people.name_of(visit.session, row.decided_by),
        }
        for row in found
    ]
    departments = [(0, "Toàn cơ quan"), *((row.id, row.name) for row in people.departments(visit.session))]
    return Shown("staff_groups.html", {"rows": rows, "departments": departments, "GroupState": GroupState})
