"""The database: engines for SQLite and PostgreSQL, sessions, a type for moments, and migrations.

On SQLite a writer takes the write lock when it begins, so that two never deadlock half-way; a reader takes
none.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from office.secrets import cause_of
from office.turns import Turns

BUSY_SECONDS = 5.0
MIGRATIONS = Path(__file__).with_name("migrations")
NEWEST = "0004"  # of their revisions

_READ_ONLY = "xinluon_read_only"
_CALLS = "xinluon_calls"
_TURN = "xinluon_turn"

_SQLITE_FAILURES = {
    sqlite3.SQLITE_PERM: (
        "không có quyền dùng tệp",
        "cho chương trình quyền đọc và ghi tệp cùng thư mục của nó",
    ),
    sqlite3.SQLITE_BUSY: ("tệp đang bị chương trình khác khoá", "đóng chương trình kia rồi thử lại"),
    sqlite3.SQLITE_LOCKED: ("tệp đang bị khoá", "thử lại sau giây lát"),
    sqlite3.SQLITE_READONLY: (
        "tệp chỉ đọc được, không ghi được",
        "cho chương trình quyền ghi tệp cùng thư mục của nó",
    ),
    sqlite3.SQLITE_IOERR: ("đọc hoặc ghi đĩa bị lỗi", "kiểm tra đĩa và dung lượng còn trống"),
    sqlite3.SQLITE_CORRUPT: ("tệp bị hỏng", "khôi phục tệp từ bản sao lưu"),
    sqlite3.SQLITE_FULL: ("đĩa đã đầy", "giải phóng dung lượng rồi thử lại"),
    sqlite3.SQLITE_CANTOPEN: ("không mở được tệp", "kiểm tra đường dẫn và quyền của thư mục"),
    sqlite3.SQLITE_NOTADB: ("tệp không phải cơ sở dữ liệu SQLite", "kiểm tra lại đường dẫn trong cấu hình"),
}


class DatabaseUnavailable(Exception):
    """The database can't be used now: what is wrong and how to mend it, in Vietnamese, without a password."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(f"{message} → {mend}")
        self.message = message
        self.mend = mend


class Base(DeclarativeBase):
    """All tables, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware of any zone going in, aware UTC coming out, whatever the database.

    A naive datetime raises ValueError (inside sqlalchemy.exc.StatementError when it is met in a statement).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite then stores the plain fields, which sort as text."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"naive datetime: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back to aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def closed_set(kind: type[StrEnum]) -> Enum:
    """A column for the members of an enum, kept as their values in plain text."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda k: [m.value for m in k])


ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""The type of a table's own number: SQLite counts up only plain integers."""


def make_engine(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """An engine for `url`; the folder of an SQLite file is made when missing, the file
    itself (0600) when it is first used. Connects to nothing yet.

    `busy_seconds`: how long SQLite waits for another writer. Whatever is done with the engine raises
    DatabaseUnavailable when the database can't be reached, opened, locked or written. No error quotes the
    values of a statement: they are people's words.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite_engine(parsed, busy_seconds)
    else:
        engine = _server_engine(parsed)
    event.listen(engine, "handle_error", _translate, retval=True)
    return engine


def session_factory(engine: Engine, *, read_only: bool = False) -> sessionmaker[Session]:
    """Makes sessions whose rows stay readable after commit; use as `with factory.begin() as session`.

    `read_only` ones don't wait for writers on SQLite; nothing may be written through them.
    """
    bind = engine.execution_options(**{_READ_ONLY: True}) if read_only else engine
    return sessionmaker(bind, expire_on_commit=False)


def when_ended(session: Session, key: object, call: Callable[[], None]) -> None:
    """Call once the session's transaction has ended, committed or not; the same key is called once.

    Not SQLAlchemy's after_commit: that also fires when a savepoint is released, and then nobody else sees
    the rows yet.
    """
    if _CALLS not in session.info:
        session.info[_CALLS] = {}
        event.listen(session, "after_transaction_end", _call_back)
    session.info[_CALLS][key] = call


def _call_back(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        calls = list(session.info[_CALLS].values())
        session.info[_CALLS].clear()
        for call in calls:
            call()


def insert(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with the ON CONFLICT clauses that SQLite and PostgreSQL share."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def execute(session: Session, statement: Executable) -> int:
    """Run an UPDATE or DELETE; returns how many rows it touched."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest form, in one transaction; processes that start together take turns.

    Raises DatabaseUnavailable when a newer program has already changed them.
    """
    if _revision(engine) == NEWEST:
        return
    from office.upgrading import bring_up  # Alembic takes 8 MB and is seldom needed

    bring_up(engine)


def _revision(engine: Engine) -> str:
    """The step that the tables are at; "" where there are none yet."""
    reading = engine.execution_options(**{_READ_ONLY: True})
    with reading.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found or "")


def _sqlite_engine(url: URL, busy_seconds: float) -> Engine:
    path = url.database or ""
    if path and path != ":memory:" and not path.startswith("file:"):
        _make_folder(Path(path).parent)
    engine = create_engine(url, connect_args={"timeout": busy_seconds}, hide_parameters=True)
    event.listen(engine, "do_connect", _make_file)
    event.listen(engine, "connect", _set_up_sqlite)
    turns = Turns()
    event.listen(engine, "begin", partial(_begin_sqlite, turns, busy_seconds))
    for ending in ("commit", "rollback"):
        event.listen(engine, ending, partial(_give_turn, turns))
    event.listen(engine, "checkin", lambda _, record: _give_turn(turns, record))  # of who left without a word
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DatabaseUnavailable(
            f"không tạo được thư mục {folder} cho cơ sở dữ liệu ({cause_of(exc)})",
            "kiểm tra đường dẫn và quyền ghi",
        ) from exc


def _make_file(_dialect: Dialect, _record: object, arguments: Sequence[str], _options: object) -> None:
    """Where there is none: SQLite would let everybody on the machine read it. -wal and -shm follow it."""
    path = arguments[0]
    if path and path != ":memory:" and not path.startswith("file:"):
        with suppress(OSError):  # it is there; or SQLite will say why it can't be
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _server_engine(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as exc:
        raise DatabaseUnavailable(
            f"chưa cài thư viện «{exc.name}» để nối tới {url.get_backend_name()}",
            f"cài thêm: pip install {exc.name}",
        ) from exc


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy's recipe for real transactions: sqlite3 must not begin them by itself, `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Stays in the file, so all but its first connection find it done."""
    milliseconds: int = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    deadline = time.monotonic() + milliseconds / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as exc:
            # SQLite doesn't wait by itself for another process that switches the same new file.
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(turns: Turns, seconds: float, connection: Connection) -> None:
    if connection.get_execution_options().get(_READ_ONLY):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite lets a writer that has waited for long try again more and more rarely, so that in a crowd of our
    # own some would never come to it. Who has waited in vain for the turn tries all the same.
    connection.info[_TURN] = turns.take(seconds)
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        _give_turn(turns, connection)
        raise


def _give_turn(turns: Turns, connection: Connection | ConnectionPoolEntry) -> None:
    """Once for each turn taken: a commit that fails is followed by a rollback."""
    if connection.info.pop(_TURN, False):
        turns.give()


def _translate(context: ExceptionContext) -> DatabaseUnavailable | None:
    """What SQLAlchemy is to raise in place of a failure that no change of the statement would mend."""
    error = context.original_exception
    if isinstance(error, sqlite3.Error):
        return _sqlite_failure(error, context.engine)
    if context.is_disconnect or isinstance(context.sqlalchemy_exception, OperationalError):
        return DatabaseUnavailable(
            "không nối được tới máy chủ cơ sở dữ liệu", "kiểm tra máy chủ, địa chỉ và mật khẩu rồi thử lại"
        )
    return None


def _sqlite_failure(error: sqlite3.Error, engine: Engine | None) -> DatabaseUnavailable | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte: extended codes fall to their kind
    if code not in _SQLITE_FAILURES:
        return None
    message, mend = _SQLITE_FAILURES[code]
    path = engine.url.database if engine is not None else None
    return DatabaseUnavailable(f"cơ sở dữ liệu {path or ''}: {message}", mend)
