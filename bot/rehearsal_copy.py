"""A copy of the office's database in memory, to rehearse on. The database itself is only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, FrozenResult, Select, Table, event, inspect, make_url, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker
from sqlalchemy.sql.visitors import iterate

from bot.backup.copies import take
from office.assignments import Assignment, Extension, Report, Responsible
from office.database import Base, DatabaseUnavailable, make_engine, session_factory, upgrade
from office.deliveries import Delivery, Occurrence
from office.groups import Group
from office.notices import Notice, NoticeFile, NoticeTemplate, RecipientList
from office.people import Absence, ChatAccount, Department, Member, MemberRole
from office.reminders import Reminder

_PEOPLE: tuple[type[Base], ...] = (Department, Member, MemberRole, ChatAccount, Absence, Group)
_NEEDED: tuple[type[Base], ...] = (
    *_PEOPLE, Reminder, Assignment, Responsible, Report, Extension, RecipientList, NoticeTemplate, Notice,
    NoticeFile, Occurrence, Delivery,
)  # fmt: skip
_ROWS = 2000  # rows carried over at once


@contextmanager
def copied(url: str) -> Iterator[Engine]:
    """An engine on a copy that ends with the block; empty tables where there is no database yet.

    For one thread. Raises DatabaseUnavailable.
    """
    # In memory: people's words must not stay behind in a temporary file.
    copy = make_engine("sqlite://")
    try:
        if make_url(url).get_backend_name() == "sqlite":
            _from_sqlite(make_url(url).database or "", copy)
            upgrade(copy)
        else:
            upgrade(copy)
            _from_server(url, copy)
        with _raw(copy) as connection:
            connection.execute("PRAGMA foreign_keys=OFF")  # finished messages are forgotten on the way
        yield copy
    finally:
        copy.dispose()


def remembering(copy: Engine) -> sessionmaker[Session]:
    """Sessions that ask about people and groups only once: nothing may change them from now on."""
    factory = session_factory(copy)
    event.listen(factory, "do_orm_execute", _Memory().recall)
    return factory


class _Memory:
    """The results of queries of tables that don't change; by SQLAlchemy's recipe for caching."""

    def __init__(self) -> None:
        self._tables = {model.__tablename__ for model in _PEOPLE}
        self._fits: dict[tuple[Any, ...], bool] = {}  # shape of a query → whether it asks of them only
        self._results: dict[tuple[Any, ...], FrozenResult[Any]] = {}

    def recall(self, state: ORMExecuteState) -> Any:
        """The result of a query; None lets it be executed."""
        statement, mapper = state.statement, state.bind_mapper
        if mapper is None or mapper.class_ not in _PEOPLE or not isinstance(statement, Select):
            return None
        key = statement._generate_cache_key()
        if key is None:
            return None
        if key.key not in self._fits:
            named = {part.name for part in iterate(statement) if isinstance(part, Table)}
            self._fits[key.key] = named <= self._tables
        if not self._fits[key.key]:
            return None
        # What is got by its key has it among the parameters, not in the statement.
        known = (key.key, repr((state.parameters, *(value.effective_value for value in key.bindparams))))
        if known not in self._results:
            self._results[known] = state.invoke_statement().freeze()
        return self._results[known]()


def _from_sqlite(database: str, copy: Engine) -> None:
    path = Path(database.removeprefix("file:").partition("?")[0])
    if not database or database == ":memory:" or not path.exists():
        return
    try:
        with _raw(copy) as target:
            take(path, target)
    except sqlite3.Error as exc:
        raise DatabaseUnavailable(
            f"cơ sở dữ liệu {path}: không đọc được ({exc})",
            "kiểm tra đường dẫn, quyền đọc và tệp có phải cơ sở dữ liệu của chương trình không",
        ) from exc


@contextmanager
def _raw(engine: Engine) -> Iterator[sqlite3.Connection]:
    """The driver's own connection, which begins no transaction."""
    pooled = engine.raw_connection()
    try:
        yield cast("sqlite3.Connection", pooled.driver_connection)
    finally:
        pooled.close()


def _from_server(url: str, copy: Engine) -> None:
    """Rows, not a transaction that is rolled back: its locks would hold up the running office."""
    engine = make_engine(url)
    try:
        with engine.connect() as source, copy.begin() as target:
            source.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            if not inspect(source).has_table(Reminder.__tablename__):
                return
            for model in _NEEDED:
                table = Base.metadata.tables[model.__tablename__]
                for some in source.execute(select(table)).mappings().partitions(_ROWS):
                    target.execute(table.insert(), [dict(row) for row in some])
    except ProgrammingError as exc:
        raise DatabaseUnavailable(
            "cơ sở dữ liệu chưa được nâng cấp cho bản chương trình này", "chạy «xinluon run» một lần trước"
        ) from exc
    finally:
        engine.dispose()
