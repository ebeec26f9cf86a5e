"""Has tests that take any database run on PostgreSQL: `pytest -p tests.on_postgresql …`, or `make test-pg`.

Each test gets a database of its own, copied from one that was migrated once. Tests marked `sqlite` are of
SQLite's own behaviour and are left out.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from office.database import make_engine, upgrade
from tests import databases, postgresql

_left = ExitStack()
_numbers = count(1)


@cache
def _server() -> tuple[str, Engine]:
    """The URL of its databases with {name}, and who makes them."""
    found = postgresql.programs()
    if found is None:
        pytest.exit("PostgreSQL is not installed: apt-get install postgresql", 2)
    url = _left.enter_context(postgresql.server(found))
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    named = url.replace("/postgres?", "/{name}?")
    _make(admin, "CREATE DATABASE migrated")
    engine = make_engine(named.format(name="migrated"))
    upgrade(engine)
    engine.dispose()
    return named, admin


def _make(admin: Engine, command: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(command))


def _fresh(folder: Path, name: str = "") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    named, admin = _server()
    database = f"test{next(_numbers)}"
    _make(admin, f"CREATE DATABASE {database} TEMPLATE migrated")
    return named.format(name=database)


def pytest_configure(config: pytest.Config) -> None:
    """Before the tests are imported, as they take the function by its name."""
    databases.fresh_sqlite = _fresh
    atexit.register(_left.close)
    # A pool that a test leaves to the end of its process is no fault of the program's.
    config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is of SQLite alone."""
    of_sqlite = [item for item in items if item.get_closest_marker("sqlite")]
    config.hook.pytest_deselected(items=of_sqlite)
    items[:] = [item for item in items if item not in of_sqlite]
