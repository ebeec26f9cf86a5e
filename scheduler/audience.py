"""Who is told: people's chats by role and department, with stand-ins; groups by department."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from office import people
from office.groups import Group, GroupState
from office.messages import ChatAddress
from office.people import Role
from office.standing_in import stand_in_for
from scheduler.outbox import Recipient


def groups(session: Session, *, department_id: int | None = None) -> tuple[Recipient, ...]:
    """The approved groups, or those of one department."""
    query = select(Group).where(Group.state == GroupState.APPROVED)
    if department_id is not None:
        query = query.where(Group.department_id == department_id)
    return tuple(Recipient(to=address(group)) for group in session.scalars(query.order_by(Group.id)))


def address(group: Group) -> ChatAddress:
    """Where a group's messages go."""
    return ChatAddress(
        channel=group.channel, account=group.account, chat=group.chat, topic=group.topic, group=True
    )


def privately(session: Session, member_ids: Iterable[int], *, on: date) -> tuple[Recipient, ...]:
    """Each member's preferred private chat, or of who stands in for them. Who has none is left out."""
    found: dict[Recipient, None] = {}
    for member_id in member_ids:
        reader = stand_in_for(session, member_id, on)
        found |= dict.fromkeys(_reached(session, reader.id if reader is not None else member_id, member_id))
    return tuple(found)


def themselves(session: Session, member_ids: Iterable[int]) -> tuple[Recipient, ...]:
    """Each member's preferred private chat, also where they are away: what is for no stand-in's eyes."""
    present = (number for number in dict.fromkeys(member_ids) if people.person(session, number) is not None)
    return tuple(found for number in present for found in _reached(session, number, number))


def _reached(session: Session, reader_id: int, member_id: int) -> tuple[Recipient, ...]:
    """One recipient, or none: the outbox takes the first chat whose channel it carries."""
    chats = people.private_chats(session, reader_id)
    return tuple(Recipient(to=to, member_id=member_id, others=chats[1:]) for to in chats[:1])


def in_role(
    session: Session, *roles: Role, on: date, department_id: int | None = None
) -> tuple[Recipient, ...]:
    """The private chats of who has one of these roles."""
    members = {
        person.id: None
        for role in roles
        for person in people.with_role(session, role, department_id=department_id)
    }
    return privately(session, members, on=on)


def van_phong(session: Session, *, on: date) -> tuple[Recipient, ...]:
    """Văn phòng; the admins while it has nobody with a chat."""
    return in_role(session, Role.VAN_PHONG, on=on) or in_role(session, Role.ADMIN, on=on)


def of_rule(session: Session, audience: dict[str, Any], *, on: date) -> tuple[Recipient, ...]:
    """Whom a reminder's rule names: all groups or those of some departments, and roles privately."""
    found: dict[Recipient, None] = {}
    if audience.get("groups") == "all":
        found |= dict.fromkeys(groups(session))
    for key in _texts(audience.get("departments")):
        department = people.find_department(session, key)
        if department is not None:
            found |= dict.fromkeys(groups(session, department_id=department.id))
    for name in _texts(audience.get("roles")):
        found |= dict.fromkeys(in_role(session, Role(name), on=on))
    return tuple(found)


def _texts(value: Any) -> Sequence[str]:
    return [str(item) for item in value or ()]
