"""Links and sessions of the console, without the web."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from office import codes, console_access, membership
from office.console_access import ConsoleSession, LoginLink
from office.database import make_engine, session_factory
from office.people import CodePurpose, Person, Role, person
from office.refusal import Refused
from office.rights import NotAllowed
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"
IDLE = timedelta(minutes=60)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = make_engine(fresh_sqlite(tmp_path))
    with session_factory(engine)() as session:
        yield session
    engine.dispose()


def made(session: Session, *roles: Role) -> Person:
    member = membership.add_member(session, "Nguyễn Văn An", department_id=None, actor=None, now=NOW)
    for role in roles:
        membership.give_role(session, member.id, role, actor=None, reason="thử", now=NOW)
    found = person(session, member.id)
    assert found is not None
    return found


def link(session: Session, member: Person) -> str:
    return console_access.make_link(session, member, now=NOW, hash_key=KEY)


def opened(session: Session, token: str, *, at: datetime = NOW) -> str:
    return console_access.open_session(session, token, now=at, hash_key=KEY, hours=12)


def whose(session: Session, secret: str, *, at: datetime = NOW) -> str:
    seat = console_access.session_of(session, secret, now=at, hash_key=KEY, idle=IDLE)
    return seat.person.name if seat else ""


@pytest.mark.parametrize("roles", [(), (Role.HEAD,)])
def test_whoever_has_no_business_there_gets_no_link(session: Session, roles: tuple[Role, ...]) -> None:
    member = made(session)
    member = Person(
        id=member.id,
        name=member.name,
        title="",
        department_id=None,
        roles=frozenset({Role.MEMBER, *roles}),
    )
    with pytest.raises(NotAllowed):
        link(session, member)


@pytest.mark.parametrize("role", [Role.VAN_PHONG, Role.LEADER, Role.ADMIN])
def test_a_link_opens_a_session_of_its_member(session: Session, role: Role) -> None:
    assert whose(session, opened(session, link(session, made(session, role)))) == "Nguyễn Văn An"


def test_who_has_left_can_not_use_a_link(session: Session) -> None:
    made(session, Role.ADMIN)
    member = made(session, Role.VAN_PHONG)
    token = link(session, member)
    membership.leave(session, member.id, actor=1, reason="Nghỉ hưu", now=NOW)
    with pytest.raises(Refused):
        opened(session, token)


def test_links_of_sessions_and_sessions_of_links_are_no_good(session: Session) -> None:
    secret = opened(session, link(session, made(session, Role.LEADER)))
    with pytest.raises(Refused, match="không đúng"):
        opened(session, secret)
    assert whose(session, "") == ""


def test_old_links_and_sessions_are_forgotten_a_month_after_their_end(session: Session) -> None:
    opened(session, link(session, made(session, Role.LEADER)))
    assert console_access.purge(session, NOW + timedelta(days=29)) == 0
    assert console_access.purge(session, NOW + timedelta(days=31)) == 2
    assert session.scalar(select(func.count()).select_from(ConsoleSession)) == 0
    assert session.scalar(select(func.count()).select_from(LoginLink)) == 0


def test_the_code_of_the_first_admin_makes_one_without_a_chat_account(session: Session) -> None:
    code = codes.claim_code(session, now=NOW, hash_key=KEY)
    assert code
    admin = codes.claim(session, code.lower(), name="Lê Văn Chí", now=NOW, hash_key=KEY)
    assert admin.roles == {Role.MEMBER, Role.ADMIN, Role.VAN_PHONG}
    with pytest.raises(Refused, match="đã dùng"):
        codes.claim(session, code, name="Kẻ Gian", now=NOW, hash_key=KEY)


def test_a_code_that_ties_an_account_claims_nothing_and_is_not_used_up(session: Session) -> None:
    member = made(session)
    code = codes.make_code(
        session, CodePurpose.TIE, member_id=member.id, created_by=None, now=NOW, hash_key=KEY
    )
    with pytest.raises(Refused):
        codes.claim(session, code, name="Kẻ Gian", now=NOW, hash_key=KEY)
    who = {"channel": "t", "account": "1", "sender": "9", "chat": "9"}
    assert codes.use_code(session, code, **who, name="", now=NOW, hash_key=KEY).id == member.id


def test_two_codes_printed_side_by_side_make_one_admin(session: Session) -> None:
    first, second = (codes.claim_code(session, now=NOW, hash_key=KEY) for _ in range(2))
    assert first
    assert second
    codes.claim(session, first, name="Lê Văn Chí", now=NOW, hash_key=KEY)
    with pytest.raises(Refused, match="đã có quản trị"):
        codes.claim(session, second, name="Kẻ Gian", now=NOW, hash_key=KEY)
