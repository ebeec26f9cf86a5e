"""Who is meant by a name, who stands in, which department."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from office import membership, people
from office.people import Role
from office.standing_in import stand_in_for

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 26)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        people.sync_departments(
            session,
            [
                (None, "Phòng Quản lý thương mại"),
                (None, "Phòng Quản lý năng lượng"),
                ("vp", "Văn phòng Sở"),
                (None, "Trung tâm Khuyến công"),
            ],
        )
        yield session


def add(session: Session, name: str, department: str = "", **more: str) -> int:
    row = people.find_department(session, department) if department else None
    return membership.add_member(
        session, name, department_id=row.id if row else None, actor=None, now=NOW, **more
    ).id


def away(session: Session, who: int, stand_in: int | None, since: date = DAY, until: date = DAY) -> None:
    membership.record_absence(
        session,
        who,
        since=since,
        until=until,
        stand_in_id=stand_in,
        reason="",
        actor=None,
        now=NOW,
    )


def test_many_are_read_with_as_few_queries_as_one(session: Session) -> None:
    numbers = [add(session, f"Nguyễn Văn {letter}", "VP") for letter in "DBCA"]
    membership.give_role(session, numbers[1], Role.HEAD, actor=None, reason="quyết định", now=NOW)
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(call[2])

    event.listen(session.connection(), "before_cursor_execute", note)
    found = people.all_people(session)
    assert len(asked) == 2
    assert [who.name[-1] for who in found] == ["A", "B", "C", "D"]
    assert {who.name[-1]: who.roles for who in found if who.roles != {Role.MEMBER}} == {
        "B": {Role.MEMBER, Role.HEAD}
    }


def stand_in(session: Session, who: int, on: date = DAY) -> int | None:
    found = stand_in_for(session, who, on)
    return found.id if found else None


# --- names


def test_a_name_is_found_with_or_without_marks_and_by_a_part(session: Session) -> None:
    an = add(session, "Nguyễn Đức Ân")
    add(session, "Nguyễn Văn Bình")
    for said in ("Nguyễn Đức Ân", "nguyen duc an", "Đức Ân", "  ân "):
        assert [p.id for p in people.find_people(session, said)] == [an], said
    assert len(people.find_people(session, "Nguyễn")) == 2
    assert people.find_people(session, "uyen") == ()  # a part of a word is none
    assert people.find_people(session, " ") == ()


def test_the_exact_name_wins_over_longer_ones(session: Session) -> None:
    short = add(session, "Văn An")
    add(session, "Nguyễn Văn An")
    assert [p.id for p in people.find_people(session, "văn an")] == [short]


def test_namesakes_are_told_apart_by_department_and_by_number(session: Session) -> None:
    trade, power = add(session, "Lê An", "QLTM"), add(session, "Lê An", "QLNL")
    assert len(people.find_people(session, "Lê An")) == 2
    assert [p.id for p in people.find_people(session, "Lê An (qltm)")] == [trade]
    assert [p.id for p in people.find_people(session, "lê an (Phòng Quản lý năng lượng)")] == [power]
    assert [p.id for p in people.find_people(session, f"#{power}")] == [power]
    for said in ("Lê An (không có)", "#999", "#", "#²", "#" + "9" * 40):
        assert people.find_people(session, said) == (), said


def test_who_has_left_is_found_no_more_but_keeps_a_name(session: Session) -> None:
    an = add(session, "Lê An")
    membership.leave(session, an, actor=None, reason="nghỉ hưu", now=NOW)
    assert people.find_people(session, "Lê An") == ()
    assert people.person(session, an) is None
    assert people.all_people(session) == ()
    assert people.name_of(session, an) == "Lê An"


def test_roles_are_looked_up_by_department(session: Session) -> None:
    an, binh = add(session, "Lê An", "QLTM"), add(session, "Trần Bình", "QLNL")
    for who in (an, binh):
        membership.give_role(session, who, Role.HEAD, actor=None, reason="QĐ", now=NOW)
    trade = people.find_department(session, "QLTM")
    assert trade is not None
    assert [p.id for p in people.with_role(session, Role.HEAD, department_id=trade.id)] == [an]
    assert [p.id for p in people.with_role(session, Role.HEAD)] == [an, binh]
    assert people.with_role(session, Role.ADMIN) == ()


# --- departments


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("quan-ly-thuong-mai", "quan-ly-thuong-mai"),
        ("Phòng Quản lý thương mại", "quan-ly-thuong-mai"),
        ("quản lý thương mại", "quan-ly-thuong-mai"),
        ("QLTM", "quan-ly-thuong-mai"),
        ("phòng qlnl", "quan-ly-nang-luong"),
        ("năng lượng", "quan-ly-nang-luong"),
        ("vp", "vp"),
        ("khuyến công", "trung-tam-khuyen-cong"),
        ("TTKC", "trung-tam-khuyen-cong"),
        ("quản lý", None),  # two of them
        ("phòng", None),
        ("", None),
        ("thanh tra", None),
        ("phòng ma", None),  # not thương mại
    ],
)
def test_a_department_is_found_by_key_name_initials_or_part(
    session: Session, said: str, key: str | None
) -> None:
    found = people.find_department(session, said)
    assert (found.key if found else None) == key


def test_departments_of_the_settings_are_renamed_by_key_and_never_doubled(session: Session) -> None:
    people.sync_departments(session, [("vp", "Văn phòng"), (None, "Phòng Quản lý năng lượng")])
    assert [d.name for d in people.departments(session)] == [
        "Phòng Quản lý thương mại",
        "Phòng Quản lý năng lượng",
        "Văn phòng",
        "Trung tâm Khuyến công",
    ]


@given(st.text(max_size=60))
def test_a_key_is_always_fit_for_yaml_and_commands(name: str) -> None:
    key = people.key_of(name)
    assert 0 < len(key) <= 64
    assert key.isascii()
    assert all(c.isalnum() or c == "-" for c in key)


@given(st.text(max_size=60))
def test_plain_is_settled_after_once(text: str) -> None:
    assert people.plain(people.plain(text)) == people.plain(text)


# --- stand-ins


def test_a_stand_in_stands_in_on_the_days_recorded_only(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    away(session, an, binh, date(2026, 11, 26), date(2026, 11, 30))
    days = [date(2026, 11, d) for d in (25, 26, 30)] + [date(2026, 12, 1)]
    assert [stand_in(session, an, on) for on in days] == [None, binh, binh, None]


def test_stand_ins_who_are_away_pass_it_on(session: Session) -> None:
    an, binh, chi = add(session, "An"), add(session, "Bình"), add(session, "Chi")
    away(session, an, binh)
    away(session, binh, chi)
    assert stand_in(session, an) == chi


def test_stand_ins_in_a_circle_end_somewhere(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    away(session, an, binh)
    away(session, binh, an)
    assert stand_in(session, an) == binh
    assert stand_in(session, binh) == an


def test_a_stand_in_who_has_left_is_none(session: Session) -> None:
    an, binh = add(session, "An"), add(session, "Bình")
    away(session, an, binh)
    membership.leave(session, binh, actor=None, reason="chuyển", now=NOW)
    assert stand_in(session, an) is None


def test_the_later_record_of_the_same_days_wins(session: Session) -> None:
    an, binh, chi = add(session, "An"), add(session, "Bình"), add(session, "Chi")
    away(session, an, binh)
    away(session, an, chi)
    assert stand_in(session, an) == chi
    membership.cancel_absences(session, an, on=DAY, actor=None, now=NOW)
    assert stand_in(session, an) is None
