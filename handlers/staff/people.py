"""The office's people and departments: who comes, moves and leaves, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from handlers.staff import absences, accounts, people_deeds, roles
from handlers.staff.people_deeds import doing_of
from handlers.staff.people_words import (
    demand_private,
    department_name,
    described,
    fields,
    person_named,
    refuse,
    split_at,
    words,
)
from handlers.staff.request import Command, Replies, StaffRequest, Tapped, say
from handlers.staff.words import one_department, split_reason
from office import membership, people
from office.messages import Line, Style
from office.people import Absence, ChatAccount, Person, Role, plain
from office.rights import Action, demand

_LISTED = 40  # people in one list


def add(request: StaffRequest, rest: str) -> Replies:
    """`/themnguoi Nguyễn Văn A; QLTM; chuyên viên`: a member, and the code to hand over."""
    demand_private(request)
    session = request.session
    name, department_words, title = (*fields(rest), "", "", "")[:3]
    if not name:
        raise refuse("people.add_how", "people.add_how_mend")
    department = one_department(session, department_words) if department_words.strip("-– ") else None
    department_id = department.id if department else None
    namesakes = [p for p in people.all_people(session) if plain(p.name) == plain(name)]
    for known in namesakes:
        if known.department_id == department_id and plain(known.title) == plain(title):
            where = department_name(session, department_id)
            raise refuse("people.known", "people.known_mend", name=known.name, department=where)
    person = people_deeds.add_member(doing_of(request), name, department_id=department_id, title=title)
    warnings = [
        Line(words()("people.namesake", who=described(session, known), id=known.id), Style.WARNING)
        for known in namesakes
    ]
    if plain(title).startswith("truong "):
        warnings.append(Line(words()("accounts.title_is_no_role", name=name), Style.SOURCE))
    return (
        *say(words()("people.added", who=described(session, person)), *warnings),
        *accounts.code_for(request, person),
    )


def move(request: StaffRequest, rest: str) -> Replies:
    """`/chuyenphong Nguyễn Văn A; QLTM; chức danh`"""
    name, department_words, title = (*fields(rest), "", "", "")[:3]
    if not name or not department_words:
        raise refuse("people.move_how", "people.move_how_mend")
    session = request.session
    person, department = person_named(session, name), one_department(session, department_words)
    people_deeds.move_member(doing_of(request), person.id, department.id, title=title)
    return say(
        words()("people.moved", name=person.name, department=department.name), words()("people.moved_note")
    )


def listed(request: StaffRequest, rest: str) -> Replies:
    """`/nguoi`, `/nguoi an`, `/nguoi QLTM`: everyone, or those of a name or a department."""
    session, said = request.session, rest.strip()
    found: Sequence[Person] = people.find_people(session, said) if said else people.all_people(session)
    if not found and said:
        department = people.find_department(session, said)
        found = people.all_people(session, department_id=department.id) if department else ()
    if not found:
        if said:
            return say(words()("people.none_found", words=said[:60]))
        return say(words()("people.nobody"), words()("people.nobody_mend"))
    lines = [Line(text, Style.ITEM) for text in _items(request, found[:_LISTED])]
    if len(found) > _LISTED:
        lines.append(Line(words()("people.more", count=len(found) - _LISTED)))
    title = (
        words()("people.found_title", words=said[:60], count=len(found))
        if said
        else words()("people.list_title", count=len(found))
    )
    return say(*lines, title=title)


def _items(request: StaffRequest, found: Sequence[Person]) -> list[str]:
    session = request.session
    ids = [person.id for person in found]
    accounts_of = session.execute(
        select(ChatAccount.member_id, func.count(ChatAccount.id), func.count(ChatAccount.disabled_at))
        .where(ChatAccount.member_id.in_(ids))
        .group_by(ChatAccount.member_id)
    )
    tied = {member_id: (held, disabled) for member_id, held, disabled in accounts_of}
    items = []
    for person in found:
        parts = [described(session, person)]
        parts += [role.label for role in Role if role is not Role.MEMBER and person.has(role)]
        held, disabled = tied.get(person.id, (0, 0))
        if not held:
            parts.append(words()("people.no_account"))
        elif held == disabled:
            parts.append(words()("people.blocked"))
        running = people.absences(session, person.id, since=request.today, until=request.today)
        parts += [words()("people.away", until=f"{row.until:%d/%m}") for row in running[-1:]]
        items.append(f"#{person.id} " + "; ".join(parts))
    return items


def leave(request: StaffRequest, rest: str) -> Replies:
    """`/roi Nguyễn Văn A giao Trần Thị B lý do …`: hand over what is open, then take the member out."""
    session = request.session
    said, reason = split_reason(rest)
    before, after = split_at(said, "giao")
    name, to_name = before.removesuffix(" bàn"), after.removeprefix("cho ")
    if not name:
        raise refuse("people.leave_how", "people.leave_how_mend")
    who = person_named(session, name)
    to = person_named(session, to_name) if to_name else None
    count = people_deeds.leave(doing_of(request), who, to=to, reason=reason)
    handed = words()("people.handed", count=count, to=to.name) if to else words()("people.handed_none")
    lines = [words()("people.left", name=who.name), handed]
    return say(*lines, *_stood_in(request, who), *roles.few_admins(session))


def _stood_in(request: StaffRequest, who: Person) -> list[Line]:
    """A warning where who leaves stands in for somebody."""
    absent = request.session.scalars(
        select(Absence.member_id)
        .where(
            Absence.stand_in_id == who.id,
            Absence.until >= request.today,
            Absence.cancelled_at.is_(None),
        )
        .order_by(Absence.id)
    )
    names = ", ".join(people.name_of(request.session, member_id) for member_id in dict.fromkeys(absent))
    return [Line(words()("people.stood_in", names=names), Style.WARNING)] if names else []


def departments(request: StaffRequest, rest: str) -> Replies:
    """`/phong`: all departments; `/phong them Tên phòng` makes one."""
    first, _, name = rest.strip().partition(" ")
    if not first:
        return _departments(request.session)
    if plain(first) != "them":
        raise refuse("departments.unknown", "departments.how", words=rest.strip()[:60])
    demand(request.me.roles, Action.DEPARTMENTS)
    if not plain(name):
        raise refuse("departments.need_name", "departments.how")
    row = membership.add_department(request.session, name, actor=request.me.id, now=request.now)
    return say(words()("departments.added", name=row.name, key=row.key))


def _departments(session: Session) -> Replies:
    found = people.departments(session)
    if not found:
        return say(words()("departments.none"), words()("departments.how"))
    lines = []
    for row in found:
        heads = people.with_role(session, Role.HEAD, department_id=row.id)
        names = ", ".join(person.name for person in heads)
        head = words()("departments.head", names=names) if names else words()("departments.no_head")
        count = len(people.all_people(session, department_id=row.id))
        text = words()("departments.item", name=row.name, key=row.key, people=count, head=head)
        lines.append(Line(text, Style.ITEM))
    how = Line(words()("departments.how"), Style.SOURCE)
    return say(*lines, how, title=words()("departments.title", count=len(found)))


COMMANDS: tuple[Command, ...] = (
    *accounts.COMMANDS,
    Command(
        words=("themnguoi",),
        action=Action.ADD_PEOPLE,
        run=add,
        help="/themnguoi Nguyễn Văn A; QLTM; chuyên viên: thêm người và cấp mã",
    ),
    Command(
        words=("chuyenphong",),
        action=Action.ADD_PEOPLE,
        run=move,
        help="/chuyenphong Nguyễn Văn A; QLTM; chức danh mới: chuyển người sang phòng khác",
    ),
    Command(
        words=("nguoi",), action=Action.LIST_PEOPLE, run=listed, help="/nguoi tên hoặc phòng: danh sách người"
    ),
    Command(
        words=("roi",),
        action=Action.REMOVE_PEOPLE,
        run=leave,
        help="/roi Nguyễn Văn A giao Trần Thị B lý do …: bàn giao việc và rời cơ quan",
    ),
    Command(
        words=("phong",),
        action=Action.LIST_PEOPLE,
        run=departments,
        help="/phong: các phòng; /phong them Tên phòng: thêm phòng",
    ),
    *roles.COMMANDS,
    *absences.COMMANDS,
)
TAPS: Mapping[str, Tapped] = {}
