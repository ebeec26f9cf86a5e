"""People come, get roles, are away and leave. Each deed is audited in its transaction; nothing commits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from office import audit
from office.database import execute
from office.people import (
    Absence,
    ChatAccount,
    Department,
    Member,
    MemberRole,
    Person,
    Role,
    absences,
    key_of,
    person,
)
from office.refusal import Refused


def add_department(session: Session, name: str, *, actor: int | None, now: datetime) -> Department:
    """A new department. Raises Refused when there is one of that key."""
    key = key_of(name)
    there = session.scalar(select(Department.name).where(Department.key == key))
    if there is not None:
        raise Refused(f"Đã có phòng «{there}».", "Xem lại danh sách phòng, hoặc đặt tên khác.")
    row = Department(key=key, name=" ".join(name.split()))
    session.add(row)
    session.flush()
    after = {"key": key, "name": row.name}
    audit.record(
        session, "department.add", at=now, actor=actor, subject="department", subject_id=row.id, after=after
    )
    return row


def add_member(
    session: Session,
    name: str,
    *,
    department_id: int | None,
    title: str = "",
    actor: int | None,
    now: datetime,
) -> Person:
    """A new member, without a chat account yet. Raises Refused without a name."""
    name = " ".join(name.split())
    if not name:
        raise Refused("Chưa có họ tên.")
    row = Member(name=name[:200], title=title[:200], department_id=department_id, joined_at=now)
    session.add(row)
    session.flush()
    after = {"name": name, "department_id": department_id, "title": title}
    audit.record(session, "member.add", at=now, actor=actor, subject="member", subject_id=row.id, after=after)
    return _get(session, row.id)


def move_member(
    session: Session, member_id: int, department_id: int, *, title: str = "", actor: int, now: datetime
) -> Person:
    """A member works in another department from now on, with another title if one is given.

    Raises Refused for a head, who would become the new department's.
    """
    who = _get(session, member_id)
    if who.has(Role.HEAD) and who.department_id not in (None, department_id):
        raise Refused(
            f"{who.name} đang là trưởng phòng của phòng cũ.",
            f"Quản trị cho thôi trước: /thoiquyen {who.name} truongphong lý do …",
        )
    row = session.get_one(Member, member_id)
    before = {"department_id": row.department_id, "title": row.title}
    row.department_id, row.title = department_id, title[:200] or row.title
    session.flush()
    after = {"department_id": row.department_id, "title": row.title}
    audit.record(
        session,
        "member.move",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        before=before,
        after=after,
    )
    return _get(session, member_id)


def give_role(
    session: Session, member_id: int, role: Role, *, actor: int | None, reason: str, now: datetime
) -> bool:
    """Give a role, with a reason; False when it was had already."""
    if role in (Role.CITIZEN, Role.MEMBER):
        raise Refused("Vai trò này không phải giao.")
    if not reason.strip():
        raise Refused("Cần nêu lý do.", "Thêm «lý do …» ở cuối lệnh.")
    if role in _get(session, member_id).roles:
        return False
    session.add(MemberRole(member_id=member_id, role=role, given_at=now, given_by=actor, reason=reason))
    session.flush()
    audit.record(
        session,
        "role.give",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        after={"role": role},
        reason=reason,
    )
    return True


def take_role(
    session: Session, member_id: int, role: Role, *, actor: int | None, reason: str, now: datetime
) -> bool:
    """Take a role away; False when it wasn't had. Raises Refused for the last admin."""
    if not reason.strip():
        raise Refused("Cần nêu lý do.", "Thêm «lý do …» ở cuối lệnh.")
    if role is Role.ADMIN and role in _get(session, member_id).roles:
        _demand_another_admin(session)
    here = delete(MemberRole).where(MemberRole.member_id == member_id, MemberRole.role == role)
    if not execute(session, here):
        return False
    audit.record(
        session,
        "role.take",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        before={"role": role},
        reason=reason,
    )
    return True


def admins(session: Session) -> int:
    """How many admins there are."""
    query = (
        select(func.count())
        .select_from(MemberRole)
        .join(Member, Member.id == MemberRole.member_id)
        .where(MemberRole.role == Role.ADMIN, Member.left_at.is_(None))
    )
    return session.scalar(query) or 0


def _demand_another_admin(session: Session) -> None:
    # Locked, so that two admins can't remove each other at the same moment.
    held = select(MemberRole.member_id).where(MemberRole.role == Role.ADMIN).with_for_update()
    if len(session.scalars(held).all()) < 2:
        raise Refused("Đây là quản trị duy nhất.", "Giao quyền quản trị cho người khác trước.")


def leave(session: Session, member_id: int, *, actor: int | None, reason: str, now: datetime) -> None:
    """A member leaves: roles are taken, accounts untied. Their work must have been handed over before.

    Raises Refused for the last admin.
    """
    who = _get(session, member_id)
    if who.has(Role.ADMIN):
        _demand_another_admin(session)
    session.execute(delete(MemberRole).where(MemberRole.member_id == member_id))
    session.execute(delete(ChatAccount).where(ChatAccount.member_id == member_id))
    row = session.get_one(Member, member_id)
    row.left_at = now
    before = {"roles": sorted(who.roles), "department_id": who.department_id}
    audit.record(
        session,
        "member.leave",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        before=before,
        reason=reason,
    )


def record_absence(
    session: Session,
    member_id: int,
    *,
    since: date,
    until: date,
    stand_in_id: int | None,
    reason: str,
    actor: int | None,
    now: datetime,
) -> Absence:
    """A member is away on these days, both included. A later record wins where they overlap."""
    if until < since:
        raise Refused("Ngày kết thúc nghỉ phải sau ngày bắt đầu.")
    if (until - since).days > 366:
        raise Refused("Thời gian nghỉ dài quá một năm.", "Nếu chuyển công tác, dùng /roi.")
    if stand_in_id == member_id:
        raise Refused("Người thay không thể là chính người nghỉ.")
    row = Absence(
        member_id=member_id,
        since=since,
        until=until,
        stand_in_id=stand_in_id,
        reason=reason,
        recorded_by=actor,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    after = {"since": since.isoformat(), "until": until.isoformat(), "stand_in_id": stand_in_id}
    audit.record(
        session,
        "absence.record",
        at=now,
        actor=actor,
        subject="member",
        subject_id=member_id,
        after=after,
        reason=reason,
    )
    return row


def cancel_absences(
    session: Session, member_id: int, *, on: date, actor: int | None, now: datetime
) -> tuple[Absence, ...]:
    """Back earlier: cancel what is running on a day or, where nothing is, all that is to come; returns it."""
    known = absences(session, member_id, since=on)
    rows = tuple(row for row in known if row.since <= on) or known
    for row in rows:
        row.cancelled_at = now
        before = {"since": row.since.isoformat(), "until": row.until.isoformat()}
        audit.record(
            session,
            "absence.cancel",
            at=now,
            actor=actor,
            subject="member",
            subject_id=member_id,
            before=before,
        )
    session.flush()
    return rows


def _get(session: Session, member_id: int) -> Person:
    found = person(session, member_id)
    if found is None:
        raise Refused("Không tìm thấy người này trong danh sách đang làm việc.", "Xem danh sách: /nguoi")
    return found
