"""What is done about people and groups, whoever asks for it in whatever way: checked, done, and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from handlers.staff.people_words import department_name, refuse, words
from handlers.staff.request import StaffRequest
from office import codes, groups, membership, people
from office.assignments import Assignment, AssignmentState, Responsible
from office.clock import ZONE
from office.groups import Group, GroupState
from office.messages import Line, Reply, Style
from office.people import Absence, CodePurpose, Person, Role
from office.rights import Action, allowed, demand
from scheduler import audience
from scheduler.handover import hand_over
from scheduler.outbox import Recipient
from scheduler.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Who does something, when, and with what."""

    session: Session
    work: Work
    me: Person
    now: datetime

    @property
    def today(self) -> date:
        """The day in Việt Nam."""
        return self.now.astimezone(ZONE).date()


def doing_of(request: StaffRequest) -> Doing:
    """The same, out of a message. Raises Refused for who is no member."""
    return Doing(session=request.session, work=request.work, me=request.me, now=request.now)


def tell(doing: Doing, what: str, subject_id: int, member_id: int, lines: Sequence[str]) -> None:
    """Tell a member privately that something was done about them; not who does it themselves."""
    if doing.me.id == member_id:
        return
    doing.work.outbox.announce(
        doing.session,
        what,
        subject_id,
        audience.themselves(doing.session, [member_id]),
        Reply(lines=tuple(Line(line) for line in lines)),
        now=doing.now,
    )


# --- roles


def give_role(doing: Doing, who: Person, role: Role, *, reason: str) -> bool:
    """Give a role; False when it was had already."""
    demand(doing.me.roles, Action.GIVE_ROLES)
    if role is Role.HEAD and who.department_id is None:
        raise refuse("roles.no_department", "roles.no_department_mend", name=who.name)
    given = membership.give_role(doing.session, who.id, role, actor=doing.me.id, reason=reason, now=doing.now)
    if given:
        _tell_role(doing, f"role.give.{role}", who, "roles.told_given", role, reason)
    return given


def take_role(doing: Doing, who: Person, role: Role, *, reason: str) -> bool:
    """Take a role away; False when it wasn't had."""
    demand(doing.me.roles, Action.GIVE_ROLES)
    taken = membership.take_role(doing.session, who.id, role, actor=doing.me.id, reason=reason, now=doing.now)
    if taken:
        _tell_role(doing, f"role.take.{role}", who, "roles.told_taken", role, reason)
    return taken


def _tell_role(doing: Doing, what: str, who: Person, text: str, role: Role, reason: str) -> None:
    by = words()("roles.told_by", actor=doing.me.name, reason=reason)
    tell(doing, what, who.id, who.id, (words()(text, role=role.label), by))


# --- coming, moving, leaving


def add_member(doing: Doing, name: str, *, department_id: int | None, title: str) -> Person:
    """A new member, without a chat account yet."""
    demand(doing.me.roles, Action.ADD_PEOPLE)
    return membership.add_member(
        doing.session, name, department_id=department_id, title=title, actor=doing.me.id, now=doing.now
    )


def move_member(doing: Doing, member_id: int, department_id: int, *, title: str) -> Person:
    """A member works in another department from now on."""
    demand(doing.me.roles, Action.ADD_PEOPLE)
    return membership.move_member(
        doing.session, member_id, department_id, title=title, actor=doing.me.id, now=doing.now
    )


def make_code(doing: Doing, person: Person, *, hash_key: bytes) -> str:
    """A code that ties one more chat account. Raises Refused for an admin's where one may not."""
    demand(doing.me.roles, Action.ADD_PEOPLE)
    # Who ties an account to an admin becomes one.
    if person.has(Role.ADMIN) and person.id != doing.me.id and not allowed(doing.me.roles, Action.GIVE_ROLES):
        raise refuse("accounts.admin_code", name=person.name)
    return codes.make_code(
        doing.session,
        CodePurpose.TIE,
        member_id=person.id,
        created_by=doing.me.id,
        now=doing.now,
        hash_key=hash_key,
    )


def leave(doing: Doing, who: Person, *, to: Person | None, reason: str) -> int:
    """Hand over what is open, then take the member out; how many assignments went to `to`.

    Raises Refused while there is open work and nobody who takes it over.
    """
    demand(doing.me.roles, Action.REMOVE_PEOPLE)
    if not reason.strip():
        raise refuse("people.leave_reason", "people.leave_reason_mend")
    session, count = doing.session, open_work(doing.session, who.id)
    if to is None and count:
        raise refuse("people.leave_work", "people.leave_work_mend", name=who.name, count=count)
    if to is not None:
        count = hand_over(session, doing.work, who.id, to.id, actor=doing.me, reason=reason, now=doing.now)
    membership.leave(session, who.id, actor=doing.me.id, reason=reason, now=doing.now)
    return count


def open_work(session: Session, member_id: int) -> int:
    """How many unfinished assignments a member answers for."""
    unfinished = Assignment.state.in_((AssignmentState.OPEN, AssignmentState.REPORTED))
    query = (
        select(func.count())
        .select_from(Responsible)
        .join(Assignment, Assignment.id == Responsible.assignment_id)
        .where(Responsible.member_id == member_id, Responsible.released_at.is_(None), unfinished)
    )
    return session.scalar(query) or 0


# --- absences


def record_absence(
    doing: Doing, who: Person, *, since: date, until: date, stand_in: Person | None, reason: str
) -> Absence:
    """Somebody is away; they and who stands in are told. Raises Refused for days gone by."""
    demand(doing.me.roles, Action.OWN_ABSENCE if who.id == doing.me.id else Action.ANY_ABSENCE)
    if until < doing.today:
        raise refuse("absences.past", until=f"{until:%d/%m/%Y}")
    row = membership.record_absence(
        doing.session,
        who.id,
        since=since,
        until=until,
        stand_in_id=stand_in.id if stand_in else None,
        reason=reason,
        actor=doing.me.id,
        now=doing.now,
    )
    absent = words()("absences.told_absent", actor=doing.me.name, span=span(doing.session, row))
    why = [words()("absences.told_reason", reason=row.reason)] if row.reason else []
    tell(doing, "absence.record", row.id, who.id, [absent, *why])
    if stand_in is not None:
        text = words()("absences.told_stand_in", name=who.name, span=days(row))
        tell(doing, "absence.stand_in", row.id, stand_in.id, [text])
    return row


def cancel_absences(doing: Doing, who: Person) -> tuple[Absence, ...]:
    """Somebody is back earlier, or isn't going; they and who stood in are told. What was cancelled."""
    demand(doing.me.roles, Action.OWN_ABSENCE if who.id == doing.me.id else Action.ANY_ABSENCE)
    rows = membership.cancel_absences(doing.session, who.id, on=doing.today, actor=doing.me.id, now=doing.now)
    if rows:
        tell(doing, "absence.cancel", who.id, who.id, [words()("absences.told_back", actor=doing.me.name)])
    for member_id in dict.fromkeys(row.stand_in_id for row in rows):
        if member_id is not None:
            told = words()("absences.told_stand_in_back", name=who.name)
            tell(doing, f"absence.back.{who.id}", member_id, member_id, [told])
    return rows


def span(session: Session, row: Absence) -> str:
    """«từ 25/11/2026 đến hết 30/11/2026, người thay: Trần Thị B»."""
    if row.stand_in_id is None:
        return days(row)
    return words()("absences.with_stand_in", span=days(row), name=people.name_of(session, row.stand_in_id))


def days(row: Absence) -> str:
    """«từ 25/11/2026 đến hết 30/11/2026»."""
    name = "absences.span_one" if row.since == row.until else "absences.span"
    values = {"since": f"{row.since:%d/%m/%Y}", "until": f"{row.until:%d/%m/%Y}"}
    return words()(name, **values)


# --- groups


def decide_group(
    doing: Doing, group: Group, *, approve: bool, department_id: int | None, reason: str
) -> None:
    """Approve a group, for a department or for the whole office, or refuse it; a new one is greeted."""
    demand(doing.me.roles, Action.DECIDE_GROUPS)
    new = group.state is not GroupState.APPROVED
    groups.decide(
        doing.session,
        group,
        approve=approve,
        department_id=department_id,
        actor=doing.me.id,
        reason=reason,
        now=doing.now,
    )
    doing.session.flush()
    if approve and new:
        _greet(doing, group)


def held_group(session: Session, group_id: int) -> Group:
    """The group as it is now, held so that two decisions come one after the other. Raises Refused."""
    row = session.get(Group, group_id, populate_existing=True, with_for_update=True) if group_id > 0 else None
    if row is None:
        raise refuse("groups.unknown", "groups.unknown_mend", id=max(group_id, 0))
    return row


def whose(session: Session, group: Group) -> str:
    """The department of a group, or that it is the whole office's."""
    if group.department_id is None:
        return words()("whole_office")
    return department_name(session, group.department_id)


def _greet(doing: Doing, group: Group) -> None:
    lines = (
        Line(words()("groups.greeting_title"), Style.TITLE),
        Line(words()("groups.greeting", department=whose(doing.session, group))),
        Line(words()("groups.greeting_how"), Style.SOURCE),
    )
    to = [Recipient(to=audience.address(group))]
    doing.work.outbox.announce(
        doing.session, "group.approved", group.id, to, Reply(lines=lines), now=doing.now
    )
