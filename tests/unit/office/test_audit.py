"""The chain of deeds: what was changed afterwards is found, and where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from office import audit
from office.database import make_engine, session_factory
from office.people import Role
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 24, 1, 0, 0, 123456, tzinfo=UTC)
ROWS = 6


def write(session: Session, number: int = 0, **more: Any) -> None:
    values: dict[str, Any] = {"before": {"n": number}, "after": {"n": number + 1}, "reason": "vì việc chung"}
    at = NOW + timedelta(seconds=number)
    audit.record(
        session, "test.deed", at=at, actor=None, subject="test", subject_id=number, **{**values, **more}
    )


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(fresh_sqlite(tmp_path))
    yield session_factory(engine)
    engine.dispose()


@pytest.fixture
def chain(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """Six deeds, in transactions of one and of two."""
    for numbers in ((0,), (1, 2), (3,), (4,), (5,)):
        with sessions.begin() as session:
            for number in numbers:
                write(session, number)
    return sessions


def verdict(sessions: sessionmaker[Session], noted: str = "") -> audit.Verdict:
    with sessions() as session:
        return audit.verify(session, noted=noted)


def hash_of(sessions: sessionmaker[Session], serial: int) -> str:
    with sessions() as session:
        return str(session.execute(text("SELECT hash FROM audit WHERE serial = :s"), {"s": serial}).scalar())


def forge(sessions: sessionmaker[Session], *statements: str) -> None:
    with sessions.begin() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_chain_that_nobody_touched_is_whole(chain: sessionmaker[Session]) -> None:
    found = verdict(chain)
    assert (found.rows, found.broken_at, found.why) == (ROWS, None, "")
    assert found.head == hash_of(chain, ROWS)


def test_no_deed_at_all_is_whole_too(sessions: sessionmaker[Session]) -> None:
    assert verdict(sessions) == audit.Verdict(rows=0, head=audit.START)


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = NULL, action = 'test.other'",
        "at = '2026-11-24 01:00:03.123457'",
        "subject = 'member'",
        "subject_id = 99",
        "subject_id = NULL",
        "before = '{\"n\": 7}'",
        'after = \'{"n": 4, "m": null}\'',
        "after = NULL",
        "reason = 'vì việc riêng'",
        f"hash = '{'ab' * 32}'",
        "hash = NULL",
    ],
)
def test_a_changed_value_is_found_where_it_stands(chain: sessionmaker[Session], change: str) -> None:
    forge(chain, f"UPDATE audit SET {change} WHERE serial = 4")  # noqa: S608
    found = verdict(chain)
    assert (found.broken_at, found.rows) == (4, 3)
    assert "dòng số 4" in found.why


def test_a_changed_row_with_its_hash_made_anew_is_found_in_the_next(chain: sessionmaker[Session]) -> None:
    before = hash_of(chain, 2)
    with chain.begin() as session:
        deed = session.query(audit.Deed).filter_by(serial=3).one()
        deed.reason = "lý do khác"
        deed.hash = audit.digest(before, deed)
    assert verdict(chain).broken_at == 4


@pytest.mark.parametrize("serial", [1, 3])
def test_a_row_taken_out_is_found(chain: sessionmaker[Session], serial: int) -> None:
    forge(chain, f"DELETE FROM audit WHERE serial = {serial}")  # noqa: S608
    found = verdict(chain)
    assert (found.broken_at, found.why) == (serial, f"thiếu dòng số {serial}")


def test_a_row_taken_out_with_the_later_ones_moved_up_is_found(chain: sessionmaker[Session]) -> None:
    forge(chain, "DELETE FROM audit WHERE serial = 3", *(
        f"UPDATE audit SET serial = {n - 1} WHERE serial = {n}" for n in range(4, ROWS + 1)  # noqa: S608
    ))  # fmt: skip
    assert verdict(chain).broken_at == 3


def test_a_tail_cut_off_is_found(chain: sessionmaker[Session]) -> None:
    forge(chain, "DELETE FROM audit WHERE serial > 4")
    found = verdict(chain)
    assert (found.broken_at, found.why) == (5, "mất các dòng sau dòng số 4")


def test_all_rows_gone_is_found(chain: sessionmaker[Session]) -> None:
    forge(chain, "DELETE FROM audit")
    assert verdict(chain).broken_at == 1


def test_a_head_gone_is_found(chain: sessionmaker[Session]) -> None:
    forge(chain, "DELETE FROM audit_head")
    assert verdict(chain).broken_at == 1


def test_a_head_that_names_another_hash_is_found(chain: sessionmaker[Session]) -> None:
    forge(chain, f"UPDATE audit_head SET hash = '{'0' * 64}'")  # noqa: S608
    assert verdict(chain).broken_at == ROWS


COPY = (
    "INSERT INTO audit (serial, at, action, subject, subject_id, reason, hash) "
    "SELECT {serial}, at, action, subject, subject_id, reason, {hash} FROM audit WHERE serial = 2"
)


def test_a_row_put_in_between_is_found(chain: sessionmaker[Session]) -> None:
    later = [f"UPDATE audit SET serial = {n + 1} WHERE serial = {n}" for n in range(ROWS, 2, -1)]  # noqa: S608
    forge(chain, *later, COPY.format(serial=3, hash="hash"))
    assert verdict(chain).broken_at == 3


@pytest.mark.parametrize("serial", [str(ROWS + 1), "NULL"])
def test_a_row_added_past_the_head_is_found(chain: sessionmaker[Session], serial: str) -> None:
    forge(chain, COPY.format(serial=serial, hash="hash"))
    found = verdict(chain)
    assert (found.broken_at, found.why) == (ROWS + 1, f"có dòng thêm vào sau dòng số {ROWS}")


def test_two_rows_that_changed_places_are_found(chain: sessionmaker[Session]) -> None:
    forge(
        chain,
        "UPDATE audit SET serial = 99 WHERE serial = 2",
        "UPDATE audit SET serial = 2 WHERE serial = 3",
        "UPDATE audit SET serial = 3 WHERE serial = 99",
    )
    assert verdict(chain).broken_at == 2


def test_a_tail_cut_off_with_the_head_set_back_is_found_by_what_was_noted(
    chain: sessionmaker[Session],
) -> None:
    noted, kept = hash_of(chain, ROWS), hash_of(chain, 4)
    assert verdict(chain, noted).noted_at == ROWS
    forge(
        chain,
        "DELETE FROM audit WHERE serial > 4",
        f"UPDATE audit_head SET serial = 4, hash = '{kept}'",  # noqa: S608
    )
    assert verdict(chain).broken_at is None
    found = verdict(chain, noted)
    assert (found.broken_at, found.why) == (1, "không có dòng nào mang mã niêm phong đã ghi lại")


def test_an_older_hash_may_be_noted_in_part_and_with_spaces(chain: sessionmaker[Session]) -> None:
    noted = hash_of(chain, 2)
    written = f" {noted[:4].upper()} {noted[4:16]} "
    assert verdict(chain, written).noted_at == 2
    assert verdict(chain, noted[: audit.NOTED_LENGTH - 1]).broken_at is not None  # too little to tell


def test_what_is_rolled_back_leaves_no_gap(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        write(session, 0)
        with session.begin_nested() as savepoint:
            write(session, 1)
            savepoint.rollback()
        with session.begin_nested():
            write(session, 2)
        write(session, 3)
    with sessions() as session:
        write(session, 4)
        session.rollback()
        write(session, 5)
        session.commit()
    assert verdict(sessions).rows == 4
    assert verdict(sessions).broken_at is None
    with sessions() as session:
        kept = list(session.execute(text("SELECT subject_id FROM audit ORDER BY serial")).scalars())
    assert kept == [0, 2, 3, 5]


def test_one_session_may_commit_again_and_again(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        for number in range(3):
            write(session, number)
            session.commit()
        session.commit()
    assert verdict(sessions).rows == 3


def test_values_of_all_kinds_come_back_as_they_were_chained(sessions: sessionmaker[Session]) -> None:
    values: dict[str, Any] = {
        "tên": "Nguyễn Thị Ánh Nguyệt",
        "decomposed": "Hu\u0065\u0302\u0301",
        "roles": [Role.ADMIN, Role.VAN_PHONG],
        "nested": {"b": [1, 2.5, None, True], "a": {"emoji": "🎉", "quote": "\"'\\\n"}},
        "number": 12345678901234567890,
    }
    hanoi = NOW.astimezone(timezone(timedelta(hours=7)))
    with sessions.begin() as session:
        audit.record(
            session,
            "test.kinds",
            at=hanoi,
            actor=None,
            subject="test",
            before={},
            after=values,
            reason="«»\n",
        )
    assert verdict(sessions).broken_at is None
    with sessions() as session:
        deed = session.query(audit.Deed).one()
        assert deed.before == {}
        assert deed.after == {**values, "roles": ["admin", "van_phong"]}
