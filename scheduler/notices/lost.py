"""Who is meant by a notice and can't be written to, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from office.groups import Group, GroupState, title_of
from office.people import ChatAccount, Department, Member
from scheduler.notices.addressed import Audience, Unreached, is_member, reachable, spelled_out
from scheduler.notices.desk import words


def unreached(
    session: Session, audience: Audience, *, channels: Collection[str] | None
) -> tuple[Unreached, ...]:
    """Who is meant and has no chat that can be written to."""
    audience = spelled_out(session, audience)
    return (
        *_lost_groups(session, audience, channels),
        *_lost_departments(session, audience, channels),
        *_lost_members(session, audience, channels),
    )


def _lost_groups(
    session: Session, audience: Audience, channels: Collection[str] | None
) -> Iterable[Unreached]:
    """Groups named one by one that can't be used; of all groups, those that were cut off."""
    named = select(Group).where(Group.id.in_(audience.groups)).order_by(Group.id)
    known = {row.id: row for row in session.scalars(named)} if audience.groups else {}
    for number in audience.groups:
        row = known.get(number)
        if row is None:
            yield Unreached(name=words()("audience.unknown_group", id=number), why=words()("unreached.gone"))
        elif why := _why_not(row, channels):
            yield Unreached(name=title_of(row), why=why)


def _why_not(row: Group, channels: Collection[str] | None) -> str:
    """Why a group can't be written to; "" where it can."""
    if row.state is GroupState.DISABLED:
        return words()("unreached.disabled", reason=row.reason or row.state.label)
    if row.state is not GroupState.APPROVED:
        return words()("unreached.refused" if row.state is GroupState.REFUSED else "unreached.pending")
    if channels is not None and row.channel not in channels:
        return words()("unreached.other_channel")
    return ""


def _lost_departments(
    session: Session, audience: Audience, channels: Collection[str] | None
) -> Iterable[Unreached]:
    """Departments none of whose groups can be written to."""
    if audience.all_groups or not audience.departments:
        return
    query = select(Group.department_id).where(
        Group.state == GroupState.APPROVED, Group.department_id.in_(audience.departments)
    )
    reached = set(session.scalars(reachable(query, Group, channels, None)))
    for number in audience.departments:
        row = session.get(Department, number)
        if row is None:
            unknown = words()("audience.unknown_department", id=number)
            yield Unreached(name=unknown, why=words()("unreached.gone"))
        elif number not in reached:
            yield Unreached(name=row.name, why=words()("unreached.no_group"))


def _lost_members(
    session: Session, audience: Audience, channels: Collection[str] | None
) -> Iterable[Unreached]:
    has = select(ChatAccount.member_id).where(
        ChatAccount.member_id == Member.id, ChatAccount.disabled_at.is_(None)
    )
    reached = reachable(has, ChatAccount, channels, None).exists()
    blocked = exists().where(ChatAccount.member_id == Member.id, ChatAccount.disabled_at.is_not(None))
    elsewhere = exists().where(ChatAccount.member_id == Member.id, ChatAccount.disabled_at.is_(None))
    query = (
        select(Member.name, elsewhere.label("elsewhere"), blocked.label("blocked"))
        .where(Member.left_at.is_(None), is_member(audience), ~reached)
        .order_by(Member.name, Member.id)
    )
    for name, other, was_blocked in session.execute(query):
        why = "other_channel" if other else "blocked" if was_blocked else "no_chat"
        yield Unreached(name=name, why=words()(f"unreached.{why}"))
    yield from _gone_members(session, audience)


def _gone_members(session: Session, audience: Audience) -> Iterable[Unreached]:
    """Members named one by one who have left, or never were."""
    if not audience.members:
        return
    query = select(Member.id, Member.name, Member.left_at).where(Member.id.in_(audience.members))
    known = {number: (name, left_at) for number, name, left_at in session.execute(query)}
    for number in audience.members:
        if number not in known:
            unknown = words()("audience.unknown_member", id=number)
            yield Unreached(name=unknown, why=words()("unreached.gone"))
        elif known[number][1] is not None:
            yield Unreached(name=known[number][0], why=words()("unreached.left"))
