"""A real SQLite file for every test that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from office.database import make_engine, session_factory, upgrade


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the test's database is to be; its folder does not exist yet."""
    return f"sqlite:///{tmp_path}/var/xinluon.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine on a database in its newest form."""
    engine = make_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions that may write."""
    return session_factory(engine)
