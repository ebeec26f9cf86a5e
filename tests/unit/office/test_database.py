"""Engines, sessions, moments and migrations."""

from __future__ import annotations

import io
import sqlite3
import threading
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session, sessionmaker

from office.conversations import Conversation, save
from office.database import (
    MIGRATIONS,
    NEWEST,
    Base,
    DatabaseUnavailable,
    UtcDateTime,
    make_engine,
    session_factory,
    upgrade,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NAIVE = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2999, 12, 30))  # noqa: DTZ001 - zones follow
MOMENTS = st.builds(lambda naive, zone: naive.replace(tzinfo=zone), NAIVE, ZONES)
TIMES = Table("times", MetaData(), Column("at", UtcDateTime))


@pytest.fixture(scope="module")
def times(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('times')}/times.db")
    TIMES.metadata.create_all(engine)
    yield engine
    engine.dispose()


@given(moments=st.lists(MOMENTS, min_size=1, max_size=5))
def test_moments_come_back_as_the_same_instants_in_utc_and_in_order(
    times: Engine, moments: list[datetime]
) -> None:
    with times.begin() as connection:
        connection.execute(TIMES.delete())
        connection.execute(TIMES.insert(), [{"at": moment} for moment in moments])
        read = list(connection.scalars(TIMES.select().order_by(TIMES.c.at)))
    assert read == sorted(moments)
    assert all(moment.tzinfo is UTC for moment in read)


@given(moment=MOMENTS, other=MOMENTS)
def test_moments_compare_in_the_database_as_they_do_outside(
    times: Engine, moment: datetime, other: datetime
) -> None:
    with times.begin() as connection:
        connection.execute(TIMES.delete())
        connection.execute(TIMES.insert(), {"at": moment})
        found = connection.execute(TIMES.select().where(TIMES.c.at < other)).first()
    assert (found is not None) == (moment < other)


@given(naive=NAIVE)
def test_a_naive_moment_is_refused(times: Engine, naive: datetime) -> None:
    with times.begin() as connection, pytest.raises(StatementError, match="naive datetime"):
        connection.execute(TIMES.insert(), {"at": naive})


def test_no_moment_stays_none(times: Engine) -> None:
    with times.begin() as connection:
        connection.execute(TIMES.delete())
        connection.execute(TIMES.insert(), {"at": None})
        assert connection.scalar(TIMES.select()) is None


def test_sqlite_is_set_up_to_lose_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_newest_step_is_the_last_of_the_migrations() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [NEWEST]


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_upgrading_keeps_the_rows(engine: Engine, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        save(session, "k", {"a": 1}, now=NOW)
    upgrade(engine)
    with sessions.begin() as session:
        assert session.get_one(Conversation, "k").state == {"a": 1}


def test_programs_that_start_together_upgrade_once(url: str) -> None:
    start = threading.Barrier(4)

    def run(_: int) -> None:
        engine = make_engine(url)
        start.wait()
        upgrade(engine)
        engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [None] * 4


def test_an_upgrade_that_fails_leaves_nothing_behind(url: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE inbox (id INTEGER)"))
    with pytest.raises(OperationalError, match="already exists"):
        upgrade(engine)
    with engine.begin() as connection:
        names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    assert names == {"inbox"}
    engine.dispose()


def test_a_database_of_a_newer_program_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="bản mới hơn của chương trình"):
        upgrade(engine)


def _alembic(url: str, output: io.StringIO) -> Config:
    return Config(MIGRATIONS / "alembic.ini", output_buffer=output, cmd_opts=Namespace(x=[f"url={url}"]))


def test_the_alembic_command_goes_up_and_down(url: str) -> None:
    config = _alembic(url, io.StringIO())
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")


def test_migrations_can_be_written_out_for_postgresql() -> None:
    output = io.StringIO()
    command.upgrade(_alembic("postgresql://", output), "head", sql=True)
    assert "TIMESTAMP WITH TIME ZONE" in output.getvalue()


def test_errors_do_not_quote_what_people_wrote(sessions: sessionmaker[Session]) -> None:
    statement = text("INSERT INTO conversations VALUES ('key', '{}', :said), ('key', '{}', :said)")
    with sessions() as session, pytest.raises(IntegrityError) as caught:
        session.execute(statement, {"said": "lời nói"})
    assert "lời nói" not in str(caught.value)


def test_a_writer_takes_the_lock_when_it_begins(url: str, sessions: sessionmaker[Session]) -> None:
    hasty = make_engine(url, busy_seconds=0.01)
    with sessions.begin() as session:
        session.connection()
        with pytest.raises(DatabaseUnavailable, match="chương trình khác khoá"), hasty.begin():
            pass
    hasty.dispose()


def test_a_reader_waits_for_no_writer(url: str, sessions: sessionmaker[Session]) -> None:
    hasty = make_engine(url, busy_seconds=0.01)
    with sessions.begin() as session:
        save(session, "k", {}, now=NOW)
        session.flush()
        with session_factory(hasty, read_only=True).begin() as reader:
            assert reader.get(Conversation, "k") is None
    hasty.dispose()


def test_writers_that_come_together_take_turns(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        save(session, "k", {"n": 0}, now=NOW)

    def add(_: int) -> None:
        with sessions.begin() as session:
            row = session.get_one(Conversation, "k")
            row.state = {"n": row.state["n"] + 1}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with sessions.begin() as session:
        assert session.get_one(Conversation, "k").state == {"n": 40}


def _failure(url: str) -> DatabaseUnavailable:
    with pytest.raises(DatabaseUnavailable) as caught:
        upgrade(make_engine(url))
    return caught.value


def test_a_new_file_is_the_programs_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.touch(mode=0o644)
    there.chmod(0o644)
    for path, mode in ((tmp_path / "var" / "new.db", 0o600), (there, 0o644)):
        engine = make_engine(f"sqlite:///{path}")
        assert path.exists() == (path == there)
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (n INTEGER)"))
            ends = ("", "-wal", "-shm")
            found = {path.with_name(path.name + end).stat().st_mode & 0o777 for end in ends}
        assert found == {mode}
        engine.dispose()


def test_a_file_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    failure = _failure(f"sqlite:///{tmp_path}")
    assert "không mở được tệp" in failure.message
    assert str(tmp_path) in failure.message


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("", encoding="utf-8")
    assert "không tạo được thư mục" in _failure(f"sqlite:///{tmp_path}/var/xinluon.db").message


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "xinluon.db").write_text("đây là một bức thư " * 100, encoding="utf-8")
    assert "không phải cơ sở dữ liệu SQLite" in _failure(f"sqlite:///{tmp_path}/xinluon.db").message


def test_a_read_only_file_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "xinluon.db"
    sqlite3.connect(path).close()
    path.touch()
    assert "không ghi được" in _failure(f"sqlite:///file:{path}?mode=ro&uri=true").message


def test_a_full_disk_is_explained(engine: Engine) -> None:
    with engine.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(DatabaseUnavailable, match="đĩa đã đầy"):
            connection.execute(text("CREATE TABLE big AS SELECT randomblob(9000) AS b"))


def test_a_mistake_of_ours_is_not_called_unavailable(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(OperationalError, match="no such table"):
        connection.execute(text("SELECT * FROM nowhere"))
