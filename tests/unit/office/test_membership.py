"""People come, get roles, are away and leave; each deed is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from office import codes, membership, people
from office.audit import Deed
from office.people import Role
from office.refusal import Refused

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


def add(session: Session, name: str, *roles: Role) -> int:
    who = membership.add_member(session, name, department_id=None, actor=None, now=NOW).id
    for role in roles:
        membership.give_role(session, who, role, actor=None, reason="QĐ 1", now=NOW)
    return who


def deeds(session: Session) -> list[str]:
    return list(session.scalars(select(Deed.action).order_by(Deed.id)))


def roles_of(session: Session, who: int) -> frozenset[Role]:
    found = people.person(session, who)
    assert found is not None
    return found.roles


def test_a_member_has_a_name(session: Session) -> None:
    found = membership.add_member(session, "  Lê   An ", department_id=None, actor=None, now=NOW)
    assert (found.name, set(found.roles)) == ("Lê An", {Role.MEMBER})
    with pytest.raises(Refused):
        membership.add_member(session, " ", department_id=None, actor=None, now=NOW)
    assert deeds(session) == ["member.add"]


def test_two_departments_never_share_a_key(session: Session) -> None:
    assert (
        membership.add_department(session, "Phòng Thanh  tra", actor=None, now=NOW).name == "Phòng Thanh tra"
    )
    with pytest.raises(Refused, match="Đã có phòng «Phòng Thanh tra»"):
        membership.add_department(session, "THANH TRA", actor=None, now=NOW)


def test_a_role_is_given_once_with_its_reason_written_down(session: Session) -> None:
    an, boss = add(session, "An"), add(session, "Sếp", Role.ADMIN)
    assert membership.give_role(session, an, Role.HEAD, actor=boss, reason="QĐ 7", now=NOW)
    assert not membership.give_role(session, an, Role.HEAD, actor=boss, reason="QĐ 7", now=NOW)
    deed = session.scalars(select(Deed).where(Deed.action == "role.give", Deed.subject_id == an)).one()
    assert (deed.actor_id, deed.after, deed.reason) == (boss, {"role": "head"}, "QĐ 7")
    assert membership.take_role(session, an, Role.HEAD, actor=boss, reason="hết nhiệm kỳ", now=NOW)
    assert not membership.take_role(session, an, Role.HEAD, actor=boss, reason="hết nhiệm kỳ", now=NOW)
    assert roles_of(session, an) == {Role.MEMBER}


@pytest.mark.parametrize("reason", ["", "  "])
def test_roles_change_only_with_a_reason(session: Session, reason: str) -> None:
    an = add(session, "An", Role.HEAD)
    with pytest.raises(Refused, match="lý do"):
        membership.give_role(session, an, Role.LEADER, actor=None, reason=reason, now=NOW)
    with pytest.raises(Refused, match="lý do"):
        membership.take_role(session, an, Role.HEAD, actor=None, reason=reason, now=NOW)
    assert roles_of(session, an) == {Role.MEMBER, Role.HEAD}


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.MEMBER])
def test_what_everyone_is_is_not_given(session: Session, role: Role) -> None:
    with pytest.raises(Refused):
        membership.give_role(session, add(session, "An"), role, actor=None, reason="QĐ", now=NOW)


def test_the_last_admin_neither_resigns_nor_leaves(session: Session) -> None:
    an, binh = add(session, "An", Role.ADMIN), add(session, "Bình", Role.ADMIN)
    membership.take_role(session, an, Role.ADMIN, actor=binh, reason="thôi", now=NOW)
    with pytest.raises(Refused, match="quản trị duy nhất"):
        membership.take_role(session, binh, Role.ADMIN, actor=binh, reason="thôi", now=NOW)
    with pytest.raises(Refused, match="quản trị duy nhất"):
        membership.leave(session, binh, actor=binh, reason="thôi", now=NOW)
    assert membership.admins(session) == 1


def test_who_leaves_loses_roles_and_accounts(session: Session) -> None:
    an = add(session, "An", Role.VAN_PHONG)
    codes.tie(session, an, channel="telegram", account="bot", sender="a", chat="a", now=NOW)
    membership.leave(session, an, actor=None, reason="chuyển công tác", now=NOW)
    assert people.with_role(session, Role.VAN_PHONG) == ()
    assert people.private_chats(session, an) == ()
    assert people.person_of(session, channel="telegram", account="bot", sender="a") is None
    with pytest.raises(Refused, match="Không tìm thấy"):
        membership.leave(session, an, actor=None, reason="lần nữa", now=NOW)
    deed = session.scalars(select(Deed).where(Deed.action == "member.leave")).one()
    assert deed.before == {"roles": ["member", "van_phong"], "department_id": None}


def test_a_move_is_written_down_and_keeps_the_title_unless_told(session: Session) -> None:
    first = membership.add_department(session, "Phòng Một", actor=None, now=NOW).id
    second = membership.add_department(session, "Phòng Hai", actor=None, now=NOW).id
    an = membership.add_member(
        session, "An", department_id=first, title="chuyên viên", actor=None, now=NOW
    ).id
    moved = membership.move_member(session, an, second, actor=an, now=NOW)
    assert (moved.department_id, moved.title) == (second, "chuyên viên")
    deed = session.scalars(select(Deed).where(Deed.action == "member.move")).one()
    assert deed.before == {"department_id": first, "title": "chuyên viên"}
    membership.give_role(session, an, Role.HEAD, actor=None, reason="QĐ", now=NOW)
    with pytest.raises(Refused, match="trưởng phòng"):
        membership.move_member(session, an, first, actor=an, now=NOW)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(2026, 11, 30), date(2026, 11, 26), "sau ngày bắt đầu"),
        (date(2026, 11, 30), date(2028, 11, 26), "quá một năm"),
    ],
)
def test_an_absence_has_a_sensible_span(session: Session, since: date, until: date, words: str) -> None:
    an = add(session, "An")
    with pytest.raises(Refused, match=words):
        membership.record_absence(
            session, an, since=since, until=until, stand_in_id=None, reason="", actor=an, now=NOW
        )


def test_back_earlier_ends_what_runs_else_all_that_is_to_come(session: Session) -> None:
    an = add(session, "An")
    for since, until in ((20, 30), (25, 26), (28, 29)):
        membership.record_absence(
            session,
            an,
            since=date(2026, 11, since),
            until=date(2026, 11, until),
            stand_in_id=None,
            reason="",
            actor=an,
            now=NOW,
        )

    def cancelled() -> list[int]:
        rows = membership.cancel_absences(session, an, on=date(2026, 11, 25), actor=an, now=NOW)
        return [row.since.day for row in rows]

    assert [cancelled(), cancelled(), cancelled()] == [[20, 25], [28], []]
    assert deeds(session).count("absence.cancel") == 3
