"""Each test of this folder runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from office.database import Base, make_engine, session_factory, upgrade
from scheduler.delivery import Policy
from scheduler.outbox import Outbox
from scheduler.quiet import QuietHours
from tests import postgresql
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday, 8:00 in Việt Nam


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


class Weekdays:
    """Monday to Friday."""

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    found = postgresql.programs()
    if found is None:
        advice = "PostgreSQL is not installed: apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(advice, pytrace=False)
        pytest.skip(advice)
    with postgresql.server(found) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path)
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    if engine.dialect.name == "postgresql":
        upgrade(engine)
    yield engine
    if engine.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return session_factory(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quiet() -> QuietHours:
    return QuietHours(since=time(20), until=time(6, 30), days_off=True, calendar=Weekdays())


@pytest.fixture
def policy(quiet: QuietHours) -> Policy:
    return Policy(quiet=quiet)


@pytest.fixture
def outbox(quiet: QuietHours) -> Outbox:
    return Outbox(quiet=quiet)
